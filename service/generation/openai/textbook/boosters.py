"""Boosters, the helps with a chapter, as a model is asked for them and as they are read."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from service.course.content import Citation
from service.generation.author import TextbookBrief
from service.generation.gate import text as texts
from service.generation.gate.fault import Fault, Misfit
from service.generation.gate.quiz import like
from service.generation.openai import excerpt
from service.generation.openai.excerpt import Excerpt
from service.generation.openai.ladder import Reading
from service.generation.openai.planning import named
from service.generation.openai.prompt import TEMPLATES
from service.generation.openai.repair import decoded
from service.generation.openai.request import Preferences, Request, assure
from service.generation.openai.schema import sized
from service.generation.openai.section import Evidence, Words, called, cite, open_ended, said
from service.generation.openai.textbook.page import opened
from service.generation.openai.textbook.sift import Weighed, many, sifted
from service.generation.openai.wish import wished
from service.library.material import Material
from service.textbook.content import Booster, BoosterKind, Boosters, Draft, Policy
from service.textbook.section import headings, same

TEMPLATE: Final = TEMPLATES["textbook.boosters"]
_A_BOOSTER: Final = 500
"""Tokens that one takes with its quote, generously."""
_ANALOGY: Final = {
    "required": "At least one of them is an analogy.",
    "optional": "One of them is an analogy, if a good one offers itself.",
}


class WrittenBooster(Struct, frozen=True, forbid_unknown_fields=True):
    """One help with a section of the chapter."""

    kind: BoosterKind
    section_ref: Annotated[str, Meta(max_length=200)]
    content: Words
    evidence: Evidence


class WrittenBoosters(Struct, frozen=True, forbid_unknown_fields=True):
    """The helps with the chapter."""

    boosters: tuple[WrittenBooster, ...]


class _Placed(Struct, frozen=True):
    """A booster with the heading of its section, '' for the chapter, and its citation, if any."""

    written: WrittenBooster
    section_ref: str
    cited: Citation | None


def request(
    preferences: Preferences, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
) -> Request:
    """Return the request for a chapter's boosters. Raises `GenerationFailed`.

    It shows what the chapter's quotes are from; for one without any, what tells of it.
    """
    excerpts = excerpt.around(material, draft.sources, preferences.context)
    if not excerpts:
        wanted = " ".join((draft.title, *draft.key_points, brief.instructions))
        excerpts = excerpt.telling(material, wanted, preferences.context)
    assure(excerpts, brief.subject, brief.source_filter)
    policy, tag = brief.policy, excerpt.tag(excerpts)
    messages = TEMPLATE.messages(
        language=brief.language,
        audience=brief.audience,
        tag=tag,
        sources=excerpt.shown(excerpts, tag),
        count=many(policy.boosters_min, policy.boosters_max),
        analogy=_ANALOGY[policy.analogies],
        headings="\n".join(f"  - {one}" for one in headings(draft.markdown)),
        wishes=wished(brief.instructions, brief.faults),
        **opened(draft, excerpts),
    )
    room = max(preferences.max_tokens, _A_BOOSTER * policy.boosters_max)
    return Request("boosters", TEMPLATE, messages, schema_for(policy), room, excerpts)


def schema_for(policy: Policy) -> dict[str, Any]:
    """Return the schema of the answer, which says how many boosters there are."""
    wanted = many(policy.boosters_min, policy.boosters_max)
    return sized(WrittenBoosters, "boosters", f"{wanted} boosters")


def read(
    text: str, reading: Reading, policy: Policy, draft: Draft, excerpts: Sequence[Excerpt]
) -> Boosters:
    """Return the boosters that an answer holds, none of them refused. Raises `Misfit`."""
    written = decoded(text, WrittenBoosters, mend=reading.mend).boosters
    known = headings(draft.markdown)
    weighed = [
        _weighed(written, at, known, excerpts, last=reading.last) for at in range(len(written))
    ]
    kept = sifted("$.boosters", weighed, policy.boosters_min, len(written), last=reading.last)
    chosen = _chosen(kept, policy)
    return Boosters(
        tuple(
            Booster(
                one.written.kind,
                texts.below(one.written.content, one.section_ref),
                one.section_ref,
                at,
                (one.cited,) if one.cited else (),
            )
            for at, one in enumerate(chosen, 1)
        )
    )


def _chosen(kept: Sequence[_Placed], policy: Policy) -> Sequence[_Placed]:
    """Return no more than a policy wants, an analogy among them where it wants one."""
    most = policy.boosters_max
    analogies = [one for one in kept if one.written.kind == "analogy"]
    if policy.analogies == "required" and not analogies:
        raise Misfit([Fault("$.boosters", "none of them is an analogy, and one must be")])
    if policy.analogies == "required" and analogies[0] not in kept[:most]:
        return (*kept[: most - 1], analogies[0])
    return kept[:most]


def _weighed(
    written: Sequence[WrittenBooster],
    at: int,
    known: Sequence[str],
    excerpts: Sequence[Excerpt],
    *,
    last: bool,
) -> Weighed[_Placed]:
    one, path = written[at], f"$.boosters[{at}]"
    wanted = called(one.section_ref)
    ref = next((name for name in known if same(name, wanted)), None) if wanted else ""
    cited = cite(one.evidence, f"{path}.evidence", excerpts, last=last)
    faults = list(_faults(written, at, path))
    if ref is None:
        listed = "; ".join(f"“{name}”" for name in known)
        faults.append(
            Fault(f"{path}.section_ref", f"no section is called so: take one of {listed}")
        )
    if isinstance(cited, Fault):
        return Weighed(_Placed(one, ref or "", None), (*faults, cited))
    return Weighed(_Placed(one, ref or "", cited), tuple(faults))


def _faults(written: Sequence[WrittenBooster], at: int, path: str) -> Iterator[Fault]:
    content = written[at].content
    yield from said(f"{path}.content", [content])
    yield from open_ended(f"{path}.content", texts.below(content, ""))
    yield from named(f"{path}.content", content, "a booster")
    if any(like(content) == like(other.content) for other in written[:at]):
        yield Fault(f"{path}.content", "another one says the same")
