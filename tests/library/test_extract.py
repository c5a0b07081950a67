"""Files of every type become Markdown, or are refused with a sentence."""

import contextlib
from collections.abc import Callable
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.library import extract as extraction
from service.library.apart import read_apart
from service.library.document import Document, Empty, FileTooLarge, UnknownType, Unreadable
from service.library.extract import extract, media_type_of
from service.library.html import read_html
from service.library.pdf import read_pdf
from service.library.plain import normalise, read_markdown, read_text
from service.refusal import Refusal
from tests.library.pdfs import pdf

Reader = Callable[[bytes, str], Document]

MARKDOWN, TEXT, HTML, PDF = "text/markdown", "text/plain", "text/html", "application/pdf"


def test_front_matter_gives_title_and_language_and_leaves_the_text() -> None:
    source = b'---\ntitle: "The cell"\nlang: en\ntags:\n  - x\n---\n\n# Cells\n\nThey live.\n'

    document = extract(source, "cell.md", MARKDOWN)

    assert (document.title, document.language) == ("The cell", "en")
    assert document.text == "# Cells\n\nThey live."


def test_a_rule_at_the_top_is_not_front_matter() -> None:
    assert extract(b"---\nWords.\n---\nMore.", "a.md", MARKDOWN).text == "---\nWords.\n---\nMore."


@pytest.mark.parametrize(
    ("data", "name", "title"),
    [
        (b"Intro\n\n# Cell *parts* #\n\nText", "a.md", "Cell parts"),
        (b"No heading here", "notes/cell_parts-1.txt", "cell parts 1"),
    ],
)
def test_the_title_falls_back_to_the_heading_then_the_file_name(
    data: bytes, name: str, title: str
) -> None:
    assert extract(data, name, TEXT).title == title


@pytest.mark.parametrize(
    "data",
    [
        "Zölle\r\nund  \rMaße".encode(),
        b"\xef\xbb\xbf" + "Zölle\nund\nMaße".encode(),
        "Zölle\nund\nMaße".encode("utf-16"),
        b"\xfe\xff" + "Zo\u0308lle\nund\x07\nMa\u00adße".encode("utf-16-be"),
    ],
)
def test_every_accepted_encoding_gives_the_same_normal_form(data: bytes) -> None:
    assert extract(data, "a.txt", TEXT).text == "Zölle\nund\nMaße"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"caf\xe9 au lait", "a.txt is not UTF-8: the byte at offset 3 (0xE9)"),
        (b"\xef\xbb\xbfcaf\xe9 au lait", "at offset 6 (0xE9)"),
        (b"\xff\xfea\x00\x00\xd8b\x00", "a.txt is not UTF-16"),
        ("cell".encode("utf-16-le"), "NUL character at offset 1"),
    ],
)
def test_a_wrong_encoding_is_refused_with_the_place(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        extract(data, "a.txt", TEXT)

    assert said in str(refused.value)
    assert "Save it as UTF-8" in str(refused.value)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"", TEXT),
        (b" \n\t\n", MARKDOWN),
        (b"---\ntitle: x\n---\n", MARKDOWN),
        (b"<nav>Home</nav><p>&nbsp;</p><script>var a</script>", HTML),
    ],
)
def test_a_file_without_text_is_refused(data: bytes, media_type: str) -> None:
    with pytest.raises(Empty, match=r"^empty\.x holds no text"):
        extract(data, "empty.x", media_type)


def test_a_file_over_the_limit_is_refused_and_one_at_it_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extraction, "LIMIT", 10)

    assert extract(b"0123456789", "a.txt", TEXT).text

    with pytest.raises(FileTooLarge, match="has 11 bytes; a source may have 10"):
        extract(b"01234567890", "a.txt", TEXT)


@pytest.mark.parametrize(
    ("name", "declared", "media_type"),
    [
        ("a.md", "", MARKDOWN),
        ("a.MD", "text/plain; charset=utf-8", MARKDOWN),
        ("a", "Text/HTML; charset=utf-8", HTML),
        ("a.txt", "application/octet-stream", TEXT),
        ("a", "application/xhtml+xml", HTML),
        ("a", "text/plain", TEXT),
    ],
)
def test_the_media_type_is_what_is_declared_or_what_the_suffix_says(
    name: str, declared: str, media_type: str
) -> None:
    assert media_type_of(name, declared) == media_type


@pytest.mark.parametrize(("name", "declared"), [("a.docx", ""), ("a", ""), ("a.md", "image/png")])
def test_other_types_are_refused_with_those_that_can_be_sent(name: str, declared: str) -> None:
    with pytest.raises(UnknownType, match=r"Send Markdown .*PDF"):
        media_type_of(name, declared)


def test_html_becomes_markdown_without_navigation() -> None:
    page = (
        b"<html lang='en-GB'><title>Cell | Site</title><nav>Menu</nav><main>"
        b"<h1>The <em>cell</em></h1>"
        b"<p>It is <b> small </b>.<br>Very. <code>a|b</code></p>"
        b"<ul><li>one<ul><li>in</ul><li>two</ul>"
        b"<table><tr><th>a<th>b<tr><td>1<td>x|y</table><pre>def f():\n    pass</pre>"
        b"<blockquote><p>Said</blockquote><p># no heading</main>"
        b"<script>x()</script><footer>f</footer>"
    )

    document = extract(page, "a.html", HTML)

    assert (document.title, document.language) == ("The cell", "en-GB")
    assert document.text == (
        "# The *cell*\n\nIt is **small** .\nVery. `a|b`\n\n- one\n  - in\n- two\n\n"
        "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n\n```\ndef f():\n    pass\n```\n\n"
        "> Said\n\n\\# no heading"
    )


