"""What the pages show: courses, lessons, how things stand, the audit; and what goes wrong."""

import re
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from ipaddress import ip_network
from typing import Any, Final
from uuid import UUID

import pytest
from msgspec.structs import replace

from service.console import application
from service.console.failure import likes_pages
from service.course.content import Check, Citation, LessonPlan, Readability
from service.course.decider import COURSE
from service.course.events import CourseOutlined, CourseReady, CourseRequested, LessonGenerated
from service.database import Database
from service.http.call import Resources
from service.http.token import HOUSE, tenant
from service.log.handle import Context, Log, Write
from tests.console.conftest import SAME, Browser, text

Browsers = Callable[..., Awaitable[Browser]]

EVIL: Final = '"><script src=//evil.example></script><img src=x onerror=alert(1)>'
LESSON: Final = LessonGenerated(
    number=1,
    title=f"Light {EVIL}",
    description=EVIL,
    key_concepts=("light", EVIL),
    learning_objectives=(),
    content_md=f"# Light {EVIL}\n\n## Green\n\nSee *this* [site](https://ok.example). {EVIL}\n",
    sections=(),
    sources=(Citation("s", f"a/{EVIL}.md", 0, 4, EVIL), Citation("s", "b.md", 0, 4, "**Leaf**")),
    checks=(Check(EVIL, "green", ("red", EVIL), EVIL),),
    readability=Readability(7.5, 1),
)


@pytest.fixture
async def course(house: Resources) -> UUID:
    """A course with one lesson written, of two, full of what should never reach a browser."""
    course_id = house.new_id()
    plan = LessonPlan("Dark", EVIL, (), ())
    events = (
        CourseRequested(EVIL, EVIL, 2, None, "en", EVIL, house.new_id()),
        CourseOutlined(f"Leaves {EVIL}", (plan, plan)),
        LESSON,
        CourseReady(),
    )
    context = Context(HOUSE, EVIL, course_id)
    receipt = await house.log.append(context, Write(COURSE, course_id, 0, events))
    await house.tail.reached(receipt.position, 10)
    return course_id


