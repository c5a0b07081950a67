"""Sections as models write them, with quotes that prove them, and what becomes of those."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from service.course.content import Citation, Section
from service.generation.gate import text
from service.generation.gate.fault import Fault
from service.generation.openai.excerpt import Excerpt

Words = Annotated[str, Meta(min_length=1)]


class Evidence(Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence of a source, word for word."""

    source: int
    quote: Words


class WrittenSection(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the lesson."""

    heading: Annotated[str, Meta(min_length=1, max_length=200)]
    markdown: Words
    evidence: Annotated[tuple[Evidence, ...], Meta(min_length=1, max_length=8)]


class Proven(Struct, frozen=True):
    """Something written, with the citations that hold, and all that is wrong with it."""

    cited: tuple[Citation, ...]
    faults: tuple[Fault, ...]


def proven(one: WrittenSection, path: str, excerpts: Sequence[Excerpt], *, last: bool) -> Proven:
    """Return what of a section holds. With `last`, one quote that holds is enough."""
    faults = said(f"{path}.heading", [one.heading]) + said(f"{path}.markdown", [one.markdown])
    found = [
        cite(each, f"{path}.evidence[{n}]", excerpts, last=last)
        for n, each in enumerate(one.evidence)
    ]
    cited = tuple(each for each in found if isinstance(each, Citation))
    unproven = tuple(each for each in found if isinstance(each, Fault))
    return Proven(cited, faults if last and cited else (*faults, *unproven))


def cite(
    evidence: Evidence, path: str, excerpts: Sequence[Excerpt], *, last: bool
) -> Citation | Fault:
    """Return where the words stand, to the letter, or what is wrong with them.

    With `last`, words that stand in another source than was said are cited from there.
    """
    own = [one for one in excerpts if one.number == evidence.source]
    for one in (*own, *excerpts):
        if (span := one.located(evidence.quote)) is None:
            continue
        if one in own or last:
            start, end = span
            quote = one.text[start - one.start : end - one.start]
            return Citation(one.source_id, one.path, start, end, quote)
        return Fault(
            f"{path}.source",
            f"the quote does not stand in source {evidence.source} but in source {one.number}",
        )
    if not own:
        return Fault(f"{path}.source", f"there is no source {evidence.source}")
    return Fault(
        f"{path}.quote",
        f"these words do not stand in source {evidence.source}, or in any other: copy one whole"
        " sentence word for word",
    )


def said(path: str, texts: Iterable[str]) -> tuple[Fault, ...]:
    """Return what learners must not read in any of `texts`."""
    return tuple(Fault(path, what) for one in texts for what in text.faults(one))


def open_ended(path: str, markdown: str) -> tuple[Fault, ...]:
    """Return what is wrong with a text that would change what follows it on a page."""
    if text.closed(markdown):
        return ()
    told = "close its blocks of code and comments, and put no line of “-” or “=” below words"
    return (Fault(path, f"what follows it would be read otherwise: {told}"),)


def shown(one: WrittenSection, cited: Iterable[Citation]) -> Section:
    """Return the section with its quotes below it, those that it does not hold anyway."""
    heading = called(one.heading)
    blocks = [text.below(one.markdown, heading)]
    blocks += [
        f"> {line(each.quote)}\n>\n> — *{each.path}*"
        for each in dict.fromkeys(cited)
        if line(each.quote) not in line(one.markdown)
    ]
    return Section(heading, "\n\n".join(blocks))


def called(heading: str) -> str:
    """Return a heading without the marks that models like to put before it."""
    return line(heading).lstrip("# ")


def line(words: str) -> str:
    """Return words on one line, with single spaces."""
    return " ".join(words.split())
