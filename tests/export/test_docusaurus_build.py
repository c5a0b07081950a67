"""The real Docusaurus builds what we write, as CommonMark and as MDX, and shows what was meant."""

import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from service.export.docusaurus import PACKAGES, files, site
from service.export.labels import of
from service.export.mdx_text import one_line
from service.textbook.published import PublishedTextbook
from tests.export.books import arabic, forces, hostile
from tests.export.sites import LOCK, built

BOOKS = (forces(), hostile(), arabic())
WARNINGS = re.compile(r"\[WARNING\]|\[ERROR\]|warn", re.IGNORECASE)
AS_MDX = "mdx-"
"""Begins the folders and addresses of the books' copies whose files are called ``.mdx``."""


def copies(book: PublishedTextbook) -> Iterator[tuple[str, bytes]]:
    """Yield a book's files as MDX: by their names, and without the word that they are not."""
    for path, data in files(book):
        text = data.decode().replace(f'"/{book.slug}', f'"/{AS_MDX}{book.slug}')
        text = text.replace(f'"{book.slug}/index"', f'"{AS_MDX}{book.slug}/index"')
        text = text.replace('mdx: {"format": "md"}\n', "").replace(".md>)", ".mdx>)")
        yield f"docs/{AS_MDX}{path.replace('.md', '.mdx')}", text.encode()


def pages(build: Path) -> dict[str, str]:
    """Return the HTML of the pages by their addresses."""
    found = {path.parent.relative_to(build).as_posix(): path for path in build.rglob("index.html")}
    return {unquote(address): path.read_text() for address, path in found.items()}


class Scripts(HTMLParser):
    """The texts of a page's scripts, as a browser tells where they end."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._open = tag == "script"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found.append(data)


def scripts(page: str) -> list[str]:
    parser = Scripts()
    parser.feed(page)
    return parser.found


def runs(script: str) -> bool:
    """Tell whether a script runs what a title says; one that holds data (JSON-LD) does not."""
    return "alert(1)" in script and not script.startswith("{")


def article(page: str) -> str:
    """Return the words of a page's text, as a reader sees them."""
    found = re.search(r"<article>.*</article>", page, re.DOTALL)
    assert found
    words = re.sub(r"<style.*?</style>|<!--.*?-->|<[^>]*>", " ", found[0], flags=re.DOTALL)
    return " ".join(html.unescape(words).replace("\u200b", "").split())


def test_what_is_installed_is_what_a_site_asks_for() -> None:
    package = json.loads((LOCK / "package.json").read_text())
    lock = json.loads((LOCK / "package-lock.json").read_text())["packages"]

    assert package["dependencies"] == PACKAGES
    assert {name: lock[f"node_modules/{name}"]["version"] for name in PACKAGES} == PACKAGES
    assert all("integrity" in each for name, each in lock.items() if name)
    assert not any("resolved" in each for each in lock.values())


def test_docusaurus_builds_every_book_as_commonmark_and_as_mdx(tmp_path: Path) -> None:
    wanted = [*site(BOOKS), *(each for book in BOOKS for each in copies(book))]

    build, said = built(wanted, tmp_path)

    assert not WARNINGS.search(said), said
    found = pages(build)
    for book in BOOKS:
        assert_shown(book, found)
    assert_ordinary(found)
    assert_hostile(found)
    assert not [script for page in found.values() for script in scripts(page) if runs(script)]


def assert_shown(book: PublishedTextbook, found: dict[str, str]) -> None:
    """Each chapter is a page with its quiz, is in the sidebar, and reads the same as MDX."""
    labels = of(book.language)
    addresses = [f"{book.slug}/{chapter.slug}" for chapter in book.chapters]
    for address in (book.slug, *addresses):
        as_mdx = article(found[f"docs/{AS_MDX}{address}"])
        assert article(found[f"docs/{address}"]) == as_mdx
    first = found[f"docs/{addresses[0]}"]
    menu = first[first.index("theme-doc-sidebar-menu") :]
    listed = re.findall(r'href="?/docs/([^"/ >]+/[^"/ >]+)"?', menu[: menu.index("</nav>")])
    assert [unquote(each) for each in listed] == addresses
    for chapter, address in zip(book.chapters, addresses, strict=True):
        page = found[f"docs/{address}"]
        words = article(page)
        (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
        assert html.unescape(heading) == one_line(chapter.title)
        assert page.count("<details") == len(chapter.questions)
        assert words.count(f" {labels.answer} ") >= len(chapter.questions)
        assert page.count("theme-admonition ") == len(chapter.boosters) + bool(chapter.key_points)


def assert_ordinary(found: dict[str, str]) -> None:
    words = article(found["docs/forces-and-motion/what-a-force-is"])
    for each in (
        "Key points A force has a size and a direction.",
        "a pull Example A door opens because it is pushed .",
        "Source: notes/motion.md",
        "What to take away A force is a push or a pull. It has a direction. Its unit is N.",
        "Question 1 What is the unit of force? A. the joule B. the newton C. the watt",
        "Answer B. the newton The newton is named after Isaac Newton.",
    ):
        assert each in words


def assert_hostile(found: dict[str, str]) -> None:
    words = article(found["docs/sets-x-3/chapter-1"])
    assert "The set {x < 3} is open, and a < b > c; {x < 3} too." in words
    assert "<!-- no comment -->" in words
    assert "export const x = 1 import y from 'z'" in words
    assert re.search(r'<div dir="?rtl"? lang="?ar"?>', found["docs/sets-x-3/chapter-1"])
    maths = article(found["docs/sets-x-3/chapter-3"])
    assert r"$$\sum_{i=1}^{n} x_i < \infty$$ costs 5$ or 6$." in maths
    assert ":::note no admonition :::" in maths
    raw = article(found["docs/sets-x-3/chapter-4"])
    assert "<script>alert('x')</script>" in raw
    assert "{#id}" in article(found["docs/sets-x-3/chapter-5"])
