"""Textbooks on pages: where they stand, their chapters and versions, what readers are to have."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

import pytest
from msgspec.structs import replace

from service.http.call import Resources
from service.http.token import HOUSE
from service.log.handle import Context, Write
from service.textbook.commands import (
    ArchiveTextbook,
    FailChapter,
    Finish,
    GiveUp,
    PublishTextbook,
    RecordBoosters,
    RecordChapter,
    RecordPlan,
    RecordQuiz,
    ReviseChapter,
)
from service.textbook.content import Booster, Boosters, Question, Refused
from service.textbook.decider import TEXTBOOK
from tests.console.conftest import Browser, text
from tests.console.test_pages import EVIL, harmless
from tests.textbook.pieces import ANEW, JOB, PLAN, QUESTIONS, REQUEST, TEXT, draft, made

Browsers = Callable[..., Awaitable[Browser]]
Tell = Callable[..., Awaitable[None]]

PATH: Final = "/console/textbooks/{}"
EVIL_PLAN: Final = replace(
    PLAN,
    chapters=tuple(
        replace(plan, title=f"{plan.title} {EVIL}", description=EVIL, key_points=(EVIL,))
        for plan in PLAN.chapters
    ),
)
EVIL_QUIZ: Final = (Question(f"Which? {EVIL}", (EVIL, "b", "c", "d"), 0, "easy", EVIL, EVIL),)
EVIL_BOOSTERS: Final = Boosters(
    (Booster("example", f"**So** {EVIL}", "Push", 1),), (Refused("analogy", EVIL),)
)


@pytest.fixture
async def ada(browsers: Browsers) -> Browser:
    browser = await browsers()
    await browser.sign_in()
    return browser


@pytest.fixture
def book(house: Resources) -> UUID:
    return house.new_id()


@pytest.fixture
def tell(house: Resources, book: UUID) -> Tell:
    """Commands to the textbook, decided as a job or a person would, and seen by the views."""

    async def told(*commands: Any, of: Sequence[Any] = (REQUEST,)) -> None:
        context = Context(HOUSE, "worker:w", book)
        if (await house.log.load(TEXTBOOK, book, HOUSE)).version == 0:
            asked = [event for each in of for event in TEXTBOOK.decide(each, TEXTBOOK.initial)]
            receipt = await house.log.append(context, Write(TEXTBOOK, book, 0, asked))
        for command in commands:
            receipt = await house.log.handle(TEXTBOOK, book, command, context)
        await house.tail.reached(receipt.position, 10)

    return told


async def page(browser: Browser, address: str) -> str:
    status, found = await browser.get(address)
    assert status == 200, found
    assert harmless(found)
    assert found.count("<h1") == 1
    return found


async def test_a_textbook_says_where_it_stands_at_every_moment(
    ada: Browser, book: UUID, tell: Tell
) -> None:
    address = PATH.format(book)
    await tell()
    asked = await page(ada, address)
    await tell(RecordPlan(PLAN))
    planned = await page(ada, address)
    await tell(*made(1)[:1])
    begun, chapter = await page(ada, address), await page(ada, f"{address}/chapters/1")
    await tell(*made(1)[1:], FailChapter(2, "The provider said no.", JOB), GiveUp("2 is missing."))
    failed = await page(ada, address)
    await tell(*made(2), Finish(), PublishTextbook())
    ready = await page(ada, address)

    assert "waiting Physics · Grade 8 · 0 of 2 chapters ready, 0 published" in text(asked)
    assert "The chapters come once they are planned" in text(asked)
    assert text(planned).count("to come") == 2
    assert "Push and pull being written What forces do." in text(begun)
    assert "Its summary, quiz and boosters come as they are made" in text(chapter)
    assert all('http-equiv="refresh"' in found for found in (asked, planned, begun, chapter))
    assert "failed Physics · Grade 8 · 1 of 2 chapters ready" in text(failed)
    assert "2 is missing." in text(failed)
    assert "Push and pull ready to publish" in text(failed)
    assert "The provider said no." in text(failed)
    assert "to come" not in text(failed)
    assert "ready Physics · Grade 8 · 2 of 2 chapters ready, 2 published" in text(ready)
    assert text(ready).count("published What") == 2
    assert not any('http-equiv="refresh"' in found for found in (failed, ready))


async def test_a_chapter_that_nobody_tried_is_not_to_come_once_all_has_failed(
    ada: Browser, book: UUID, tell: Tell
) -> None:
    await tell(RecordPlan(PLAN), GiveUp("The budget is used up."))

    assert text(await page(ada, PATH.format(book))).count("not written") == 2


async def test_a_rejected_chapter_says_why_and_cannot_be_published(
    ada: Browser, book: UUID, tell: Tell
) -> None:
    wrong = replace(QUESTIONS[0], correct_index=7)
    pieces = list(made(1))
    pieces[2] = RecordQuiz(1, 1, (wrong,))
    await tell(RecordPlan(PLAN), *pieces)
    address = PATH.format(book)

    for path in ("", "/chapters/1", "/chapters/1/versions"):
        found = await page(ada, address + path)
        assert "correct_index is 7, where no option stands" in text(found), path
        assert "/publish" not in found
    refused = await ada.post(f"{address}/chapters/1/publish", version="1")
    assert refused.status == 409
    assert "was rejected" in text(await refused.text())


async def test_a_chapter_is_read_with_all_its_parts(ada: Browser, book: UUID, tell: Tell) -> None:
    await tell(RecordPlan(PLAN), *made(1), *made(2))
    found = await page(ada, f"{PATH.format(book)}/chapters/1")

    for words in (
        "Chapter 1 of 2 · 1 min ready to publish",
        "Readers do not have this chapter yet.",
        "A force has a direction.",
        "What is pushed moves away.",
        "Example , to “Push” A door opens.",
        "No analogy: The sources make no comparison.",
        "What to take away A force is a push or a pull.",
        "What does a spring do when it is let go?",
        "It falls over Answer easy Springs A It pushes back It was pressed.",
    ):
        assert words in text(found), words
    assert "<h2>Push</h2>" in found
    assert "chapters/2" in found


async def test_nothing_in_a_question_is_markup(ada: Browser, book: UUID, tell: Tell) -> None:
    asked = Question("A *push* is\na _____.", ("`a`", "**b**"), 0, "easy", "", "So _it_ is.")
    quiz = RecordQuiz(1, 1, (asked,))
    await tell(RecordPlan(PLAN), *made(1)[:2], quiz)
    found = await page(ada, f"{PATH.format(book)}/chapters/1")

    for words in ("<p>A *push* is<br />a _____.</p>", "`a`</li>", "**b**</li>", "So _it_ is."):
        assert words in found


async def test_chapters_are_published_and_rolled_back(ada: Browser, book: UUID, tell: Tell) -> None:
    await tell(RecordPlan(PLAN), *made(1), *made(2), Finish())
    address = PATH.format(book)
    chapter = f"{address}/chapters/1"
    assert "2 chapters that readers do not have yet" in text(await page(ada, address))
    done = await ada.post(f"{address}/publish")
    listed = await page(ada, done.headers["Location"])
    assert done.status == 303
    assert "2 published" in text(listed)
    assert "Publish what is ready" not in text(listed)
    await tell(ReviseChapter(1, TEXT.replace("away", "aside")))
    revised = text(await page(ada, chapter))
    assert "This is version 2; readers have version 1. Compare the two" in revised
    done = await ada.post(f"{chapter}/publish", version="2")
    versions = text(await page(ada, done.headers["Location"]))
    assert "2 Push and pull readers have it edited from version 1, just now" in versions
    done = await ada.post(f"{chapter}/rollback", version="1")
    versions = text(await page(ada, done.headers["Location"]))
    assert "3 Push and pull ready to publish rolled back to version 1, just now by" in versions
    assert "<b>Ada</b>" in versions
    assert (await ada.post(f"{chapter}/publish", version="1")).status == 409


async def test_versions_are_compared_in_all_their_parts(
    ada: Browser, book: UUID, tell: Tell
) -> None:
    asked = replace(QUESTIONS[0], text="What does a spring do once it is let go?")
    other = Boosters(
        (Booster("example", "A drawer opens.", "Push", 1), Booster("analogy", "x", "", 2))
    )
    anew = list(made(1, 2, ANEW, TEXT.replace("away", "aside")))
    anew[2], anew[3] = RecordQuiz(1, 2, (asked,)), RecordBoosters(1, 2, other)
    await tell(RecordPlan(PLAN), *made(1), PublishTextbook(), *anew)
    address = f"{PATH.format(book)}/chapters/1/diff"

    found = await page(ada, address)
    again = await page(ada, f"{address}?from=2&to=1")
    same = await page(ada, f"{address}?from=1&to=1")

    assert "<del>away</del><ins>aside</ins>" in found
    assert "<del>when</del><ins>once</ins>" in found
    assert "<ins>x</ins>" in found
    assert "Publish version 2" in text(found)
    assert "Roll back to version 1" in text(again)
    assert "Both say the same." in text(same)


async def test_what_is_published_can_be_taken_out(ada: Browser, book: UUID, tell: Tell) -> None:
    await tell(RecordPlan(PLAN), *made(1))
    address = PATH.format(book)
    assert "/export" not in await page(ada, address)
    refused = await ada.get(f"{address}/export?format=anki")
    await tell(PublishTextbook())
    shown = await page(ada, address)

    assert refused[0] == 409
    assert "Nothing of this textbook is published yet" in text(refused[1])
    for name in ("epub", "html", "docusaurus", "anki", "moodle", "gift"):
        assert f'/export?format={name}" download>' in shown
        sent = await ada.client.get(f"{address}/export?format={name}")
        assert sent.status == 200, name
        assert sent.headers["Content-Disposition"].startswith(
            "attachment; filename*=UTF-8''forces."
        )
    assert (await ada.get(f"{address}/export?format=EVIL"))[0] == 422


async def test_nothing_of_a_textbook_runs_in_a_browser(
    ada: Browser, book: UUID, tell: Tell
) -> None:
    evil = replace(REQUEST, title=f"Forces {EVIL}", subject=EVIL, audience=EVIL, user_id=EVIL)
    written = replace(draft(1), title=f"Push {EVIL}", markdown=f"## Push\n\n{EVIL}\n\n## {EVIL}")
    first = (RecordChapter(written, JOB, EVIL), *made(1)[1:2], RecordQuiz(1, 1, EVIL_QUIZ))
    last = (RecordBoosters(1, 1, EVIL_BOOSTERS), made(1)[-1])
    fail = FailChapter(2, EVIL, JOB)
    revised = ReviseChapter(1, f"{EVIL} again", EVIL)
    await tell(RecordPlan(EVIL_PLAN), *first, *last, fail, GiveUp(EVIL), revised, of=[evil])

    for path in ("", "/chapters/1", "/chapters/1/versions", "/chapters/1/diff"):
        assert "alert(1)" in await page(ada, PATH.format(book) + path)
    assert "alert(1)" in await page(ada, "/console/textbooks")
    assert "alert(1)" in await page(ada, "/console")


async def test_a_textbook_runs_as_its_language_does(ada: Browser, book: UUID, tell: Tell) -> None:
    await tell(RecordPlan(PLAN), *made(1), of=[replace(REQUEST, language="ar")])

    found = await page(ada, f"{PATH.format(book)}/chapters/1")

    assert '<div class="text" lang="ar" dir="rtl">' in found
    assert '<html lang="en">' in found


async def test_what_is_archived_is_only_read(ada: Browser, book: UUID, tell: Tell) -> None:
    await tell(RecordPlan(PLAN), *made(1), ReviseChapter(1, "## Push\n\nIt is."), ArchiveTextbook())

    for path in ("", "/chapters/1", "/chapters/1/versions", "/chapters/1/diff"):
        found = await page(ada, PATH.format(book) + path)
        assert "<form" not in found.split("<main")[1]
    assert "was archived" in text(await page(ada, PATH.format(book)))
    assert "There are no textbooks yet." in text(await page(ada, "/console/textbooks"))


async def test_textbooks_are_listed_by_their_state(ada: Browser, book: UUID, tell: Tell) -> None:
    await tell()

    assert "Forces" in text(await page(ada, "/console/textbooks?status=QUEUED"))
    empty = text(await page(ada, "/console/textbooks?status=FAILED"))
    assert "No textbook here is failed." in empty


async def test_what_is_not_there_is_said_in_a_page(ada: Browser, book: UUID, tell: Tell) -> None:
    await tell(RecordPlan(PLAN), *made(1))
    address = PATH.format(book)
    for path, status in (
        (f"{address}/chapters/2", 404),
        (f"{address}/chapters/9", 404),
        (f"{address}/chapters/x", 404),
        (f"{address}/chapters/2/versions", 404),
        (f"{address}/chapters/1/diff?from=9", 404),
        (f"{address}/chapters/1/diff?since=1", 422),
        ("/console/textbooks/nothing", 404),
        ("/console/textbooks?status=EVIL", 422),
    ):
        found, shown = await ada.get(path)
        assert found == status, path
        assert harmless(shown)
    for number, status in (("9", 404), ("x", 422), ("", 422), ("0", 422)):
        sent = await ada.post(f"{address}/chapters/1/rollback", version=number)
        assert sent.status == status, number


async def test_another_site_and_another_tenant_do_nothing(
    ada: Browser, book: UUID, tell: Tell, house: Resources
) -> None:
    await tell(RecordPlan(PLAN), *made(1))
    forged = {"Sec-Fetch-Site": "cross-site", "Accept": "text/html"}
    for path in ("publish", "chapters/1/publish", "chapters/1/rollback"):
        sent = await ada.post(f"{PATH.format(book)}/{path}", forged, version="1")
        assert sent.status == 403
    theirs, other = house.new_id(), house.new_id()
    asked = TEXTBOOK.decide(replace(REQUEST, title="Theirs"), TEXTBOOK.initial)
    receipt = await house.log.append(Context(other, "w", theirs), Write(TEXTBOOK, theirs, 0, asked))
    await house.tail.reached(receipt.position, 10)

    assert (await ada.get(PATH.format(theirs)))[0] == 404
    assert "Theirs" not in await page(ada, "/console/textbooks")
