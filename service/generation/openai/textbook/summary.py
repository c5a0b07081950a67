"""What to take away from a chapter, as a model is asked for it and as it is read."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from service.course.content import Citation
from service.generation.author import TextbookBrief
from service.generation.gate.fault import Fault
from service.generation.gate.quiz import like
from service.generation.openai import excerpt
from service.generation.openai.excerpt import Excerpt
from service.generation.openai.ladder import Reading
from service.generation.openai.planning import named
from service.generation.openai.prompt import TEMPLATES
from service.generation.openai.repair import decoded
from service.generation.openai.request import Preferences, Request, assure
from service.generation.openai.schema import sized
from service.generation.openai.section import Evidence, cite, line, said
from service.generation.openai.textbook.page import opened
from service.generation.openai.textbook.sift import Weighed, many, sifted
from service.generation.openai.wish import wished
from service.library.material import Material
from service.textbook.content import Draft, Policy, Summary

TEMPLATE: Final = TEMPLATES["textbook.summary"]
_A_TAKEAWAY: Final = 200
"""Tokens that one takes with its quote, generously."""


class WrittenTakeaway(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to take away, and the quote that it rests on."""

    takeaway: Annotated[str, Meta(min_length=1, max_length=500)]
    evidence: Evidence


class WrittenSummary(Struct, frozen=True, forbid_unknown_fields=True):
    """What to take away from the chapter."""

    takeaways: tuple[WrittenTakeaway, ...]


def request(
    preferences: Preferences, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
) -> Request:
    """Return the request for a chapter's summary. Raises `GenerationFailed`.

    It shows the quotes that the chapter rests on; one without any, what its sources say of it.
    """
    excerpts = excerpt.quoted(draft.sources, preferences.context)
    if not excerpts:
        wanted = " ".join((draft.title, *draft.key_points))
        excerpts = excerpt.telling(material, wanted, preferences.context)
    assure(excerpts, brief.subject, brief.source_filter)
    policy, tag = brief.policy, excerpt.tag(excerpts)
    messages = TEMPLATE.messages(
        language=brief.language,
        audience=brief.audience,
        tag=tag,
        sources=excerpt.shown(excerpts, tag),
        count=many(policy.takeaways_min, policy.takeaways_max),
        wishes=wished(brief.instructions, brief.faults),
        **opened(draft, excerpts),
    )
    room = max(preferences.max_tokens, _A_TAKEAWAY * policy.takeaways_max)
    return Request("summary", TEMPLATE, messages, schema_for(policy), room, excerpts)


def schema_for(policy: Policy) -> dict[str, Any]:
    """Return the schema of the answer, which says how many takeaways there are."""
    wanted = many(policy.takeaways_min, policy.takeaways_max)
    return sized(WrittenSummary, "takeaways", f"{wanted} takeaways")


def read(text: str, reading: Reading, policy: Policy, excerpts: Sequence[Excerpt]) -> Summary:
    """Return the summary that an answer holds. Raises `Misfit`."""
    written = decoded(text, WrittenSummary, mend=reading.mend).takeaways
    weighed = [_weighed(written, at, excerpts, last=reading.last) for at in range(len(written))]
    limits = policy.takeaways_min, policy.takeaways_max
    kept = sifted("$.takeaways", weighed, *limits, last=reading.last)
    cited = dict.fromkeys(each for _, each in kept if each is not None)
    return Summary(tuple(takeaway for takeaway, _ in kept), tuple(cited))


def _weighed(
    written: Sequence[WrittenTakeaway], at: int, excerpts: Sequence[Excerpt], *, last: bool
) -> Weighed[tuple[str, Citation | None]]:
    one, path = written[at], f"$.takeaways[{at}]"
    faults = [
        *said(path, [one.takeaway]),
        *named(f"{path}.takeaway", one.takeaway, "a takeaway"),
    ]
    if any(like(one.takeaway) == like(other.takeaway) for other in written[:at]):
        faults.append(Fault(f"{path}.takeaway", "another one says the same"))
    found = cite(one.evidence, f"{path}.evidence", excerpts, last=last)
    if isinstance(found, Fault):
        return Weighed((line(one.takeaway), None), (*faults, found))
    return Weighed((line(one.takeaway), found), tuple(faults))
