"""Markdown of strangers as parts of a page that forgives nothing."""

from html import escape
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.export.direction import Direction, of_language, of_text, well_formed
from service.export.link import outward
from service.export.markup import Frame, Section, blocks, inline, sections
from service.export.xhtml import DIRECTED, KEPT, checked, printable, written
from service.http.markdown import TAGS
from tests.export.texts import TEXTS, TITLES
from tests.export.web import elements, tree, words

CHAPTERS = {"02-laws.md": "chapter-002.xhtml"}
FRAME = Frame(chapters=CHAPTERS)
PIECES = [
    *TEXTS, *TITLES, "&nbsp;", "&copy;", "&#1;", "&#x110000;", "<p>", "</p>", "<br>", "]]>",
    "<![CDATA[", "# a", "## a", "\n", "\n\n", " ", "`", "```\n", "[a](#a)", "[a](02-laws.md#x)",
    "[a](x.xhtml)", "![a](https://evil.example/x.png)", "[a](https://example.org/%zz)", "<https://a_b.example/>",
    "<mailto:a@b.example>", "| a | b |\n|:-|-:|\n| c | d |", "\x00", "\x0b", "\x85", "\ufffe",
    "\ud800", "\U0001ffff", "\u202e", "1. ", "- ", "> ", "~~x~~", "شرح", "פרק",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(), max_size=12).map("".join)


def one(text: str, frame: Frame = FRAME) -> str:
    return "".join(each.html for each in sections(text, frame, "s"))


@given(texts)
def test_whatever_is_written_is_well_formed_and_on_the_list(text: str) -> None:
    found = sections(text, FRAME, "s")
    shown = [*(each.html for each in found), blocks(text, FRAME), inline(text, FRAME)]
    inward = {*CHAPTERS.values(), *(f"#{each.id}" for each in found)}

    for each in elements(shown):
        assert each.tag in TAGS
        assert set(each.attrib) <= {*KEPT.get(each.tag, ()), "dir", "rel"}
        if each.tag == "a":
            assert each.attrib["href"] in inward or outward(each.attrib["href"])
    identified = [each.attrib["id"] for each in elements(shown) if "id" in each.attrib]
    assert identified == [each.id for each in found if each.id]
    assert len(set(identified)) == len(identified)


@given(st.text(st.characters(exclude_categories=())))
def test_a_page_has_no_character_that_xml_has_not(text: str) -> None:
    kept = words(tree(checked(f"<p>{escape(text)}</p>")))

    assert kept == " ".join(printable(text).split())


def test_control_characters_go_and_all_other_characters_stay() -> None:
    assert (
        printable("a\x00b\x08\x1f\x7f\x85\ud800\ufffe\U0010ffffc\td\n\u200f🎓é")
        == "abc\td\n\u200f🎓é"
    )


def test_a_page_that_is_not_well_formed_is_not_written() -> None:
    with pytest.raises(ET.ParseError):
        checked("<p>")


def test_named_entities_become_characters() -> None:
    assert (
        inline("&nbsp;&copy; &amp;lt; &notanentity;", FRAME) == "\u00a0© &amp;lt; &amp;notanentity;"
    )


def test_pictures_become_their_descriptions() -> None:
    assert one("![a *pump*](https://evil.example/x.png)") == "<p>a *pump*</p>\n"


def test_html_is_shown_and_not_obeyed() -> None:
    shown = one("<script>alert(1)</script>\n\na <b onclick=x>b</b> <!-- c -->")

    assert {each.tag for each in elements([shown])} == {"p"}
    assert (
        words(tree(f"<all>{shown}</all>"))
        == "<script>alert(1)</script> a <b onclick=x>b</b> <!-- c -->"
    )


def test_what_the_parser_would_let_through_is_cleaned_all_the_same() -> None:
    html = (
        '<h2 id="evil" dir="up" style="x"><a href="/console" title="t">a</a>'
        '<a href="javascript:x">b</a></h2><td class="evil">c</td><img src="https://x">'
        '<h3 id="own"><a href="#own">d</a></h3><!-- e --><script>f</script><br>'
    )

    assert written(html, {"#own"}, {"own"}) == (
        '<h2>ab</h2>c<h3 id="own"><a href="#own">d</a></h3><br />'
    )


def test_sections_are_told_apart_with_ids_of_their_own() -> None:
    found = sections(
        "before\n\n## One `x`\n\ntext\n\n### Deep\n\n> ## quoted\n\n## One `x`", FRAME, "c2-s"
    )

    assert [(each.id, each.title, each.level) for each in found] == [
        *(("", "", 0), ("c2-s1", "One x", 2), ("c2-s2", "Deep", 3), ("c2-s3", "One x", 2)),
    ]
    assert found[1].html == '<h2 id="c2-s1">One <code dir="ltr">x</code></h2>\n<p>text</p>\n'


