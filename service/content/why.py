"""Why a text says what it says: who made it, with what, from which words of which source.

A lesson is traced block by block through the revision that serves; a course to its outline.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from service.content.block import Block, blocks
from service.content.citation import Cited
from service.course.check import identified_checks
from service.course.content import Check, Lesson
from service.course.revision import Act, Revised, RevisionLine
from service.course.views import HistoryLine
from service.database import Database
from service.generation.provenance import Provenance
from service.log.event import Recorded
from service.sql import SQL

FEWEST: Final = 4
"""Words of a block from which on it is taken for a part of a quote that goes beyond it."""
_WORD: Final = re.compile(r"[^\W_]+")


class Making(Struct, frozen=True):
    """The event that brought a text: who, when, for which job, and how it was generated, if it was.

    `job_id` is the job's id where a job made it, else that of the request.
    """

    type: str
    version: int
    position: int
    recorded_at: datetime
    actor: str
    job_id: UUID | None
    provenance: Provenance | None


class Traced(Struct, frozen=True):
    """A block of the text that serves: since which revision it is there, from whom, and its quotes.

    `citations` are the numbers of those that it holds, `nearby` of those that its section holds.
    """

    id: UUID
    kind: str
    start: int
    end: int
    markdown: str
    revision: int
    origin: str
    actor: str
    citations: Sequence[int]
    nearby: Sequence[int]


class TracedCheck(Struct, frozen=True):
    """A check with the numbers of the quotes that it holds, mostly in its explanation."""

    id: UUID
    question: str
    answer: str
    citations: Sequence[int]


class CallLine(Struct, frozen=True):
    """A call of a language model as the ledger has it; `cost` in US dollars, null if unknown."""

    call_id: UUID
    called_at: datetime
    provider: str
    model_asked: str
    model_returned: str
    prompt_id: str
    purpose: str
    outcome: str
    tokens_in: int
    tokens_out: int
    cost: Decimal | None
    ms: int
    position: int


class CostLine(Struct, frozen=True):
    """Calls of one step, model and outcome together; unpriced ones add nothing to `cost`."""

    purpose: str
    model: str
    outcome: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost: Decimal
    unpriced_calls: int


class LessonWhy(Struct, frozen=True, tag="lesson", tag_field="kind"):
    """Why a lesson says what it says.

    `making` is the event that brought the sources and the checks of the revision that serves, and
    its text, where no person wrote it. `cost` is that of `calls`, failed and repeated ones too.
    """

    id: UUID
    course_id: UUID
    lesson_number: int
    title: str
    revision: RevisionLine
    making: Making
    blocks: Sequence[Traced]
    checks: Sequence[TracedCheck]
    citations: Sequence[Cited]
    calls: Sequence[CallLine]
    cost: Decimal
    unpriced_calls: int
    acts: Sequence[Act]


class CourseWhy(Struct, frozen=True, tag="course", tag_field="kind"):
    """Why a course is as it is; `making` brought its outline, null until there is one.

    `lessons` are the ids of its lessons by number, each to be asked about in its turn. `cost` is
    that of all calls for the course, drafts that never served included.
    """

    id: UUID
    title: str
    making: Making | None
    lessons: Mapping[str, UUID]
    calls: Sequence[CostLine]
    cost: Decimal
    unpriced_calls: int
    acts: Sequence[HistoryLine]


class _Metadata(Struct, frozen=True):
    actor: str = ""
    correlation_id: UUID | None = None
    provenance: Raw = Raw()


def making(event: Recorded) -> Making:
    """Return who made what `event` says, and how."""
    noted = msgspec.json.decode(event.metadata, type=_Metadata)
    told = bytes(noted.provenance)
    return Making(
        event.type,
        event.version,
        event.position,
        event.recorded_at,
        noted.actor,
        noted.correlation_id,
        msgspec.json.decode(told, type=Provenance) if told else None,
    )


def traced(of: Revised, said: Mapping[int, Lesson], cited: Sequence[Cited]) -> tuple[Traced, ...]:
    """Return the blocks of the text that serves.

    `said` holds it and what it came from: its base and the edits of that, by revision.
    """
    text = said[of.kept.revision].content_md
    shown = blocks(of.id, text)
    first = _first(of, said)
    held = [_held(text[one.start : one.end], cited) for one in shown]
    return tuple(
        _traced(of.line(first[one.id]), one, text, own, near)
        for one, own, near in zip(shown, held, _nearby(shown, held), strict=True)
    )


def traced_checks(
    of: Revised, checks: Sequence[Check], cited: Sequence[Cited]
) -> tuple[TracedCheck, ...]:
    """Return the checks of the revision that serves."""
    return tuple(
        TracedCheck(each.id, each.question, each.answer, _held(_told(each), cited))
        for each in identified_checks(of.id, checks)
    )


def _told(check: Check) -> str:
    return f"{check.question} {check.answer} {check.explanation}"


def _traced(
    line: RevisionLine, one: Block, text: str, own: Sequence[int], near: Sequence[int]
) -> Traced:
    said = text[one.start : one.end]
    return Traced(
        one.id,
        one.kind,
        one.start,
        one.end,
        said,
        line.revision,
        line.origin,
        line.actor,
        own,
        near,
    )


def _first(of: Revised, said: Mapping[int, Lesson]) -> dict[UUID, int]:
    """Return the first of the revisions that has a block, by the block's id."""
    found: dict[UUID, int] = {}
    for revision in sorted(said):
        for block in blocks(of.id, said[revision].content_md):
            found.setdefault(block.id, revision)
    return found


def _held(block: str, cited: Sequence[Cited]) -> list[int]:
    """Return the numbers of the quotes that a block holds, or that it is a part of."""
    words = _words(block)
    long = words.count(" ") > FEWEST
    return [
        each.number
        for each in cited
        if (quote := _words(each.quote)).strip() and (quote in words or (long and words in quote))
    ]


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def _nearby(shown: Sequence[Block], held: Sequence[list[int]]) -> Iterator[list[int]]:
    """Yield for each block the quotes that stand between the same two headings."""
    sections, number = [], 0
    for block in shown:
        number += block.kind == "heading"
        sections.append(number)
    within: dict[int, set[int]] = {}
    for section, own in zip(sections, held, strict=True):
        within.setdefault(section, set()).update(own)
    for section, own in zip(sections, held, strict=True):
        yield sorted(within[section].difference(own))


async def calls(database: Database, tenant_id: UUID, made: Making) -> list[CallLine]:
    """Return the calls that led to a text, in order; none where no model made it."""
    if made.provenance is None:
        return []
    named, asked = list(made.provenance.calls), made.provenance.request_hash
    rows = await database.fetch(SQL["content/calls"], tenant_id, made.job_id, named, asked)
    return [CallLine(**row) for row in rows]


async def costs(database: Database, tenant_id: UUID, course_id: UUID) -> list[CostLine]:
    """Return what all calls for a course took and cost."""
    rows = await database.fetch(SQL["content/costs"], tenant_id, course_id)
    return [CostLine(**row) for row in rows]


async def place(database: Database, tenant_id: UUID, lesson_id: UUID) -> tuple[UUID, int] | None:
    """Return the course of a lesson and the lesson's number, None where there is no such lesson."""
    row = await database.fetchrow(SQL["content/place"], tenant_id, lesson_id)
    return None if row is None else (row["course_id"], row["lesson_number"])