class Reader(HTMLParser):
    """The elements of a page with their attributes, as a browser finds them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def harmless(page: str) -> bool:
    """Whether nothing on a page runs or fetches anything, and every link is ours or marked."""
    for tag, attributes in Reader(page).found:
        assert tag not in {"script", "img", "iframe", "object", "style", "svg"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        if tag == "link":
            assert attributes["href"] in {"/console/console.css", "data:,"}
        if tag == "a":
            ours = str(attributes["href"]).startswith(("/console", "/docs", "#content"))
            assert ours or "nofollow" in str(attributes["rel"])
    return True


async def test_a_course_is_read(browsers: Browsers, course: UUID) -> None:
    ada = await browsers()
    await ada.sign_in()
    for path, says in (
        ("", ["Leaves", "All is well", "How fresh the views are", "course live"]),
        ("/courses", ["Leaves", "1 of 2 lessons", "ready"]),
        (f"/courses/{course}", ["Light", "Dark", "What has happened ( 4 events )"]),
        (f"/courses/{course}/lessons/1", ["Lesson 1 of 2", "Green", "Check yourself", "Leaf"]),
    ):
        status, page = await ada.get(f"/console{path}")
        assert status == 200, page
        assert harmless(page)
        for words in says:
            assert words.replace("( ", "(").replace(" )", ")") in text(page), (path, words)
    assert '<h2>Green</h2>\n<p>See <em>this</em> <a href="https://ok.example"' in page
    assert page.count("<h1>") == 1


async def test_what_is_not_there_is_said_in_a_page(browsers: Browsers, course: UUID) -> None:
    ada = await browsers()
    await ada.sign_in()
    for path, status, says in (
        (f"/courses/{course}/lessons/2", 404, "no such lesson"),
        ("/courses/nothing", 404, "no such course"),
        ("/courses?status=EVIL", 422, "'status' does not fit"),
        ("/courses?before=x", 422, "'before' does not fit"),
        ("/audit", 403, "This page is for the role admin; yours is user."),
        ("/nothing", 404, "There is nothing at /console/nothing."),
    ):
        found, page = await ada.get(f"/console{path}")
        assert found == status
        assert harmless(page)
        assert says.lower() in text(page).lower(), (path, text(page))
    found, page = await ada.get("/console/courses?status=FAILED")
    assert "No course here is failed." in text(page)
    answer = await ada.client.get("/console/nothing", headers={"Accept": "*/*"})
    assert answer.content_type == "application/problem+json"


async def test_courses_come_in_pages(browsers: Browsers, course: UUID, house: Resources) -> None:
    for number in range(25):
        one = house.new_id()
        event = CourseRequested(f"Topic {number:02}", "8", 2, None, "en", "u", house.new_id())
        receipt = await house.log.append(Context(HOUSE, "u", one), Write(COURSE, one, 0, (event,)))
    await house.tail.reached(receipt.position, 10)
    ada = await browsers()
    await ada.sign_in()

    _, newest = await ada.get("/console/courses")
    (older,) = re.findall(r'href="([^"]+)">Older', newest)
    _, oldest = await ada.get(older)
    titles = re.findall(r'courses/[0-9a-f-]{36}">([^<]+)', newest + oldest)
    assert len(titles) == len(set(titles)) == 25
    assert "Leaves" not in newest
    assert "Leaves" in oldest


async def test_another_tenants_courses_are_not_shown(
    browsers: Browsers, house: Resources, course: UUID
) -> None:
    foreign = house.new_id()
    event = CourseRequested("Secret", "8", 2, None, "en", "u", house.new_id())
    context = Context(tenant("elsewhere"), "u", foreign)
    receipt = await house.log.append(context, Write(COURSE, foreign, 0, (event,)))
    await house.tail.reached(receipt.position, 10)
    ada = await browsers()
    await ada.sign_in()

    assert (await ada.get(f"/console/courses/{foreign}"))[0] == 404
    assert "Secret" not in (await ada.get("/console/courses"))[1]


async def test_an_administrator_reads_the_audit(browsers: Browsers, house: Resources) -> None:
    grace = await browsers(trusted_proxies=(ip_network("127.0.0.0/8"),))
    forwarded = SAME | {"X-Forwarded-For": "203.0.113.9"}
    await grace.post("/console/sign-in", forwarded, name="grace", password="wrong")
    await grace.sign_in("grace")
    await house.audit.flush(house.log, house.database)
    head = await house.database.fetchval("SELECT max(position) FROM log.events")
    await house.tail.reached(head, 10)

    status, page = await grace.get("/console/audit")
    assert status == 200
    assert harmless(page)
    assert "Login failed" in text(page)
    assert "<b>Grace</b> account Session started" in text(page)
    assert "203.0.113.9" in page
    assert 'href="/console/audit" aria-current="page"' in page


async def test_while_the_database_is_away_there_is_a_page(
    browsers: Browsers, house: Resources
) -> None:
    away = Database("postgresql://nobody:canary-5@127.0.0.1:1/nothing")
    await away.open()
    down = replace(house, database=away, log=Log(away, None))  # type: ignore[arg-type]
    ada = await browsers(down)
    cookie = {"Cookie": "daybook=" + "A" * 64}
    for path in ("", "/courses", "/sessions"):
        status, page = await ada.get(f"/console{path}", **cookie)
        assert status == 503
        assert "The database cannot be reached just now." in text(page)
        assert '<meta http-equiv="refresh" content="10">' in page
        assert "canary" not in page
    status, page = await ada.get("/console/sign-in")
    assert (status, "<h1>Sign in</h1>" in page) == (200, True)
    entered = await ada.sign_in()
    assert entered.status == 503
    assert "http-equiv" not in await entered.text()
    left = await ada.client.post(
        "/console/sign-out", headers={"Sec-Fetch-Site": "same-origin", **cookie},
        allow_redirects=False,
    )  # fmt: skip
    assert (left.status, left.headers["Location"]) == (303, "/console/sign-in")
    assert left.headers["Set-Cookie"].startswith('daybook=""')
    await away.close()


async def test_a_database_that_hangs_is_not_waited_for(
    browsers: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await browsers()
    await ada.sign_in()
    monkeypatch.setattr(application, "PATIENCE", 0.0)

    status, page = await ada.get("/console/courses")
    assert (status, "The database cannot be reached just now." in text(page)) == (503, True)


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("TEXT/HTML", True),
        ("application/json;q=0.5, text/*;q=0.9", True),
        ("", False),
        ("*/*", False),
        ("application/json, text/html;q=0", False),
        ("text/html;q=0.1, application/problem+json", False),
        ("text/html;q=nonsense;;,,", True),
    ],
)
def test_a_page_is_for_who_likes_pages_best(accept: str, page: Any) -> None:
    assert likes_pages(accept) is page
