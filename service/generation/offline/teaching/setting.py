"""Parts of a source set as Markdown for a reader, each with the citations that prove it."""

import re
from collections.abc import Iterator
from typing import Final

from service.course.content import Citation
from service.generation.offline.reading import markup
from service.generation.offline.reading.section import Part, Passage
from service.generation.offline.reading.sentence import Sentence
from service.library.material import Material

_DIRECTIVE: Final = re.compile(r"^([`~]{3,})\{[\w-]+\} *(\w*)")  # MyST: ```{code-cell} python


def set_passage(passage: Passage, text: str) -> str:
    """Return a passage as Markdown; its words are the source's own."""
    return "\n\n".join(_set_part(part, text) for part in passage.parts)


def _set_part(part: Part, text: str) -> str:
    raw = text[part.start : part.end]
    match part.form:
        case "prose":
            return " ".join(one.shown for one in part.sentences)
        case "list" | "steps":
            return "\n".join(_items(part))
        case "definition":
            name, meaning = part.sentences
            return f"- **{name.plain}**: {meaning.shown}"
        case "table":
            return "\n".join(markup.shown(line) for line in raw.split("\n"))
        case "formula":
            return raw
        case "code":
            return _fenced(raw)


def _items(part: Part) -> Iterator[str]:
    number = 0
    for one, depth in zip(part.sentences, part.depths, strict=True):
        number += depth == 0
        if depth == 0:
            yield f"{number}. {one.shown}" if part.form == "steps" else f"- {one.shown}"
        else:
            yield f"{'   ' * depth}- {one.shown}"


def _fenced(raw: str) -> str:
    """Return a code block between fences, its language named as plain Markdown names it."""
    if raw.lstrip().startswith(("```", "~~~")):
        return _DIRECTIVE.sub(r"\1\2", raw, count=1)
    return f"```\n{_flush(raw)}\n```"


def _flush(raw: str) -> str:
    lines = raw.split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=0)
    return "\n".join([lines[0].strip(), *(line[margin:] for line in lines[1:])])


def citations(passage: Passage, material: Material) -> Iterator[Citation]:
    """Yield a citation for each sentence, list item, table, code block and formula."""
    for part in passage.parts:
        if part.sentences:
            yield from (cite(one, material) for one in part.sentences)
        else:
            yield _citation(material, part.start, part.end)


def cite(one: Sentence, material: Material) -> Citation:
    """Return the verbatim source of a sentence."""
    return _citation(material, one.start, one.end)


def _citation(material: Material, start: int, end: int) -> Citation:
    return Citation(material.source_id, material.path, start, end, material.text[start:end])
