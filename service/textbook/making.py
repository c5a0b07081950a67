"""What jobs record of a chapter: its text, then the parts that name their version, then a verdict.

Each of these may be asked for twice, after a crash, and is decided once. What belongs to a version
that is no longer the latest, or has been judged, comes too late and changes nothing.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from msgspec.structs import asdict, replace

from service.textbook import identity, length, policy
from service.textbook.chapter import Chapter, ChapterEvent, Judged, Version, latest
from service.textbook.commands import (
    FailChapter,
    GiveUpChapter,
    RecordBoosters,
    RecordChapter,
    RecordQuiz,
    RecordSummary,
    Validate,
)
from service.textbook.content import Parts, Policy
from service.textbook.events import (
    BoosterGenerated,
    BoosterRefused,
    ChapterFailed,
    ChapterGenerated,
    ChapterRejected,
    ChapterValidated,
    QuizGenerated,
    SummaryGenerated,
)
from service.textbook.slug import slug


def record_chapter(
    command: RecordChapter, chapter: Chapter, whole: UUID, taken: Collection[str]
) -> Sequence[ChapterEvent]:
    """Begin the next version, unless this job has one in the making; `taken` are others' slugs.

    The job that makes the `whole` textbook is only to make what is missing: what somebody else has
    made of the chapter meanwhile, it leaves as it is.
    """
    draft, last = command.draft, chapter.latest
    if last is not None and last.job_id == command.job_id and last.standing == "generated":
        return ()
    if command.job_id == whole and last is not None and not replaceable(last):
        return ()
    words = length.words(draft.markdown)
    return (
        ChapterGenerated(
            draft.number,
            len(chapter.versions) + 1,
            draft.title,
            last.slug if last is not None else slug(draft.title, taken),
            draft.markdown,
            words,
            length.minutes(words),
            draft.key_points,
            draft.sources,
            command.job_id,
            command.instructions,
        ),
    )


def replaceable(latest: Version) -> bool:
    """Tell whether a version may be made anew unasked: a job's that was rejected, no person's."""
    return latest.standing == "rejected" and latest.job_id is not None


def record_summary(command: RecordSummary, chapter: Chapter) -> Sequence[ChapterEvent]:
    """Keep the first summary of the version in the making."""
    at = _open(command, chapter)
    if at is None or at.parts.summary is not None:
        return ()
    said = command.summary
    return (SummaryGenerated(command.number, command.version, said.takeaways, said.sources),)


def record_quiz(command: RecordQuiz, chapter: Chapter, of: UUID) -> Sequence[ChapterEvent]:
    """Keep the first questions of the version in the making; their ids follow from `of`."""
    at = _open(command, chapter)
    if at is None or at.quizzed:
        return ()
    before = [asked for each in reversed(chapter.versions) for asked in each.parts.questions]
    questions = identity.known(of, command.number, before, command.questions)
    return (QuizGenerated(command.number, command.version, questions),)


def record_boosters(command: RecordBoosters, chapter: Chapter) -> Sequence[ChapterEvent]:
    """Keep the first boosters of the version in the making, counted from 1, and the refused."""
    at = _open(command, chapter)
    if at is None or at.boosted:
        return ()
    of, version = command.number, command.version
    made = [replace(one, position=n) for n, one in enumerate(command.boosters.made, 1)]
    refused = command.boosters.refused
    return (
        *(BoosterGenerated(**asdict(one), number=of, version=version) for one in made),
        *(BoosterRefused(**asdict(one), number=of, version=version) for one in refused),
    )


def validate(command: Validate, chapter: Chapter, rules: Policy) -> Sequence[ChapterEvent]:
    """Judge the version in the making."""
    at = _open(command, chapter)
    return () if at is None else (judged(command.number, command.version, at.parts, rules),)


def judged(number: int, version: int, parts: Parts, rules: Policy) -> Judged:
    """Return what the textbook's policy says of a version."""
    faults = policy.faults(rules, parts)
    if faults:
        return ChapterRejected(number, version, faults)
    return ChapterValidated(number, version)


def fail(command: FailChapter, chapter: Chapter) -> Sequence[ChapterEvent]:
    """Note why a job could not make the chapter to its end."""
    if (chapter.error, chapter.failed_by) == (command.error, command.job_id):
        return ()
    return (ChapterFailed(command.number, command.error, command.job_id),)


def give_up(command: GiveUpChapter, chapter: Chapter) -> Sequence[ChapterEvent]:
    """Note why the version that a job has begun stays unfinished, unless that is said already."""
    last = chapter.latest
    left = last is not None and last.job_id == command.job_id and last.standing == "generated"
    if not left or chapter.failed_by == command.job_id:
        return ()
    return (ChapterFailed(command.number, command.error, command.job_id),)


def _open(
    command: RecordSummary | RecordQuiz | RecordBoosters | Validate, chapter: Chapter
) -> Version | None:
    """Return the latest version if it is the one that is meant and not judged yet."""
    last = latest(chapter, command.number)
    meant = last.version == command.version and last.standing == "generated"
    return last if meant else None
