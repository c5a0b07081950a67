"""A textbook as one page: what a browser makes of it, and what it may not do."""

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.export.page import LONGEST_HEAD, page, quoted, shortened
from service.textbook.published import PublishedTextbook
from tests.export.books import arabic, chapter, forces, hostile
from tests.export.web import XHTML, fetched, followed, ids, tree, words

BOOKS = [forces, hostile, arabic]
HEADINGS = [f"{XHTML}h{level}" for level in range(1, 7)]


class Browser(HTMLParser):
    """The elements that HTML's own grammar finds, void ones without an end."""

    VOID = frozenset({"br", "hr", "meta"})

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.opened: list[str] = []
        self.feed(data.decode())
        self.close()

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.elements.append(tag)
        if tag not in self.VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_startendtag(self, tag: str, _attrs: object) -> None:
        assert tag in self.VOID
        self.elements.append(tag)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def style(made: ET.Element) -> str:
    return made.findtext(f".//{XHTML}style", "")


def policy(made: ET.Element) -> str:
    (found,) = (each for each in made.iter(f"{XHTML}meta") if "http-equiv" in each.attrib)
    return found.attrib["content"]


@pytest.mark.parametrize("made", BOOKS)
def test_html_and_xml_find_the_same_on_it(made: Callable[[], PublishedTextbook]) -> None:
    data = page(made())
    read = Browser(data)

    assert read.opened == []
    assert [f"{XHTML}{each}" for each in read.elements if each != "svg"] == [
        *(each.tag for each in tree(data).iter() if each.tag != f"{XHTML}svg"),
    ]


@pytest.mark.parametrize("made", BOOKS)
def test_it_fetches_nothing_runs_nothing_and_has_only_its_own_style(
    made: Callable[[], PublishedTextbook],
) -> None:
    data = page(made())
    found = tree(data)
    own = base64.b64encode(hashlib.sha256(style(found).encode()).digest()).decode()

    assert policy(found) == (
        f"default-src 'none'; style-src 'sha256-{own}'; base-uri 'none'; form-action 'none'"
    )
    assert fetched(found) == []
    tags = {each.tag.removeprefix(XHTML) for each in found.iter()}
    assert not tags & {"script", "iframe", "object", "img", "link", "form", "base"}
    assert "url(" not in style(found)
    assert "@import" not in style(found)
    attributes = {name for each in found.iter() for name in each.attrib}
    assert not [each for each in attributes if each == "style" or each.startswith("on")]


@pytest.mark.parametrize("made", BOOKS)
def test_every_link_of_the_page_leads_somewhere(made: Callable[[], PublishedTextbook]) -> None:
    found = tree(page(made()))

    assert followed({"": found}) > len(made().chapters)
    assert len(set(ids(found))) == len(ids(found))


def test_the_answers_come_at_the_end_by_chapter() -> None:
    found = tree(page(forces()))
    (key,) = (each for each in found.iter() if each.attrib.get("id") == "answers")
    (main,) = found.iter(f"{XHTML}main")

    assert list(main)[-1] is key
    assert [words(each) for each in key.iter(f"{XHTML}h3")] == [
        *("1. What a force is", "2. Laws of motion"),
    ]
    said = [words(each).replace(" ↩\ufe0e", "") for each in key.iter(f"{XHTML}li")]
    assert said == [
        "B the newton The newton is named after Isaac Newton.",
        "A Yes It is a vector.",
        "C 6 N F = m a = 2 · 3 N.",
    ]


def test_without_questions_there_is_no_key() -> None:
    only = chapter(forces().id, 1, "One", "Text.")
    found = tree(page(replace(forces(), chapters=(only,))))

    assert "answers" not in ids(found)
    assert followed({"": found}) == 1


def test_headings_go_down_step_by_step() -> None:
    levels = [int(each.tag[-1]) for each in tree(page(forces())).iter() if each.tag in HEADINGS]

    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_a_booster_stands_where_its_section_ends() -> None:
    text = "## A\n\na\n\n### Deep\n\ndeep\n\n## B\n\nb"
    boosters = forces().chapters[0].boosters
    sorted_in = (
        replace(boosters[0], content="helps all", section_ref="", position=1),
        replace(boosters[0], content="helps B", section_ref="no such", position=2),
        replace(boosters[1], content="helps A", section_ref=" a ", position=3, sources=()),
    )
    only = chapter(forces().id, 1, "One", text, boosters=sorted_in)
    (main,) = tree(page(replace(forces(), chapters=(only,)))).iter(f"{XHTML}main")
    paragraphs = [words(each) for each in main.iter(f"{XHTML}p")]

    assert paragraphs[1:] == [
        *("a", "deep", "Explanation", "helps A", "b", "Example", "helps all", "Example", "helps B"),
    ]


def test_a_book_from_right_to_left_is_read_so() -> None:
    found = tree(page(arabic()))

    assert (found.attrib["lang"], found.attrib["dir"]) == ("ar", "rtl")
    (title,) = (each for each in found.iter(f"{XHTML}title"))
    assert title.text == "القوى والحركة"


def test_each_chapter_is_headed_by_its_own_title() -> None:
    assert '@page chapter-2 { @top-center { content: "Laws of motion";' in page(forces()).decode()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_title_can_end_a_string_of_css(title: str) -> None:
    written = quoted(title)

    assert re.fullmatch(r"(?:[A-Za-z0-9 ]|\\[0-9a-f]{1,6} )*", written)
    assert re.sub(r"\\([0-9a-f]{1,6}) ", lambda found: chr(int(found[1], 16)), written) == title


def test_a_running_head_is_no_longer_than_its_line() -> None:
    assert shortened("a\n b ") == "a b"
    assert len(shortened("word " * 40)) <= LONGEST_HEAD
    assert shortened("word " * 40).endswith("word …")
