"""The docs tree of a textbook: its files, their front matter, and a site around it."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from service.export.docusaurus import files, site
from service.export.docusaurus_page import LABEL_MAX, STROKE, quoted, safe, short
from service.textbook.content import Booster
from service.textbook.published import PublishedTextbook
from tests.export.books import arabic, forces, hostile, source
from tests.export.reading import asking

PAGE = "forces-and-motion/01-what-a-force-is.md"


def front(data: bytes) -> dict[str, Any]:
    """Return the front matter of a page, each line of which is a name and JSON."""
    begin, matter, _ = data.decode().split("---\n", 2)
    assert begin == ""
    pairs = (line.split(": ", 1) for line in matter.splitlines())
    return {name: json.loads(value) for name, value in pairs}


def text(book: PublishedTextbook, path: str = PAGE) -> str:
    return dict(files(book))[path].decode()


@pytest.mark.parametrize("book", [forces, hostile, arabic])
def test_a_tree_has_a_page_per_chapter_an_index_and_a_category(book: Any) -> None:
    held = dict(files(book()))

    slug = book().slug
    paths = [f"{slug}/{chapter.path}" for chapter in book().chapters]
    assert list(held) == [f"{slug}/_category_.json", f"{slug}/index.md", *paths]
    assert held == dict(files(book()))


@pytest.mark.parametrize("book", [forces, hostile, arabic])
def test_the_front_matter_says_where_and_what_a_page_is(book: Any) -> None:
    held = dict(files(book()))

    for chapter in book().chapters:
        matter = front(held[f"{book().slug}/{chapter.path}"])
        assert matter["id"] == chapter.path.removesuffix(".md")
        assert matter["slug"] == f"/{book().slug}/{chapter.slug}"
        assert matter["sidebar_position"] == chapter.number
        assert matter["sidebar_label"].startswith(f"{chapter.number}. ")
        assert matter["title"]
        assert matter["description"]
        assert matter["keywords"]
        assert matter["mdx"] == {"format": "md"}
    category = json.loads(held[f"{book().slug}/_category_.json"])
    assert category["link"] == {"type": "doc", "id": f"{book().slug}/index"}


@given(some.text(some.characters(codec="utf-8")))
def test_a_value_is_yaml_on_one_line_that_no_script_ends_with(value: str) -> None:
    made = quoted(value)

    assert "\\\\" not in made
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]", made)
    assert "</script" not in made.lower()
    assert json.loads(made).replace("\u2060", "") == value.replace("\\", STROKE).replace(
        "\u2060", ""
    )


def test_what_would_end_a_script_is_joined_unseen() -> None:
    assert safe("</SCRIPT><script><!-- <b>") == "<\u2060/SCRIPT><\u2060script><\u2060!-- <b>"


def test_a_long_title_is_short_in_the_sidebar() -> None:
    assert short("x" * LABEL_MAX) == "x" * LABEL_MAX
    assert short("word " * 40) == "word " * 15 + "word…"


def test_a_chapter_has_all_its_parts_in_order() -> None:
    page = text(forces())

    parts = (
        *("\n# What a force is", "\n\nPushes, pulls and their unit.", ":::info[Key points]"),
        *("## Pushes and pulls", ":::note[Example]", "## Units", ":::note[Explanation]"),
        *("*Source: notes/motion.md*", "## What to take away", "## Questions"),
        *("**Question 1**", "- **B.** the newton"),
        "<details>\n<summary>Answer</summary>\n\n**B.** the newton",
    )
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert "dir=" not in page


def test_a_booster_stands_at_the_end_of_its_section_subsections_and_all() -> None:
    book = forces()
    markdown = "## One\n\na\n\n### In one\n\nb\n\n## Two\n\nc"
    boosters = (
        Booster("example", "last", "nowhere", 3),
        Booster("analogy", "of one", "**one**", 1),
        Booster("example", "of in one", "In one", 2),
    )
    chapter = replace(book.chapters[0], markdown=markdown, boosters=boosters)
    page = text(replace(book, chapters=(chapter,)))

    said = [page.index(each) for each in ("### In one", "of one", "of in one", "## Two", "last")]
    assert said == sorted(said)


def test_what_a_chapter_rests_on_is_told_once_at_its_end() -> None:
    book = forces()
    chapter = replace(book.chapters[0], sources=(source("a"), source("b")))
    page = text(replace(book, chapters=(chapter,)))

    assert page.endswith("</details>\n\n___\n\n*Source: notes/motion.md*\n")


def test_a_book_from_right_to_left_stands_in_a_box_that_says_so() -> None:
    page = text(arabic(), f"{arabic().slug}/{arabic().chapters[0].path}")

    assert '---\n\n<div dir="rtl" lang="ar">\n\n# ما هي القوة؟\n\n' in page
    assert page.endswith("\n\n</div>\n")
    assert "- \u200f**A.** الجول" in page
    assert front(page.encode())["hide_title"] is True


def test_what_a_chapter_has_not_leaves_no_heading() -> None:
    book = forces()
    bare = replace(
        book.chapters[0], description="", key_points=(), takeaways=(), questions=(), boosters=()
    )
    page = text(replace(book, chapters=(bare,)))

    assert not re.search(r"Key points|take away|Questions|:::", page)
    assert front(page.encode())["description"] == bare.title


@pytest.mark.parametrize("path", ["../../etc/x.md", "a/b.md", "index.md", "_x.md", "x.txt", ""])
def test_an_odd_path_gets_a_name_of_ours(path: str) -> None:
    book = forces()
    chapter = replace(book.chapters[0], path=path)
    name = f"forces-and-motion/01-{chapter.slug}.md"

    assert name in dict(files(replace(book, chapters=(chapter,))))


def test_a_name_of_ours_is_nobody_elses() -> None:
    first, second = forces().chapters
    odd = replace(first, path="part/page.mdx", slug="page")
    plain = replace(second, path="01-Page.md")
    book = replace(forces(), chapters=(odd, plain))

    names = [path.partition("/")[2] for path, _ in files(book)]

    assert names == ["_category_.json", "index.md", f"01-{first.id}.md", "01-Page.md"]
    assert f"](<./01-{first.id}.md>)" in text(book, "forces-and-motion/index.md")


def test_the_index_links_every_chapter_by_its_file() -> None:
    page = text(hostile(), "sets-x-3/index.md")

    assert re.findall(r"\]\(<\./(.*?)>\)", page) == [each.path for each in hostile().chapters]


def test_a_site_of_one_book_speaks_its_language_and_one_of_several_english() -> None:
    one, several = (
        json.loads(dict(site(books))["site.json"]) for books in (arabic(), [arabic(), forces()])
    )

    assert (one["language"], one["direction"], one["title"]) == ("ar", "rtl", arabic().title)
    assert (several["language"], several["direction"]) == ("en", "ltr")
    assert [book["address"] for book in several["books"]] == [
        f"/docs/{arabic().slug}",
        "/docs/forces-and-motion",
    ]


def test_a_site_has_the_tree_in_its_docs_and_the_same_bytes_each_time() -> None:
    held = dict(site(forces()))

    assert {f"docs/{path}": data for path, data in files(forces())}.items() <= held.items()
    assert {"package.json", "docusaurus.config.js", "sidebars.js", "README.md"} <= held.keys()
    assert list(site(forces())) == list(held.items())


def test_a_question_shows_its_marks_as_they_are() -> None:
    (one,) = forces().chapters[1].questions
    asked = replace(
        one,
        text="A *gap* is a _____.\n\n1. <b>Which?</b>",
        options=("`a` {b}", "- *c*\nd"),
        correct_index=1,
        explanation="# It *is*\n:::tip",
    )

    found = text(asking(asked))

    assert (
        "A \\*gap\\* is a \\_\\_\\_\\_\\_.\n\n1\\. \\<b>Which?\\</b>\n\n"
        "- **A.** \\`a\\` \\{b\\}\n- **B.** - \\*c\\* d\n\n" in found
    )
    assert "\n\\# It \\*is\\*\\\n\\:\\:\\:tip\n" in found
