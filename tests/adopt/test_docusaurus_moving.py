"""What an old textbook becomes: whole, again, beside what happened here meanwhile."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from service.adopt.docusaurus.book import OldTextbook, job_id, policy_of, slugs, textbook_id
from service.adopt.docusaurus.document import Document, read
from service.adopt.docusaurus.moving import Moving, missing
from service.adopt.moving import Unfit
from service.job.decider import JOB, Ended
from service.textbook.commands import (
    ArchiveTextbook,
    PublishChapter,
    ReviseChapter,
    RollBackChapter,
)
from service.textbook.content import Policy
from service.textbook.contradiction import contradictions
from service.textbook.decider import TEXTBOOK, Textbook
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
from tests.adopt.old_site import QUESTION, chapter, quiz

TENANT, OF = UUID(int=1), UUID(int=7)


def document(number: int, text: str = "", **matter: object) -> Document:
    made = chapter(number, f"Push {number}", text, **matter)
    return read(made.encode(), f"chapter-{number:02d}-push-{number}.md")


def book(*documents: Document) -> OldTextbook:
    return OldTextbook("Pushes and pulls", "Physics", "Beginners", "en", "ann", "/docs", documents)


BOOK = book(document(1), document(2, date="2025-12-15"))


def moved(old: OldTextbook, happened: Sequence[Event] = ()) -> Moving:
    return missing(old, OF, happened, TEXTBOOK.fold(happened))


def kinds(events: Sequence[Any]) -> list[type]:
    return [type(event) for event in events]


def becomes(moving: Moving) -> list[tuple[int, str]]:
    return [(move.number, move.becomes) for move in moving.moves]


CHAPTER = [
    ChapterGenerated, SummaryGenerated, QuizGenerated, BoosterGenerated, ChapterValidated,
    ChapterPublished,
]  # fmt: skip


def test_a_textbook_is_published_with_all_its_parts() -> None:
    moving = moved(BOOK)

    assert kinds(moving.textbook) == [
        TextbookRequested, TextbookPlanned, *CHAPTER, *CHAPTER, TextbookReady,
    ]  # fmt: skip
    requested, planned, made, summary, asked, booster, _, published = moving.textbook[:8]
    assert isinstance(requested, TextbookRequested)
    assert (requested.job_id, requested.source_filter) == (job_id(OF), "pushes-and-pulls/")
    assert requested.at == BOOK.documents[1].written_at
    assert isinstance(planned, TextbookPlanned)
    assert [one.description for one in planned.chapters] == [
        "Chapter 1 of the book", "Chapter 2 of the book",
    ]  # fmt: skip
    assert isinstance(made, ChapterGenerated)
    assert (made.number, made.version, made.slug) == (1, 1, "chapter-01-push-1")
    assert isinstance(summary, SummaryGenerated)
    assert summary.takeaways == BOOK.documents[0].parts.takeaways
    assert isinstance(asked, QuizGenerated)
    assert asked.questions[0].text == QUESTION["question_text"]
    assert isinstance(booster, BoosterGenerated)
    assert (booster.section_ref, booster.position) == ("Pushing", 1)
    assert published == ChapterPublished(
        1, 1, "chapter-01-push-1.md", sha256(made.markdown.encode()).hexdigest()
    )
    job = JOB.fold(moving.job)
    assert isinstance(job, Ended)
    state = TEXTBOOK.fold(moving.textbook)
    assert isinstance(state, Textbook)
    assert (state.ready, state.missing) == (True, ())


def test_a_second_time_there_is_nothing_to_do() -> None:
    before = moved(BOOK).textbook

    again = moved(BOOK, before)

    assert becomes(again) == [(1, "unchanged"), (2, "unchanged")]
    assert (list(again.textbook), list(again.job)) == ([], [])


def test_an_edited_file_is_one_new_version_that_is_out() -> None:
    before = moved(BOOK).textbook
    edited = book(BOOK.documents[0], document(2, "## Pushing\n\nBetter."))

    again = moved(edited, before)

    assert becomes(again) == [(1, "unchanged"), (2, "updated")]
    assert kinds(again.textbook) == CHAPTER
    state = TEXTBOOK.fold([*before, *again.textbook])
    assert isinstance(state, Textbook)
    second = state.chapters[2]
    assert (len(second.versions), second.published, second.versions[1].slug) == (
        2, 2, "chapter-02-push-2",
    )  # fmt: skip
    ids = [[asked.id for asked in one.parts.questions] for one in second.versions]
    assert len(ids[0]) == len(ids[1]) == 1
    assert moved(edited, [*before, *again.textbook]).textbook == []


@pytest.mark.parametrize(
    "text",
    [
        chapter(2, "Push 2").replace("A push changes", "A push alters"),
        chapter(2, "Push 2").replace('"difficulty": "easy"', '"difficulty": "hard"'),
        chapter(2, "Push 2").replace("A push is like", "A pull is like"),
        chapter(2, "Push 2").replace("Push 2", "Pull 2"),
    ],
    ids=["summary", "quiz", "booster", "title"],
)
def test_any_part_that_changed_is_a_change(text: str) -> None:
    edited = read(text.encode(), "chapter-02-push-2.md")

    again = moved(book(BOOK.documents[0], edited), moved(BOOK).textbook)

    assert becomes(again) == [(1, "unchanged"), (2, "updated")]


def test_what_the_site_never_showed_is_no_change() -> None:
    text = chapter(2, "Push 2", date="2025-12-15") + "\n\n<!-- to do: more -->\n"
    edited = read(text.encode(), "chapter-02-push-2.md")

    assert becomes(moved(book(BOOK.documents[0], edited), moved(BOOK).textbook)) == [
        (1, "unchanged"), (2, "unchanged"),
    ]  # fmt: skip


@pytest.mark.parametrize("back", [False, True], ids=["revised", "rolled-back"])
def test_what_a_person_did_here_stays(*, back: bool) -> None:
    events: list[Event] = list(moved(BOOK).textbook)
    state = TEXTBOOK.fold(events)
    events += TEXTBOOK.decide(ReviseChapter(2, "## Pulling\n\nMine."), state)
    if back:
        events += TEXTBOOK.decide(RollBackChapter(2, 1), TEXTBOOK.fold(events))
    edited = book(document(1, "## New\n\nNew."), document(2, "## Pushing\n\nTheirs."))

    again = moved(edited, events)

    assert becomes(again) == [(1, "updated"), (2, "kept")]
    assert "version 3" in again.moves[1].reason or not back
    assert {event.number for event in again.textbook if isinstance(event, ChapterPublished)} == {1}
    assert becomes(moved(BOOK, events)) == [(1, "unchanged"), (2, "unchanged")]


def test_a_person_may_mend_what_came() -> None:
    events: list[Event] = list(moved(BOOK).textbook)

    markdown = BOOK.documents[1].parts.markdown.replace("where it goes", "whither it goes")
    events += TEXTBOOK.decide(ReviseChapter(2, markdown), TEXTBOOK.fold(events))
    out = TEXTBOOK.decide(PublishChapter(2), TEXTBOOK.fold(events))

    assert kinds(out) == [ChapterPublished]


def test_a_file_is_known_by_the_path_at_which_it_came_out_first() -> None:
    events: list[Event] = list(moved(BOOK).textbook)
    events += TEXTBOOK.decide(
        ReviseChapter(2, BOOK.documents[1].parts.markdown + " More."), TEXTBOOK.fold(events)
    )
    out = TEXTBOOK.decide(PublishChapter(2), TEXTBOOK.fold(events))
    moved_to = [replace(event, path="elsewhere.md") for event in out]

    again = moved(BOOK, [*events, *moved_to])

    assert becomes(again) == [(1, "unchanged"), (2, "unchanged")]
    assert again.gone == {}


def test_a_new_file_comes_at_the_end_and_a_lost_one_stays() -> None:
    before = moved(BOOK).textbook
    later = book(document(0), BOOK.documents[0])

    again = moved(later, before)

    assert becomes(again) == [(1, "unchanged"), (3, "adopted")]
    assert again.gone == {2: "chapter-02-push-2.md"}
    assert kinds(again.textbook) == [TextbookPlanned, *CHAPTER]
    state = TEXTBOOK.fold([*before, *again.textbook])
    assert isinstance(state, Textbook)
    assert state.plan is not None
    assert [one.title for one in state.plan.chapters] == ["Push 1", "Push 2", "Push 0"]
    assert moved(later, [*before, *again.textbook]).textbook == []


def test_what_cannot_come_says_why() -> None:
    before: list[Event] = list(moved(BOOK).textbook)
    archived = [*before, *TEXTBOOK.decide(ArchiveTextbook(), TEXTBOOK.fold(before))]
    others = [document(number) for number in range(3, 44)]

    for old, happened, says in (
        (replace(BOOK, title="!"), [], "Its title needs a letter"),
        (replace(BOOK, subject="x" * 301), [], "Its subject needs a letter"),
        (replace(BOOK, user_id=""), [], "Its user_id needs"),
        (replace(BOOK, audience=" "), [], "Its audience needs"),
        (book(), [], "no document"),
        (book(*others), [], "41 documents; a textbook has at most 40"),
        (BOOK, archived, "archived"),
        (book(*others[:2]), before, "from other files"),
        (book(BOOK.documents[0], *others[:39]), before, "would have 41 chapters"),
    ):
        with pytest.raises(Unfit, match=says):
            moved(old, happened)


def test_a_policy_is_widened_as_far_as_people_have_read() -> None:
    short, long = document(1, "Short."), document(2, "## Long\n\n" + "word " * 3_000)
    plain = read(b"# Plain\n\n" + b"word " * 900, "plain.md")
    wordy = QUESTION | {"options": ["x" * 300, "b", "c"]}
    asking = read(f"# Asking\n\nOne.\n\n{quiz(*[wordy] * 9)}".encode(), "asking.md")

    assert policy_of([plain]) == Policy(
        words_min=450, words_max=1_800, reading_minutes_min=3, reading_minutes_max=10,
        takeaways_min=0, questions_min=0, boosters_min=0,
    )  # fmt: skip
    widened = policy_of([short, long, plain, asking])
    assert (widened.words_min, widened.words_max) == (0, 6_014)
    assert (widened.questions_max, widened.option_characters_max) == (9, 300)
    assert widened.analogies == "optional"
    for one in (policy_of([short]), policy_of([long]), widened):
        assert list(contradictions(one)) == []


def test_what_the_policy_would_say_is_remarked() -> None:
    telling = QUESTION | {"options": ["The motion of a thing that was pushed", "Not", "It", "No"]}
    came = read(f"# One\n\nWords.\n\n{quiz(telling)}".encode(), "one.md")

    (move,) = moved(book(came)).moves

    assert len(move.remarks) == 1
    assert "told by its length" in move.remarks[0]
    assert (policy_of([came]).quiz_gate, policy_of(BOOK.documents).quiz_gate) == ("off", "required")
    assert all(not one.remarks for one in moved(BOOK).moves)


def test_parts_that_stay_in_the_text_are_remarked() -> None:
    booster = '<LearningBooster kind="analogy" />\n'
    text = "<ChapterQuiz questions={[{text: 'Why?'}]} />\n\n```\n<ChapterQuiz />\n```\n\n"
    came = read(f"# One\n\nWords.\n\n{text}{booster}\n{booster}".encode(), "one.md")

    (move,) = moved(book(came)).moves

    assert move.remarks == (
        "A ChapterQuiz cannot be read and stays in the text.",
        "2 LearningBoosters cannot be read and stay in the text.",
    )


def test_slugs_are_those_of_the_old_addresses() -> None:
    def named(*paths: str) -> list[str]:
        return slugs([replace(BOOK.documents[0], address=path) for path in paths])

    assert named("/part/push", "/pull", "/") == ["push", "pull", "push-1"]
    assert named("/a/intro", "/b/intro", "/b/intro.2") == ["intro", "b-intro", "intro-2"]
    assert named("/a-b/c", "/a/b-c", "/x/c") == ["c", "b-c", "x-c"]


def test_ids_follow_from_the_tenant_and_the_title() -> None:
    assert textbook_id(TENANT, BOOK) == textbook_id(
        TENANT, replace(BOOK, title="Pushes and Pulls!")
    )
    assert textbook_id(TENANT, BOOK) != textbook_id(UUID(int=2), BOOK)
    assert textbook_id(TENANT, BOOK) != textbook_id(TENANT, replace(BOOK, title="Pushes"))
