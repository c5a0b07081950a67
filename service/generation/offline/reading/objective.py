"""Objectives: the lines in which authors say what a reader will be able to do."""
# ruff: noqa: E501 - word lists and patterns are clearest unbroken, typography is meant

import re
from collections.abc import Sequence
from typing import Final

from service.generation.offline.reading import heading
from service.generation.offline.reading.block import Block
from service.generation.offline.reading.language import words
from service.generation.offline.reading.sentence import Sentence, sentence

_LEAD: Final = re.compile(
    r"\b(?:you|students?|learners?|readers?)\b.{0,40}\b(?:able to|will learn|should know)\b[^.]*$"
    r"|\b(?:objectives|lernziele|lernst du|kannst du|können sie)\b[^.]*:\W*$",
    re.IGNORECASE,
)
_VERBS: Final = frozenset(
    """analyse analyze answer apply appreciate argue arrange assess build calculate choose cite classify compare complete
    compute conclude connect construct contrast convert create critique debate decide deduce define demonstrate derive
    describe design determine develop differentiate discuss distinguish draw estimate evaluate examine explain explore
    express find follow formulate generate give graph identify illustrate implement infer interpret judge justify know
    label learn list locate make map match measure model name observe order outline perform place plan plot predict
    prepare present produce prove put read recall recognise recognize reflect relate report restate review rewrite say
    select show simplify sketch solve sort specify state study suggest summarise summarize tell test trace translate
    understand use verify visualise visualize work write""".split()  # noqa: SIM905
)
_INFINITIVE: Final = re.compile(r"\w{2,}(?:en|ern|eln|er|ir|re|ar)$", re.IGNORECASE)
_LONGEST: Final = 28  # words


def announced(text: str) -> bool:
    """Tell whether `text` leads in to a list of objectives ("you will be able to:")."""
    return _LEAD.search(text) is not None


def objective(one: Sentence, role: heading.Role) -> str:
    """Return a line as an objective, or nothing where it is none: one short line with its verb."""
    line = one.plain.rstrip(" .;,")
    found = [word.lower() for word in words(line)]
    if not 1 < len(found) <= _LONGEST or re.search(r"[.!?:;] ", line):
        return ""
    verbal = found[0] in _VERBS or bool(
        _INFINITIVE.search(found[-1]) or _INFINITIVE.search(found[0])
    )
    return line[:1].upper() + line[1:] if verbal and role in ("body", "objectives") else ""


def taken(
    text: str, found: Sequence[Block], role: heading.Role
) -> tuple[tuple[str, ...], list[Block]]:
    """Take the list of objectives that authors open with off the blocks of a section."""
    for at, block in enumerate(found):
        before = found[at - 1] if at else None
        led = before is not None and announced(text[before.start : before.end])
        if block.kind == "list" and (led or role == "objectives"):
            items = (sentence(text, one.start, one.end) for one in block.items)
            aims = tuple(aim for one in items if one and (aim := objective(one, role)))
            if aims:
                return aims, [*found[: at - bool(led)], *found[at + 1 :]]
    return (), list(found)
