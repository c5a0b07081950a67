"""What people do with a textbook's chapters: publish them, edit them, go back."""

from hashlib import sha256

import pytest
from msgspec.structs import replace

from service.content.title import TitleMissing
from service.textbook.chapter import NoSuchChapter, NoSuchVersion
from service.textbook.commands import (
    ArchiveTextbook,
    Command,
    PublishChapter,
    PublishTextbook,
    RecordChapter,
    RecordPlan,
    ReviseChapter,
    RollBackChapter,
)
from service.textbook.decider import TEXTBOOK, NothingToPublish, TextbookIsArchived
from service.textbook.events import (
    ChapterPublished,
    ChapterRejected,
    ChapterRevised,
    ChapterRolledBack,
    ChapterValidated,
    Event,
)
from service.textbook.keeping import ChapterNotValidated, NewerVersion, VersionIncomplete
from tests.given import given
from tests.shapes import history
from tests.textbook.pieces import ANEW, PLAN, REQUEST, TEXT, WHOLE, draft, made, textbook

BETTER = TEXT + "\n\nAnd what is pulled comes near."
HASH = sha256(TEXT.encode()).hexdigest()
FIRST = ChapterPublished(1, 1, "01-push-and-pull.md", HASH)
SECOND = ChapterPublished(2, 1, "02-motion.md", HASH)
SHORT = ChapterRejected(1, 2, ("The text has 2 words; it must have 3 to 50.",))


def after(*commands: Command) -> tuple[Event, ...]:
    """Return what has happened to a ready textbook of two chapters, to which this is done."""
    return tuple(history(TEXTBOOK, [*WHOLE, *commands]))


READY = after()
MAKING = after(RecordChapter(draft(1, markdown=BETTER), ANEW))
"""A textbook whose first chapter is being made anew."""


def test_a_validated_chapter_is_published_once() -> None:
    given(TEXTBOOK, *READY).when(PublishChapter(1)).then(FIRST)
    given(TEXTBOOK, *READY).when(PublishChapter(1), PublishChapter(1)).then()
    given(TEXTBOOK, *READY).when(PublishChapter(1), PublishChapter(1, 1)).then()


def test_the_version_that_was_read_is_published_and_no_newer_one() -> None:
    revised = after(ReviseChapter(1, BETTER))

    given(TEXTBOOK, *revised).when(PublishChapter(1, 1)).refused(NewerVersion)
    given(TEXTBOOK, *revised).when(PublishChapter(1, 2)).then(
        ChapterPublished(1, 2, "01-push-and-pull.md", sha256(BETTER.encode()).hexdigest())
    )


def test_a_version_in_the_making_is_not_published() -> None:
    given(TEXTBOOK, *MAKING).when(PublishChapter(1)).refused(ChapterNotValidated)


def test_a_rejected_version_is_not_published_and_all_that_is_wrong_is_said() -> None:
    state = TEXTBOOK.fold(after(ReviseChapter(1, "Too short.")))

    with pytest.raises(ChapterNotValidated) as raised:
        TEXTBOOK.decide(PublishChapter(1), state)

    assert str(raised.value) == (
        "Version 2 of chapter 1 was rejected: The text has 2 words; it must have 3 to 50."
    )
    assert raised.value.facts == {"faults": SHORT.errors}


def test_publishing_a_textbook_publishes_what_is_validated_and_not_out() -> None:
    given(TEXTBOOK, *READY).when(PublishTextbook()).then(FIRST, SECOND)
    given(TEXTBOOK, *after(PublishChapter(1))).when(PublishTextbook()).then(SECOND)
    given(TEXTBOOK, *after(ReviseChapter(1, "No."))).when(PublishTextbook()).then(SECOND)
    given(TEXTBOOK, *MAKING).when(PublishTextbook()).then(SECOND)
    given(TEXTBOOK, *READY).when(PublishTextbook(), PublishTextbook()).then()


def test_a_textbook_of_which_nothing_is_validated_is_not_published() -> None:
    begun = history(TEXTBOOK, [REQUEST, RecordPlan(PLAN), *made(1)[:-1]])

    given(TEXTBOOK, *begun).when(PublishTextbook()).refused(NothingToPublish)


