"""HTML as Markdown: headings, paragraphs, lists, tables and code; no navigation, no scripts."""

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.library.document import Document
from service.library.plain import decode, normalise, one_line

_LEFT_OUT: Final = (
    "nav, script, style, footer, noscript, template, svg, iframe, form, button, select, textarea,"
    " object, embed, canvas, dialog, [hidden], [aria-hidden=true], [role=navigation],"
    " a.headerlink, a.header-anchor, a.hash-link"
)  # the last three: what Sphinx and MkDocs, VitePress, and Docusaurus put beside a heading
_HEADINGS: Final = {f"h{level}": "#" * level for level in range(1, 7)}
_INLINE: Final = {"em": "*", "i": "*", "strong": "**", "b": "**"}
_PHRASING: Final = re.compile(
    r"a|abbr|acronym|b|bdi|bdo|big|br|cite|code|data|del|dfn|em|font|i|img|ins|kbd|lab"
    r"el|mark|meter|output|q|ruby|rt|rp|s|samp|small|span|strike|strong|sub|sup|time|t"
    r"t|u|var|wbr"
)
_DEEPEST: Final = 100  # elements inside each other; below that only their text is kept
_SYNTAX: Final = re.compile(r"(#{1,6} |>|```|~~~|[-+*] |\d{1,9}[.)] |(?:-{3,}|={3,})$)")


def read_html(data: bytes, name: str) -> Document:
    """Read a page's main text: ``<main>`` or a lone ``<article>`` where it has one."""
    tree = LexborHTMLParser(decode(data, name))
    declared = (tree.root.attributes.get("lang") if tree.root else "") or ""
    heading, title = tree.css_first("h1"), tree.css_first("title")
    named = heading if heading and heading.text(strip=True) else title
    root = _main(tree)
    for node in root.css(_LEFT_OUT) if root else ():
        node.decompose()
    text = "\n\n".join(_blocks(root, 0)) if root else ""
    return Document(normalise(text), one_line(named.text() if named else ""), declared)


def _main(tree: LexborHTMLParser) -> LexborNode | None:
    articles = tree.css("article")
    found = tree.css_first("main, [role=main]") or (articles[0] if len(articles) == 1 else None)
    return found if found and found.text(strip=True) else tree.body


def _blocks(node: LexborNode, depth: int) -> Iterator[str]:
    """Yield the Markdown blocks inside `node`; runs of inline content are paragraphs."""
    run: list[str] = []
    for child in node.iter(include_text=True):
        if _inline_node(child):
            run.append(_inline(child, depth))
        else:
            yield from _paragraph(run)
            run.clear()
            yield from _block(child, depth + 1)
    yield from _paragraph(run)


def _inline_node(node: LexborNode) -> bool:
    return node.is_text_node or bool(_PHRASING.fullmatch(node.tag or ""))


def _paragraph(run: list[str]) -> Iterator[str]:
    lines = (" ".join(line.split()) for line in "".join(run).split("\n"))
    text = "\n".join(_plain_start(line) for line in lines if line)
    if text:
        yield text


def _plain_start(line: str) -> str:
    """Escape what would turn a line of prose into a heading, list, quote or fence."""
    return f"\\{line}" if _SYNTAX.match(line) else line


def _block(node: LexborNode, depth: int) -> Iterator[str]:
    tag = node.tag or ""
    if depth > _DEEPEST:
        yield from _paragraph([_flat(node.text(separator=" "))])
    elif tag in _HEADINGS:
        if text := " ".join(_content(node, depth).split()):
            yield f"{_HEADINGS[tag]} {text}"
    elif tag == "pre":
        yield from _code(node.text())
    elif tag in ("ul", "ol"):
        yield from _list(node, depth)
    elif tag == "dl":
        yield from _definitions(node, depth)
    elif tag == "table":
        yield from _table(node, depth)
    elif tag == "blockquote":
        yield from _quote(node, depth)
    else:
        yield from _blocks(node, depth)


def _code(text: str) -> Iterator[str]:
    ticks = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, ticks + 1)
    if text.strip():
        yield f"{fence}\n{text.strip(chr(10))}\n{fence}"


def _list(node: LexborNode, depth: int) -> Iterator[str]:
    entries = []
    for number, item in enumerate((child for child in node.iter() if child.tag == "li"), 1):
        marker = f"{number}. " if node.tag == "ol" else "- "
        body = "\n".join(_blocks(item, depth))
        if body:
            entries.append(marker + body.replace("\n", "\n" + " " * len(marker)))
    if entries:
        yield "\n".join(entries)


def _definitions(node: LexborNode, depth: int) -> Iterator[str]:
    """Yield each term with what is said of it, as one paragraph that begins with the term."""
    terms: list[str] = []
    for child in _entries(node):
        if child.tag == "dt":
            terms.append(" ".join(_content(child, depth).split()))
        elif child.tag == "dd":
            yield from _defined(", ".join(filter(None, terms)), list(_blocks(child, depth)))
            terms.clear()
        else:
            yield from _block(child, depth + 1)
    yield from map(_plain_start, filter(None, terms))


def _entries(node: LexborNode) -> Iterator[LexborNode]:
    """Yield what a list of definitions holds, and what is in its groups: a ``div`` may be one."""
    for child in node.iter():
        yield from child.iter() if child.tag == "div" else (child,)


def _defined(term: str, blocks: list[str]) -> Iterator[str]:
    prose = bool(blocks) and not _SYNTAX.match(blocks[0]) and not blocks[0].startswith("| ")
    if term and prose:
        yield f"{_marked(term)}: {blocks.pop(0)}"
    elif term:
        yield _plain_start(term)
    yield from blocks


def _marked(term: str) -> str:
    """Return a term in bold, unless it is marked up already."""
    return _plain_start(term) if re.search(r"[*`\\_]", term) else f"**{term}**"


def _table(node: LexborNode, depth: int) -> Iterator[str]:
    if len(node.css("table")) > 1:  # tables in tables lay a page out; their cells are blocks
        yield from _blocks(node, depth)
        return
    rows = [
        [_cell(cell, depth) for cell in row.iter() if cell.tag in ("td", "th")]
        for row in node.css("tr")
    ]
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    width = max(map(len, rows))
    rows[0] += [""] * (width - len(rows[0]))  # the first row says how many columns there are
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    yield "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _cell(node: LexborNode, depth: int) -> str:
    return " ".join(_content(node, depth).replace("|", r"\|").split())


def _quote(node: LexborNode, depth: int) -> Iterator[str]:
    body = "\n\n".join(_blocks(node, depth))
    if body:
        yield "> " + body.replace("\n", "\n> ")


def _content(node: LexborNode, depth: int) -> str:
    return "".join(_inline(child, depth) for child in node.iter(include_text=True))


def _inline(node: LexborNode, depth: int) -> str:
    """Return a node's text on one line; line breaks are its only newlines."""
    if node.is_text_node or depth > _DEEPEST:
        return _flat(node.text())
    if node.tag == "br":
        return "\n"
    if node.tag == "code":
        return f"`{_flat(node.text())}`" if node.text(strip=True) else ""
    inner = _content(node, depth + 1)
    mark = _INLINE.get(node.tag or "", "")
    core = inner.strip()
    told = any(letter.isalnum() for letter in core)  # "***" would be no emphasis of "*"
    return inner.replace(core, f"{mark}{core}{mark}", 1) if mark and told else inner


def _flat(text: str) -> str:
    return re.sub(r"\s", " ", text)
