"""A lesson's revisions on pages: compared, promoted, rolled back to, explained."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from service.course.content import Lesson
from service.course.decider import COURSE
from service.course.events import LessonDrafted, LessonRevised
from service.generation.provenance import Provenance
from service.http.call import Resources
from service.http.token import HOUSE
from service.log.handle import Context, Write
from tests.console.conftest import Browser, text
from tests.console.test_pages import EVIL, LESSON, course, harmless

__all__ = ["course"]

Browsers = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def lesson(house: Resources, course: UUID) -> str:
    """The address of a lesson with a draft that waits, all full of what should never run."""
    fields = {name: getattr(LESSON, name) for name in Lesson.__struct_fields__}
    fields["content_md"] = LESSON.content_md.replace("Green", "Red").replace("this", "that")
    draft = LessonDrafted(**fields, revision=2, instructions=EVIL)
    made = Provenance(EVIL, EVIL, EVIL, "other", prompt_id=EVIL, parameters={EVIL: EVIL})
    context = Context(HOUSE, "worker:w", course)
    receipt = await house.log.append(context, Write(COURSE, course, 4, (draft,), made))
    await house.tail.reached(receipt.position, 10)
    return f"/console/courses/{course}/lessons/1"


@pytest.fixture
async def ada(browsers: Browsers) -> Browser:
    """A reader who has signed in."""
    browser = await browsers()
    await browser.sign_in()
    return browser


async def page(browser: Browser, address: str) -> str:
    status, found = await browser.get(address)
    assert status == 200, found
    assert harmless(found)
    assert found.count("<h1>") == 1
    return found


async def test_a_draft_is_found_compared_and_promoted(ada: Browser, lesson: str) -> None:
    reading = await page(ada, lesson)
    assert "A draft, revision 2, waits" in text(reading)
    assert 'alert-1/lessons/1/diff">Compare the two</a>' in reading
    compared = await page(ada, f"{lesson}/diff")
    assert "<del>this</del><ins>that</ins>" in compared
    assert "Promote the draft" in compared
    done = await ada.post(f"{lesson}/promote", revision="2")
    listed = await page(ada, done.headers["Location"])

    assert done.status == 303
    assert "2 Light" in text(listed)
    assert "A draft, revision" not in text(await page(ada, lesson))
    assert "Red" in text(await page(ada, lesson))


async def test_a_lesson_is_rolled_back_and_pinned(ada: Browser, lesson: str) -> None:
    await ada.post(f"{lesson}/rollback", revision="2")
    assert "Revision 2 of 2" in text(await page(ada, lesson))
    await ada.post(f"{lesson}/rollback", revision="1")
    assert "Revision 1 of 2" in text(await page(ada, lesson))
    await ada.post(f"{lesson}/pin")
    assert "Lesson 1 of 2 pinned" in text(await page(ada, lesson))
    await ada.post(f"{lesson}/unpin")
    assert "pinned" not in text(await page(ada, lesson))
    done = text(await page(ada, f"{lesson}/revisions"))
    assert "Lesson rolled back, revision 1 just now by <b>Ada</b>" in done


async def test_a_persons_text_is_not_replaced_by_a_draft_from_before(
    ada: Browser, lesson: str, course: UUID, house: Resources
) -> None:
    edit = LessonRevised(1, 3, "Mine", "Mine.")
    context = Context(HOUSE, "ann", course)
    await house.log.append(context, Write(COURSE, course, 5, (edit,)))
    refused = await ada.post(f"{lesson}/promote", revision="2")

    assert refused.status == 409
    assert "Revision 3 is a person's text" in text(await refused.text())


async def test_a_lesson_says_why(ada: Browser, lesson: str) -> None:
    first = await page(ada, f"{lesson}/why")
    await ada.post(f"{lesson}/promote", revision="2")
    second = await page(ada, f"{lesson}/why")

    assert "not in the source" in text(first)
    assert "position" in text(first)
    assert "(asked for" in text(second)
    assert second.count('class="traced"') == 4


async def test_what_is_no_revision_is_refused(ada: Browser, lesson: str) -> None:
    for path, status in (
        ("/diff?from=9", 404),
        ("/diff?from=x", 422),
        ("/diff?since=1", 422),
    ):
        assert (await ada.get(lesson + path))[0] == status, path
    for number, status in (("9", 404), ("x", 422), ("", 422), ("0", 422)):
        assert (await ada.post(f"{lesson}/rollback", revision=number)).status == status, number
    assert (await ada.post(f"{lesson}/rollback")).status == 422


async def test_another_site_promotes_nothing(ada: Browser, lesson: str) -> None:
    forged = {"Sec-Fetch-Site": "cross-site", "Accept": "text/html"}
    for path in ("promote", "rollback", "pin", "unpin"):
        assert (await ada.post(f"{lesson}/{path}", forged, revision="2")).status == 403
