"""Words written so that MDX and CommonMark read them as they are: nothing in them is markup.

MDX takes `{` for an expression, `<` for an element and ``import`` at a line's start for a module
(https://mdxjs.com/docs/what-is-mdx/#markdown); Docusaurus beside it `:name` for a directive, GFM
addresses for links. A backslash before any ASCII punctuation means the same to all of them.
"""

import re
from typing import Final

_MARKS: Final = re.compile(
    r"[\\`*_{}\[\]<~$|]"
    r"|&(?=\#?\w+;)"  # a character reference
    r"|:(?=[^\W\d]|:|//)"  # a directive, or an address whose backslashes would be taken for its own
    r"|@"
    r"|(?<=\bwww)\."
    r"|\#(?=\#*\Z)"  # what ends a heading
)
_START: Final = re.compile(r"(?P<mark>[-+=>#:])|(?P<number>[0-9]{1,9})(?=[.)])")
_MODULE: Final = re.compile(r"[ie](?=mport\b|xport\b)")
_SPACE: Final = re.compile(r"^(?! )\s|(?! )\s\Z|[\t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]")
"""Space that a parser would take for a break, or for the edge of what is emphasised."""
_APART: Final = re.compile(r"\n{2,}")
_REFERENCE: Final = re.compile(r"&(?=#?\w+;)")
UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""What no text of a page has a place for: control characters, halves of pairs, no characters."""


def literal(text: str, *, starts: bool = False) -> str:
    """Return Markdown that shows `text` letter by letter; `starts` tells that a line begins so."""
    marked = _MARKS.sub(r"\\\g<0>", text)
    if starts:
        marked = _MODULE.sub(_entity, marked, count=1) if _MODULE.match(marked) else marked
        marked = _START.sub(_first, marked, count=1) if _START.match(marked) else marked
    return _SPACE.sub(_entity, marked)


def line(text: str) -> str:
    """Return Markdown that shows `text`, on a line of its own."""
    return literal(one_line(text), starts=True)


def lines(text: str) -> str:
    """Return Markdown that shows `text` in lines of its own, an empty one between paragraphs."""
    said = "\n".join(map(line, text.splitlines()))
    return "\n\n".join(each.replace("\n", "\\\n") for each in _APART.split(said.strip("\n")))


def one_line(text: str) -> str:
    """Return `text` without breaks, and without what cannot be shown."""
    return " ".join(UNPRINTABLE.sub("", text).split())


def code(text: str, *, cell: bool = False) -> str:
    """Return a code span; in the cell of a table a bar would end the cell."""
    fence = "`" * (_longest(text) + 1)
    pad = " " if text[:1] in "` " or text[-1:] in "` " else ""
    pad = "" if not text.strip(" ") else pad
    held = text.replace("|", "\\|") if cell else text
    return f"{fence}{pad}{held}{pad}{fence}"


def fenced(text: str, language: str) -> str:
    """Return a block of code, between fences longer than any in it."""
    fence = "`" * max(3, _longest(text) + 1)
    held = text if text.endswith("\n") or not text else f"{text}\n"
    return f"{fence}{language}\n{held}{fence}"


def address(url: str) -> str:
    """Return a link's destination; `url` has its usual percent signs already."""
    return _REFERENCE.sub("&amp;", url).replace("(", "%28").replace(")", "%29").replace("$", "%24")


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _first(found: re.Match[str]) -> str:
    return f"\\{found['mark']}" if found["mark"] else f"{found['number']}\\"


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
