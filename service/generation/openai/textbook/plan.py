"""The plan of a textbook as a model is asked for it, and as it is read."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from service.generation.author import TextbookBrief
from service.generation.gate.fault import Misfit
from service.generation.openai import excerpt, planning
from service.generation.openai.ladder import Reading
from service.generation.openai.planning import lines
from service.generation.openai.prompt import TEMPLATES
from service.generation.openai.repair import decoded
from service.generation.openai.request import Preferences, Request, assure
from service.generation.openai.schema import sized
from service.generation.openai.section import line
from service.generation.openai.textbook.size import size
from service.generation.openai.wish import wished
from service.library.material import Material
from service.textbook.content import ChapterPlan, Plan

TEMPLATE: Final = TEMPLATES["textbook.plan"]
_A_CHAPTER: Final = 300
"""Tokens that a plan takes for each chapter, generously."""

Line = Annotated[str, Meta(min_length=1, max_length=300)]


class PlannedChapter(Struct, frozen=True, forbid_unknown_fields=True):
    """One chapter of the textbook."""

    title: Line
    description: Annotated[str, Meta(min_length=1, max_length=1000)]
    key_points: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=12)]


class PlannedTextbook(Struct, frozen=True, forbid_unknown_fields=True):
    """The plan of a textbook."""

    chapters: tuple[PlannedChapter, ...]


def request(
    preferences: Preferences, brief: TextbookBrief, material: Sequence[Material]
) -> Request:
    """Return the request for a plan. Raises `GenerationFailed`."""
    wanted = f"{brief.title} {brief.subject} {brief.instructions}"
    excerpts = excerpt.spread(material, wanted, preferences.context)
    assure(excerpts, brief.subject, brief.source_filter)
    tag = excerpt.tag(excerpts)
    messages = TEMPLATE.messages(
        language=brief.language,
        audience=brief.audience,
        tag=tag,
        sources=excerpt.shown(excerpts, tag),
        textbook=brief.title,
        subject=brief.subject,
        count=brief.chapters_total,
        words=size(brief.policy).about,
        wishes=wished(brief.instructions, brief.faults),
    )
    room = max(preferences.max_tokens, _A_CHAPTER * brief.chapters_total)
    return Request("plan", TEMPLATE, messages, schema_for(brief), room, excerpts)


def schema_for(brief: TextbookBrief) -> dict[str, Any]:
    """Return the schema of the answer, which says how many chapters there are."""
    return sized(PlannedTextbook, "chapters", f"Exactly {brief.chapters_total} chapters")


def read(text: str, reading: Reading, brief: TextbookBrief) -> Plan:
    """Return the plan that an answer holds. Raises `Misfit`."""
    planned = decoded(text, PlannedTextbook, mend=reading.mend).chapters
    titles = [one.title for one in planned]
    if found := planning.faults("$.chapters", "chapter", titles, brief.chapters_total):
        raise Misfit(found)
    return Plan(
        tuple(
            ChapterPlan(line(one.title), one.description.strip(), lines(one.key_points))
            for one in planned
        )
    )
