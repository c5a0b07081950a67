"""What an old textbook becomes: the events that the textbook and its job still lack. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from service.adopt.docusaurus.book import OldTextbook, check, job_id, policy_of, slugs
from service.adopt.docusaurus.document import Document
from service.adopt.docusaurus.parts import unread
from service.adopt.moving import Unfit
from service.job import decider as jobs
from service.job.decider import JOB
from service.job.events import Event as JobEvent
from service.textbook import identity, policy
from service.textbook.chapter import Chapter, Version
from service.textbook.content import ChapterPlan, Parts, Policy, Question, Summary
from service.textbook.decider import MOST_CHAPTERS, State, Textbook
from service.textbook.events import (
    BoosterGenerated,
    ChapterGenerated,
    ChapterPublished,
    ChapterValidated,
    Event,
    QuizGenerated,
    SummaryGenerated,
    TextbookPlanned,
    TextbookReady,
    TextbookRequested,
)
from service.textbook.length import minutes

Becomes = Literal["adopted", "updated", "unchanged", "kept"]

KEPT: Final = "It was changed here since (version {}), which stays; the file says otherwise."


class Move(Struct, frozen=True):
    """What becomes of one document: which version of which chapter it is, or why it is left.

    `remarks` are what could not be read of it, and what the policy would say if it were made here.
    """

    document: Document
    becomes: Becomes
    number: int
    version: int
    slug: str
    reason: str = ""
    remarks: tuple[str, ...] = ()


class Moving(Struct, frozen=True):
    """What becomes of each document, and the events that are missing.

    `gone` are the paths of chapters whose documents are there no more, by their numbers.
    """

    moves: Sequence[Move]
    gone: Mapping[int, str]
    textbook: Sequence[Event]
    job: Sequence[JobEvent]


def missing(old: OldTextbook, of: UUID, happened: Sequence[Event], now: State) -> Moving:
    """Return what has still to happen, so that all that people read there is out here too.

    `happened` are the events of the textbook `of`, and `now` what they make. Raises `Unfit`.
    """
    check(old)
    if not isinstance(now, Textbook):
        return _fresh(old, of)
    if now.archived:
        raise Unfit("This textbook is archived here, so nothing changes it any more.")
    paths = _paths(happened)
    if not any(one.path in paths for one in old.documents):
        raise Unfit(
            f"A textbook called {now.request.title} is here, from other files: take these over"
            " by another --title."
        )
    return _again(old, now, paths)


def _fresh(old: OldTextbook, of: UUID) -> Moving:
    rules = policy_of(old.documents)
    moves = list(_new(old.documents, 1, (), rules))
    job = job_id(of)
    chapters = (event for each in moves for event in _chapter(each, job, Chapter()))
    events = (_requested(old, of), _planned(moves), *chapters, TextbookReady())
    return Moving(moves, {}, events, tuple(_job(old, of)))


def _again(old: OldTextbook, now: Textbook, paths: Mapping[str, int]) -> Moving:
    job = now.request.job_id
    moves = list(_moves(old.documents, now, paths))
    changed = [each for each in moves if each.becomes in ("adopted", "updated")]
    events: list[Event] = []
    if any(each.becomes == "adopted" for each in moves):
        events.append(_planned([each for each in moves if each.becomes == "adopted"], now))
    for each in changed:
        events += _chapter(each, job, now.chapters.get(each.number, Chapter()))
    there = {one.path for one in old.documents}
    gone = {number: path for path, number in paths.items() if path not in there}
    return Moving(moves, gone, events, ())


def _moves(
    documents: Sequence[Document], now: Textbook, paths: Mapping[str, int]
) -> Iterator[Move]:
    known = [one for one in documents if one.path in paths]
    for one in known:
        yield _move(one, paths[one.path], now.chapters[paths[one.path]], now)
    new = [one for one in documents if one.path not in paths]
    there = len(now.plan.chapters) if now.plan else 0
    if there + len(new) > MOST_CHAPTERS:
        raise Unfit(
            f"With what is new the textbook would have {there + len(new)} chapters; it has at"
            f" most {MOST_CHAPTERS}. Take the rest over from a folder of its own."
        )
    taken = [each.latest.slug for each in now.chapters.values() if each.latest]
    yield from _new(new, there + 1, taken, now.request.policy)


def _new(
    documents: Sequence[Document], first: int, taken: Sequence[str], rules: Policy
) -> Iterator[Move]:
    """Yield documents that become chapters from number `first` on."""
    named = zip(documents, slugs(documents, taken), strict=True)
    for number, (one, slug) in enumerate(named, first):
        yield Move(one, "adopted", number, 1, slug, remarks=_remarks(one, rules))


def _move(document: Document, number: int, chapter: Chapter, now: Textbook) -> Move:
    """Return what becomes of a document that is a chapter here."""
    came = [each for each in chapter.versions if each.job_id == now.request.job_id]
    last, latest = came[-1], chapter.versions[-1]
    if _says(document) == _said(last):
        return Move(document, "unchanged", number, latest.version, latest.slug)
    if latest is not last:
        reason = KEPT.format(latest.version)
        return Move(document, "kept", number, latest.version, latest.slug, reason)
    remarks = _remarks(document, now.request.policy)
    return Move(document, "updated", number, latest.version + 1, latest.slug, remarks=remarks)


def _chapter(move: Move, job: UUID, chapter: Chapter) -> Iterator[Event]:
    """Yield a version of a chapter with its parts, and that it is out: people read it already."""
    number, version, one = move.number, move.version, move.document
    parts = one.parts
    yield ChapterGenerated(
        number,
        version,
        one.title,
        move.slug,
        parts.markdown,
        one.word_count,
        minutes(one.word_count),
        parts.key_points,
        (),
        job,
        at=one.written_at,
    )
    if parts.takeaways:
        yield SummaryGenerated(number, version, parts.takeaways)
    if parts.questions:
        before = [asked for each in reversed(chapter.versions) for asked in each.parts.questions]
        questions = identity.known(job, number, before, parts.questions)
        yield QuizGenerated(number, version, questions)
    for booster in parts.boosters:
        yield BoosterGenerated(**asdict(booster), number=number, version=version)
    yield ChapterValidated(number, version)
    digest = sha256(parts.markdown.encode()).hexdigest()
    yield ChapterPublished(number, version, one.path, digest, one.written_at)


def _requested(old: OldTextbook, of: UUID) -> TextbookRequested:
    written = [one.written_at for one in old.documents if one.written_at]
    return TextbookRequested(
        old.title,
        old.subject,
        old.audience,
        len(old.documents),
        old.prefix,
        old.language,
        old.user_id,
        job_id(of),
        policy_of(old.documents),
        at=min(written, default=None),
    )


def _planned(moves: Sequence[Move], now: Textbook | None = None) -> TextbookPlanned:
    there = now.plan.chapters if now and now.plan else ()
    documents = (move.document for move in moves)
    plans = (ChapterPlan(one.title, one.description, one.parts.key_points) for one in documents)
    return TextbookPlanned((*there, *plans))


def _job(old: OldTextbook, of: UUID) -> Iterator[JobEvent]:
    """Yield how the job has ended that stands for what was made elsewhere."""
    state = JOB.initial
    for command in (jobs.Create("textbook", of, old.user_id), jobs.Complete()):
        happened = JOB.decide(command, state)
        yield from happened
        state = JOB.fold(happened, state)


def _paths(happened: Sequence[Event]) -> dict[str, int]:
    """Return the chapters that came from files, by the paths at which they came out first."""
    paths: dict[int, str] = {}
    for event in happened:
        if isinstance(event, ChapterPublished):
            paths.setdefault(event.number, event.path)
    return {path: number for number, path in paths.items()}


def _remarks(document: Document, rules: Policy) -> tuple[str, ...]:
    parts = document.parts
    questions = identity.known(UUID(int=0), 1, (), parts.questions)
    said = Parts(parts.markdown, Summary(parts.takeaways), questions, parts.boosters)
    faults = policy.faults(replace(rules, quiz_gate="required"), said)
    return (*unread(parts.markdown), *faults)


def _says(document: Document) -> tuple[object, ...]:
    parts = document.parts
    boosters = [(one.kind, one.content, one.section_ref) for one in parts.boosters]
    questions = list(parts.questions)
    said = document.title, parts.markdown, parts.key_points
    return *said, parts.takeaways, questions, boosters


def _said(version: Version) -> tuple[object, ...]:
    parts: Parts = version.parts
    takeaways = parts.summary.takeaways if parts.summary else ()
    fields = Question.__struct_fields__
    questions = [Question(*(getattr(one, name) for name in fields)) for one in parts.questions]
    boosters = [(one.kind, one.content, one.section_ref) for one in parts.boosters]
    return version.title, parts.markdown, version.key_points, takeaways, questions, boosters
