"""A chapter as a model is asked for it, and how what it writes becomes one."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from service.course.content import Section
from service.generation.author import TextbookBrief
from service.generation.gate.fault import Fault, Misfit
from service.generation.openai import excerpt
from service.generation.openai.excerpt import Excerpt
from service.generation.openai.ladder import Reading
from service.generation.openai.planning import named
from service.generation.openai.prompt import TEMPLATES
from service.generation.openai.repair import decoded
from service.generation.openai.request import Preferences, Request, assure
from service.generation.openai.schema import schema
from service.generation.openai.section import (
    Proven,
    WrittenSection,
    called,
    open_ended,
    proven,
    shown,
)
from service.generation.openai.textbook.size import Size, size
from service.generation.openai.wish import wished
from service.library.material import Material
from service.textbook import length
from service.textbook.content import ChapterPlan, Draft, Plan
from service.textbook.section import same

TEMPLATE: Final = TEMPLATES["textbook.chapter"]
_A_WORD: Final = 3
"""Tokens that a word takes, generously, with its share of the quotes."""


class ChapterSection(WrittenSection, frozen=True, forbid_unknown_fields=True):
    """A part of the chapter."""


class WrittenChapter(Struct, frozen=True, forbid_unknown_fields=True):
    """A chapter."""

    sections: Annotated[tuple[ChapterSection, ...], Meta(min_length=2, max_length=12)]


class Page(Struct, frozen=True):
    """What a chapter is written for: its place in the plan, its size, and what it is made from."""

    number: int
    plan: ChapterPlan
    size: Size
    excerpts: tuple[Excerpt, ...]


def request(
    preferences: Preferences,
    brief: TextbookBrief,
    plan: Plan,
    number: int,
    material: Sequence[Material],
) -> Request:
    """Return the request for chapter `number` (from 1) of `plan`. Raises `GenerationFailed`."""
    own = plan.chapters[number - 1]
    wanted = " ".join((own.title, own.description, *own.key_points, brief.instructions))
    excerpts = excerpt.telling(material, wanted, preferences.context)
    assure(excerpts, brief.subject, brief.source_filter)
    tag, wide = excerpt.tag(excerpts), size(brief.policy)
    listed = [f"{at}. {one.title}: {one.description}" for at, one in enumerate(plan.chapters, 1)]
    messages = TEMPLATE.messages(
        language=brief.language,
        audience=brief.audience,
        tag=tag,
        sources=excerpt.shown(excerpts, tag),
        textbook=brief.title,
        chapters="\n".join(listed),
        number=number,
        title=own.title,
        description=own.description,
        key_points="; ".join(own.key_points),
        about=wide.about,
        least=wide.least,
        most=wide.most,
        wishes=wished(brief.instructions, brief.faults),
    )
    room = max(preferences.max_tokens, _A_WORD * wide.about)
    return Request("chapter", TEMPLATE, messages, schema_for(), room, excerpts)


def schema_for() -> dict[str, Any]:
    """Return the schema of the answer."""
    return schema(WrittenChapter)


def read(text: str, reading: Reading, page: Page) -> Draft:
    """Return the chapter that an answer holds. Raises `Misfit` with all faults.

    Of the last answer, quotes that do not hold are left out where another of the section does.
    """
    written = decoded(text, WrittenChapter, mend=reading.mend).sections
    proofs = [
        proven(one, f"$.sections[{at}]", page.excerpts, last=reading.last)
        for at, one in enumerate(written)
    ]
    markdown = _markdown(written, proofs, page.size.most)
    faults = [*_structure(written), *(fault for one in proofs for fault in one.faults)]
    if faults := [*faults, *_length(length.words(markdown), page.size)]:
        raise Misfit(faults)
    cited = dict.fromkeys(each for one in proofs for each in one.cited)
    return Draft(page.number, page.plan.title, markdown, page.plan.key_points, tuple(cited))


def _markdown(written: Sequence[WrittenSection], proofs: Sequence[Proven], most: int) -> str:
    """Return the chapter's text; each section shows a quote, while that makes it not too long."""
    made = [shown(one, ()) for one in written]
    left = most - length.words(_joined(made))
    for at, (one, proof) in enumerate(zip(written, proofs, strict=True)):
        quoting = shown(one, proof.cited[:1])
        more = length.words(quoting.markdown) - length.words(made[at].markdown)
        if more <= left:
            made[at], left = quoting, left - more
    return _joined(made)


def _joined(sections: Sequence[Section]) -> str:
    return "\n\n".join(f"## {one.heading}\n\n{one.markdown}" for one in sections) + "\n"


def _structure(written: Sequence[WrittenSection]) -> list[Fault]:
    """Return what would make other sections of the text, or others of the same name."""
    found = list[Fault]()
    for at, one in enumerate(written):
        path = f"$.sections[{at}]"
        if any(same(called(one.heading), called(other.heading)) for other in written[:at]):
            found.append(Fault(f"{path}.heading", "another section has the same heading"))
        found += named(f"{path}.heading", one.heading, "a heading")
        found += open_ended(f"{path}.markdown", shown(one, ()).markdown)
    return found


def _length(words: int, size: Size) -> list[Fault]:
    """Return what is wrong with a text's length, and by how much."""
    if size.least <= words <= size.most:
        return []
    change = "explain more, in" if words < size.least else "leave out"
    return [
        Fault(
            "$.sections",
            f"the text has {words} words; it must have {size.least} to {size.most}:"
            f" {change} about {abs(size.about - words)} words",
        )
    ]
