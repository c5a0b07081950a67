"""Markdown written anew for MDX: it shows the same, and nothing in it is more than words."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as some
from markdown_it import MarkdownIt

from service.export.mdx import sentence, written
from service.export.mdx_text import line, one_line
from service.http.markdown import parser
from tests.export.texts import LAWS, PUSHES, TEXTS, TITLES

PIECES = some.sampled_from(
    [
        *"abc {}<>$_*`~#+-=|!@:&;.\\/()[]'\"^1\n\n\n\t",
        *(
            "  \n",
            "\n\n",
            "\n    ",
            "**",
            "~~",
            "```",
            "\n```\n",
            "> ",
            "- ",
            "* ",
            "1. ",
            "2) ",
            "# ",
        ),
        *(
            "{x < 3}",
            "<T>",
            "<!-- -->",
            "</div>",
            "import x",
            "export ",
            ":::note",
            "::a",
            ":b[c]{d}",
        ),
        *(
            "[a](https://b.c/d_e(f))",
            "<https://g.h>",
            "![i](j)",
            "[k][l]",
            "\n\n[l]: /m\n\n",
            "www.n.o",
        ),
        *(
            "| a | b |\n|---|:-:|\n| c | `d` |\n",
            "&nbsp;",
            "&#32;",
            "&lt;",
            "\u00a0",
            "العربية",
            "🎓",
            "p@q.r",
        ),
        *("---\n", "===\n", "import", "\\|", "  - ", "   ", "{#id}", "## "),
    ]
)
MARKDOWN = some.lists(PIECES, max_size=24).map("".join)
OUTSIDE = re.compile(r"(?<!\\)[{}<$]")


def chapter(markdown: str) -> str:
    return written(markdown, divides=True)


def shown(markdown: str) -> str:
    """Return what a reader sees of `markdown`: of links the words, and of what is empty nothing."""
    html = (
        parser().render(markdown).replace("h1>", "h2>").replace("\n</code></pre>", "</code></pre>")
    )
    html = re.sub(
        r"<h\d>.*?</h\d>", lambda found: found[0].replace("<br />", ""), html, flags=re.DOTALL
    )
    words = re.sub(r' class="language-[^"]*"|</?a\b[^>]*>', "", html)
    words = re.sub(r"(</?(?:blockquote|h\d|hr|li|ol|p|pre|t\w+|ul)\b[^>]*>)", r" \1 ", words)
    return re.sub(r"<(h[1-6]|p)>\s*</\1>| \{#section-\d+\}", "", words)


def outside_code(markdown: str) -> str:
    """Return `markdown` without its code."""
    found = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        if token.type == "inline":
            lines = token.content
            for child in token.children or ():
                if child.type == "code_inline":
                    lines = lines.replace(f"{child.markup}{child.content}{child.markup}", "")
            found.append(lines)
    return "\n".join(found)


def bare(html: str) -> list[str]:
    """Return the words of `html` and their blocks, without emphasis."""
    return re.sub(r"</?(?:em|strong|s)>", "", html).split()


@given(MARKDOWN)
def test_a_reader_sees_the_same_as_before(markdown: str) -> None:
    assert bare(shown(chapter(markdown))) == bare(shown(markdown))


@pytest.mark.parametrize(
    "markdown",
    ["*a* **b** ~~c~~", "a*b*c", "***a***", "*a **b** c*", "**{*a**", "{ **{ *b**~", "**~b*<_**"],
)
def test_emphasis_stays_where_it_was_whatever_stands_beside_it(markdown: str) -> None:
    assert shown(chapter(markdown)).split() == shown(markdown).split()


def test_emphasis_that_no_mark_would_bring_back_leaves_no_mark() -> None:
    assert bare(shown(chapter("****a*b*b"))) == ["<p>", "**abb", "</p>"]


@given(MARKDOWN)
def test_what_was_written_twice_is_written_the_same_ever_after(markdown: str) -> None:
    twice = chapter(chapter(markdown.replace("{#id}", "")))

    assert chapter(twice) == twice


def test_nothing_in_hostile_texts_is_more_than_words() -> None:
    for text in (*TEXTS, LAWS, PUSHES, *TITLES):
        made = outside_code(chapter(text))

        assert not OUTSIDE.search(made), made
        assert not re.search(r"^(import|export)\b|^:::|^\s{4}", made, re.MULTILINE), made


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("{x < 3}", "\\{x \\< 3\\}"),
        ("<!-- no -->", "\\<!-- no -->"),
        ("import x", "&#105;mport x"),
        ("a\nexport x", "a\n&#101;xport x"),
        ("costs 5$ or $x$", "costs 5\\$ or \\$x\\$"),
        (":::note\n\nx\n\n:::", "\\:\\:\\:note\n\nx\n\n\\:\\::"),
        ("12:30 a:b 1: x", "12:30 a\\:b 1: x"),
        ("`{x}` ``a`b``", "`{x}` ``a`b``"),
        ("    indented {x}", "```\nindented {x}\n```"),
        ("~~~js {1} title=x\n```\n~~~", "````js\n```\n````"),
        ("```mdx-code-block\n<X/>\n```", "```\n<X/>\n```"),
        ("<https://a.b/c_d>", "[https\\://a.b/c\\_d](https://a.b/c_d)"),
        ("[a](https://b.c/(d))", "[a](https://b.c/%28d%29)"),
        ("[a](./missing.md) [b](/c) [d](#e) [f][]\n\n[f]: g", "a b d f"),
        ("[a](02-next.md) [b](./02-next.md)", "[a](./02-next.md) [b](./02-next.md)"),
        ("![a picture](https://b.c/d.png)", "a picture"),
        ("# One\n\n### Three #", "## One\n\n### Three"),
        ("## Set {#id}", "## Set \\{#id\\} \\{#section-1}"),
        ("- a\n\n[x]: /y\n\n- b", "- a\n\n* b"),
        ("|a|\n|-|\n|`b\\|c`|", "| a |\n| --- |\n| `b\\|c` |"),
        ("&amp;lt; &copy", "\\&lt; &copy"),
        ("- a\n  | b |\n  |---|", "- a\n\n  | b |\n  | --- |"),
        ("a\u0007b\ufeffc", "abc"),
        ("im![port](a) x :![b](c)[d](https://e.f)", "&#105;mport x \\:b[d](https://e.f)"),
    ],
)
def test_each_trap_has_its_form(markdown: str, expected: str) -> None:
    assert written(markdown, {"02-next.md"}, divides=True) == expected


def test_what_divides_no_page_has_no_headings() -> None:
    assert written("## A *b*\n\nc") == "**A *b***\n\nc"


def test_a_sentence_is_one_line() -> None:
    assert sentence("- a `{b}`\n\n# {c}") == "\\- a `{b}` # \\{c\\}"


@given(some.text())
def test_a_title_is_shown_letter_by_letter(title: str) -> None:
    html = MarkdownIt("commonmark").renderInline(line(title))

    assert unescape(html) == one_line(title)


@pytest.mark.parametrize(
    "markdown",
    ["*" * 3_000 + "a" + "*" * 3_000, "a\n" * 60_000, "## " + "{#" * 60_000 + "a"],
    ids=["emphasis", "lines", "braces"],
)
def test_no_text_is_too_much_or_too_deep_to_be_written(markdown: str) -> None:
    assert "a" in written(markdown, divides=True)