def test_a_persons_text_is_the_next_version_judged_at_once() -> None:
    given(TEXTBOOK, *READY).when(ReviseChapter(1, BETTER, " Pull ")).then(
        ChapterRevised(1, 2, 1, "Pull", BETTER, 12, 1), ChapterValidated(1, 2)
    )
    given(TEXTBOOK, *READY).when(ReviseChapter(1, "Too short.")).then(
        ChapterRevised(1, 2, 1, "Push and pull", "Too short.", 2, 1), SHORT
    )


def test_a_persons_text_may_be_without_a_section_that_a_booster_helps_with() -> None:
    without = BETTER.replace("## Push", "## Shove")
    assert without != BETTER

    edited = after(ReviseChapter(1, without), ReviseChapter(1, BETTER), RollBackChapter(1, 2))

    assert [one for one in edited if isinstance(one, ChapterRejected)] == []
    assert textbook(edited).chapters[1].versions[-1].parts.boosters[0].section_ref == "Push"


def test_a_chapter_keeps_the_path_at_which_it_came_out_first() -> None:
    came = replace(FIRST, path="part-1/push.md")
    revised = TEXTBOOK.decide(ReviseChapter(1, BETTER), TEXTBOOK.fold([*READY, came]))

    given(TEXTBOOK, *READY, came, *revised).when(PublishChapter(1)).then(
        ChapterPublished(1, 2, "part-1/push.md", sha256(BETTER.encode()).hexdigest())
    )


def test_a_persons_text_that_says_nothing_new_is_no_version() -> None:
    given(TEXTBOOK, *READY).when(ReviseChapter(1, TEXT)).then()


def test_a_person_cannot_take_the_title_away() -> None:
    given(TEXTBOOK, *READY).when(ReviseChapter(1, BETTER, " ")).refused(TitleMissing)


def test_a_version_in_the_making_is_not_edited() -> None:
    given(TEXTBOOK, *MAKING).when(ReviseChapter(1, BETTER)).refused(VersionIncomplete)


def test_a_chapter_goes_back_to_any_version_with_the_parts_that_it_had() -> None:
    edited = after(ReviseChapter(1, BETTER), *made(1, 3, ANEW, "## Push\n\nOther words."))

    given(TEXTBOOK, *edited).when(RollBackChapter(1, 2)).then(
        ChapterRolledBack(1, 4, 2), ChapterValidated(1, 4)
    )
    back = textbook(after(ReviseChapter(1, BETTER), RollBackChapter(1, 1))).chapters[1]
    first, _, third = back.versions
    assert (third.version, third.base, third.parts) == (3, 1, first.parts)
    assert (third.title, third.slug, third.job_id) == (first.title, first.slug, None)


def test_a_chapter_does_not_go_back_to_what_it_says_already() -> None:
    given(TEXTBOOK, *READY).when(RollBackChapter(1, 1)).then()
    given(TEXTBOOK, *after(ReviseChapter(1, BETTER))).when(
        RollBackChapter(1, 1), RollBackChapter(1, 1)
    ).then()


def test_a_version_in_the_making_is_left_by_going_back() -> None:
    given(TEXTBOOK, *MAKING).when(RollBackChapter(1, 1)).then(
        ChapterRolledBack(1, 3, 1), ChapterValidated(1, 3)
    )


def test_going_back_to_a_rejected_version_is_rejected_again() -> None:
    given(TEXTBOOK, *after(ReviseChapter(1, "Too short."), ReviseChapter(1, BETTER))).when(
        RollBackChapter(1, 2)
    ).then(ChapterRolledBack(1, 4, 2), ChapterRejected(1, 4, SHORT.errors))


@pytest.mark.parametrize("version", [0, 2, -1])
def test_there_is_no_going_back_to_a_version_that_there_is_not(version: int) -> None:
    given(TEXTBOOK, *READY).when(RollBackChapter(1, version)).refused(NoSuchVersion)


@pytest.mark.parametrize(
    "command", [PublishChapter(2), ReviseChapter(2, TEXT), RollBackChapter(2, 1)]
)
def test_a_chapter_of_which_nothing_is_made_is_not_kept(command: Command) -> None:
    begun = history(TEXTBOOK, [REQUEST, RecordPlan(PLAN), *made(1)])

    given(TEXTBOOK, *begun).when(command).refused(NoSuchChapter)


@pytest.mark.parametrize(
    "command", [PublishChapter(1), PublishTextbook(), ReviseChapter(1, BETTER)]
)
def test_nothing_is_kept_of_an_archived_textbook(command: Command) -> None:
    given(TEXTBOOK, *after(ArchiveTextbook())).when(command).refused(TextbookIsArchived)