@pytest.mark.parametrize(
    ("level", "shift", "tag"), [(1, 0, 2), (2, 0, 2), (2, 1, 3), (6, 1, 6), (1, 1, 2)]
)
def test_headings_are_shifted_between_the_pages_own_and_the_deepest(
    level: int, shift: int, tag: int
) -> None:
    assert sections("#" * level + " A", Frame(shift=shift), "s") == [
        Section("s1", "A", tag, sections(f"{'#' * tag} A", Frame(), "s")[0].html)
    ]


def test_outside_a_chapter_a_heading_is_a_bold_line() -> None:
    assert blocks("## A\n\nb", FRAME) == "<p><strong>A</strong></p>\n<p>b</p>\n"


@pytest.mark.parametrize(
    ("link", "leads"),
    [
        ("#two-words", "#s1"),
        ("#two-words-1", "#s2"),
        ("#größe", "#s3"),
        ("#nowhere", None),
        ("02-laws.md", "chapter-002.xhtml"),
        ("./02-laws.md#part", "chapter-002.xhtml"),
        ("chapter-002.xhtml", None),
        ("https://example.org/a?b=c&d=e#f", "https://example.org/a?b=c&d=e#f"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("http://example.org/", None),
        ("//example.org/", None),
        ("/console/sign-out", None),
        ("https://a_b.example/", None),
        ("https://user@example.org/", None),
    ],
)
def test_a_link_leads_to_the_web_or_to_a_place_of_the_book(link: str, leads: str | None) -> None:
    shown = one(f"[here]({link})\n\n## Two words!\n\n## Two words\n\n## Größe")

    assert "here" in shown
    assert [each.attrib["href"] for each in elements([shown]) if each.tag == "a"] == [leads] * bool(
        leads
    )


@pytest.mark.parametrize(
    "address",
    [
        *(
            "https:",
            "https:///x",
            "https://a b/",
            "https://a/%g0",
            "https://a/[",
            "https://ä.example",
        ),
        *(
            "https://a/#b#c",
            "https://-a.example",
            "https://a..b",
            "mailto:a",
            "mailto:a@b@c",
            "https://1.2.3/",
            "ftp://a",
        ),
        *("javascript:x", "https://[::1]/", "https://a:b", "https://a\n"),
    ],
)
def test_an_address_that_a_strict_reader_refuses_is_none(address: str) -> None:
    assert not outward(address)


def test_a_cell_is_aligned_by_a_class() -> None:
    shown = one("| a | b |\n|:-|-:|\n| c | d |")

    assert [each.attrib.get("class") for each in elements([shown]) if each.tag == "td"] == [
        "left",
        "right",
    ]


@pytest.mark.parametrize(
    ("around", "text", "way"),
    [
        ("rtl", "A sentence.", "ltr"),
        ("rtl", "سميت باسم Isaac Newton.", None),
        ("rtl", "123 + 4", None),
        ("ltr", "القوة دفع أو سحب (N).", "rtl"),
        ("ltr", "The word قوة is Arabic.", None),
    ],
)
def test_a_block_says_so_where_it_runs_the_other_way(
    around: Direction, text: str, way: str | None
) -> None:
    (paragraph,) = elements([blocks(text, Frame(around))])

    assert paragraph.attrib.get("dir") == way
    assert of_text(text, around) == (way or around)


def test_a_list_runs_as_its_items_and_an_item_as_it_must() -> None:
    shown = one("- one\n- two and three\n- أربعة")
    way = {each.tag: each.attrib.get("dir") for each in elements([one("- أ\n\n- ب")])}

    assert [each.attrib.get("dir") for each in elements([shown])] == [None, None, None, "rtl"]
    assert way == {"ul": "rtl", "li": None, "p": None}


def test_code_runs_from_left_to_right_whatever_the_book() -> None:
    shown = elements([one("نص `a = 1`\n\n```\na = 1\n```", Frame("rtl"))])

    assert {each.tag: each.attrib.get("dir") for each in shown} == {
        "p": None,
        "code": "ltr",
        "pre": "ltr",
    }
    assert "code" not in DIRECTED


@pytest.mark.parametrize(
    ("tag", "way"),
    [
        ("ar", "rtl"),
        ("he-IL", "rtl"),
        ("az-Arab", "rtl"),
        ("en", "ltr"),
        ("ur-Latn", "ltr"),
        ("ARC", "rtl"),
    ],
)
def test_a_language_has_a_direction_of_its_own_or_its_scripts(tag: str, way: str) -> None:
    assert of_language(tag) == way


@pytest.mark.parametrize(
    ("tag", "known"),
    [
        ("pt-BR", "pt-BR"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("en-a", "en"),
        ("es-419", "es-419"),
        ("klingons", "und"),
    ],
)
def test_a_language_tag_is_one_that_readers_know(tag: str, known: str) -> None:
    assert well_formed(tag) == known


def test_a_chapter_may_be_all_headings() -> None:
    found = sections("## a\n" * 20_000, Frame(), "s")

    assert (len(found), found[-1].id) == (20_000, "s20000")
