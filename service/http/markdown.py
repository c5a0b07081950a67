"""Markdown that others have written, as HTML that is safe on a page of ours.

It is rendered by CommonMark and then cleaned by an explicit list, so that neither of the two has to
be trusted alone. Pictures become their descriptions: fetching one would tell its server who reads.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

TAGS: Final = frozenset(
    """a blockquote br code del em h2 h3 h4 h5 h6 hr li ol p pre s strong table tbody td th thead tr
    ul""".split()  # noqa: SIM905 - a list would fill the page
)
ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}, "td": {"align"}, "th": {"align"}}
SCHEMES: Final = frozenset({"https", "mailto"})
REL: Final = "noopener noreferrer nofollow"
ALIGNED: Final = "text-align:"
HIGHEST, DEEPEST = 2, 6
HEADING: Final = 3
"""Tokens of a heading: its begin, its text, its end."""


def rendered(text: str, shift: int = 1, *, without: str | None = None) -> Markup:
    """Return `text` as HTML, its headings `shift` levels lower: the page has the first one.

    A first heading that says `without`, as the page's own does, is left out and the others stay.
    """
    tokens = _parser.parse(text)
    if tokens and tokens[0].type == "heading_open" and tokens[1].content == without:
        tokens, shift = tokens[HEADING:], shift - int(tokens[0].tag[1:])
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(max(int(token.tag[1:]) + shift, HIGHEST), DEEPEST)}"
        elif token.type in {"th_open", "td_open"}:
            aligned(token)
    html = _parser.renderer.render(tokens, _parser.options, {})
    return Markup(clean(html))  # noqa: S704 - it is clean


def inline(text: str) -> Markup:
    """Return a sentence of Markdown as HTML, without paragraphs or other blocks."""
    return Markup(clean(_parser.renderInline(text)))  # noqa: S704 - it is clean


def clean(
    html: str,
    attributes: Mapping[str, Collection[str]] = ATTRIBUTES,
    judge: Callable[[str, str, str], str | None] | None = None,
) -> str:
    """Return what of `html` is on the list; the text of other elements stays, scripts' does not.

    `judge` takes an element's name, an attribute's and its value, and returns the value to keep or
    None. Only where there is one may links be relative: it has to know each.
    """
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in attributes.items()},
        attribute_filter=judge,
        url_schemes=set(SCHEMES),
        url_relative="deny" if judge is None else "pass_through",
        link_rel=REL,
        strip_comments=True,
    )


def aligned(cell: Token) -> None:
    """Say a cell's alignment by an attribute: styles in the text are not let onto a page."""
    style = str(cell.attrs.pop("style", ""))
    if style.startswith(ALIGNED):
        cell.attrs["align"] = style.removeprefix(ALIGNED)


def described(_renderer: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    """Return what stands for a picture: its description."""
    return str(escape(tokens[index].content))


def parser() -> MarkdownIt:
    """Return a parser of CommonMark with tables; HTML in a text is shown, not obeyed."""
    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.add_render_rule("image", described)
    return made


_parser: Final = parser()