@pytest.mark.parametrize("kind", ["headerlink", "header-anchor", "hash-link"])
def test_the_link_beside_a_heading_is_no_part_of_it(kind: str) -> None:
    page = f'<h1>Data<a class="{kind}" href="#data">¶</a></h1><p>Said.'

    document = extract(page.encode(), "a.html", HTML)

    assert (document.title, document.text) == ("Data", "# Data\n\nSaid.")


def test_a_sign_alone_is_not_emphasised() -> None:
    page = b"<p>sort(<em>*</em>, <em>key</em>) <b>!</b></p>"

    assert read_html(page, "a.html").text == "sort(*, *key*) !"


def test_tables_that_lay_a_page_out_are_read_once() -> None:
    page = b"<table><tr><td><table><tr><td>Inner</table><td>Outer</table>"

    assert extract(page, "a.html", HTML).text == "| Inner |\n| --- |\n\nOuter"


def test_a_ragged_table_stays_small() -> None:
    page = b"<table><tr>" + b"<td>x" * 3000 + b"<tr><td>y" * 3000

    assert len(extract(page, "a.html", HTML).text) < 50_000


def test_what_is_defined_stands_beside_its_definition() -> None:
    page = (
        b"<dl><dt>list.append(<em>x</em>)</dt><dd><p>Adds an item.</p><p>Once.</p></dd>"
        b"<div><dt>axon</dt><dt>neurite</dt><dd>A nerve's fibre.</dd></div>"
        b"<dt>do()</dt><dd><pre>do()</pre></dd><dd>Acts.</dd><p>Aside.</p><dt>- alone</dt></dl>"
    )

    assert read_html(page, "terms.html").text.split("\n\n") == [
        "list.append(*x*): Adds an item.",
        "Once.",
        "**axon, neurite**: A nerve's fibre.",
        "do()",
        "```\ndo()\n```",
        "Acts.",
        "Aside.",
        "\\- alone",
    ]


def test_deeply_nested_html_keeps_its_text() -> None:
    document = extract(b"<div>" * 5000 + b"deep down", "a.html", HTML)

    assert "deep down" in document.text


def test_a_large_page_is_read_apart_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    page = b"<title>Cell</title><main><h1>Cells</h1><p>They live.</main>"
    here = extract(page, "a.html", HTML)
    monkeypatch.setattr(extraction, "_NEAR", 0)

    assert extract(page, "a.html", HTML) == here


def test_pdf_pages_are_joined_and_running_lines_dropped() -> None:
    body = [
        ["1 Cells", "The cell is the small-", "est unit of life that there is today."],
        ["2 Plants", "Plants make sugar out of light and of water and", "air. They are green."],
        ["3 Animals", "Animals eat plants or other animals in turn and"],
        ["so they live on light as well, in the end."],
    ]
    pages = [["A Course in Biology", *lines, f"Page {n}"] for n, lines in enumerate(body, 1)]

    document = extract(pdf(*pages, title="Biology"), "b.pdf", PDF)

    assert document.title == "Biology"
    assert "A Course in" not in document.text
    assert "Page" not in document.text
    assert "The cell is the smallest unit of life" in document.text
    assert "animals in turn and so they live on light" in document.text


def test_pdf_bookmarks_become_headings() -> None:
    made = pdf(["Cells", "They live."], ["Plants", "They grow."], bookmarks=True)

    text = extract(made, "b.pdf", PDF).text

    assert text == "# Cells\n\nThey live.\n\n# Plants\n\nThey grow."


def test_a_pdf_with_a_password_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"^a\.pdf is protected by a password"):
        extract(pdf(["Secret"], password="open"), "a.pdf", PDF)


def test_a_scanned_pdf_is_refused() -> None:
    with pytest.raises(Empty, match=r"a\.pdf holds no text: its pages are pictures"):
        extract(pdf([]), "a.pdf", PDF)


def test_a_damaged_pdf_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"a\.pdf cannot be read as a PDF"):
        extract(pdf(["Text"])[:200], "a.pdf", PDF)


def test_a_file_that_takes_too_long_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"a\.html took longer than 0\.01 seconds"):
        read_apart(b"<p>Text", "a.html", HTML, seconds=0.01)


def test_a_file_that_needs_too_much_memory_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"a\.html cannot be read: it is damaged, or needs"):
        read_apart(b"<p>" + b"x" * 1_000_000, "a.html", HTML, seconds=60, memory=1 << 20)


@pytest.mark.parametrize("read", [read_text, read_markdown, read_html, read_pdf])
@given(data=st.binary(max_size=200) | st.binary(max_size=200).map(b"<p>".__add__))
def test_rubbish_is_read_or_refused_and_nothing_else(read: Reader, data: bytes) -> None:
    with contextlib.suppress(Refusal):
        read(data, "rubbish")


@settings(max_examples=60)
@given(cuts=st.lists(st.tuples(st.integers(0, 1200), st.binary(max_size=9)), max_size=6))
def test_a_pdf_with_bytes_changed_is_read_or_refused(cuts: list[tuple[int, bytes]]) -> None:
    damaged = bytearray(pdf(["Cells live.", "They grow."], bookmarks=True))
    for at, replacement in cuts:
        damaged[at : at + len(replacement)] = replacement

    with contextlib.suppress(Refusal):
        read_pdf(bytes(damaged), "a.pdf")


@given(st.lists(st.text(alphabet=st.characters(), max_size=20)).map("\n".join))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once
    assert not set(once) & set(map(chr, chain(range(9), range(11, 32), range(127, 160))))
    assert once.encode().decode() == once
