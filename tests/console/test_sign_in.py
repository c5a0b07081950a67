"""Signing in, staying in, and being put out again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from service.account.commands import Command, Deactivate, GrantRole, SignOutEverywhere
from service.account.decider import ACCOUNT
from service.account.session import SESSION, End, parsed, token_of
from service.http.call import Resources
from service.http.token import HOUSE
from service.log.handle import Context
from tests.console.conftest import PASSWORD, SAME, Browser, text
from tests.http.conftest import NOW

Browsers = Callable[..., Awaitable[Browser]]


async def test_a_session_of_the_console_begins_and_ends(browsers: Browsers) -> None:
    ada = await browsers()
    status, page = await ada.get("/console/courses?status=READY")
    assert (status, "Sign in" in page) == (200, True)
    assert 'value="/console/courses?status=READY"' in page

    entered = await ada.sign_in(to="/console/courses?status=READY")
    assert (entered.status, entered.headers["Location"]) == (303, "/console/courses?status=READY")
    (cookie,) = entered.headers.getall("Set-Cookie")
    assert cookie.startswith("daybook=")
    assert set(cookie.split("; ")[1:]) == {"HttpOnly", "Path=/", "SameSite=Lax"}

    status, page = await ada.get("/console")
    assert (status, "ada@example.org , with the role user" in text(page)) == (200, True)
    assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    assert "<b>Ada" not in page

    kept = ada.cookies["daybook"].value
    left = await ada.post("/console/sign-out")
    assert (left.status, left.headers["Location"]) == (303, "/console/sign-in")
    assert "daybook" not in ada.cookies
    again = await ada.client.get("/console", headers={**SAME, "Cookie": f"daybook={kept}"})
    assert str(again.url.path) == "/console/sign-in"


async def test_over_tls_the_cookie_is_kept_to_this_host(browsers: Browsers) -> None:
    ada = await browsers(public_url="https://daybook.example")
    entered = await ada.sign_in()
    (cookie,) = entered.headers.getall("Set-Cookie")
    assert cookie.startswith("__Host-daybook=")
    assert set(cookie.split("; ")[1:]) == {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"}

    value = cookie.split(";")[0].partition("=")[2]
    plain = await ada.client.get("/console", headers={**SAME, "Cookie": f"daybook={value}"})
    assert plain.url.path == "/console/sign-in"
    left = await ada.post("/console/sign-out")
    assert left.headers["Set-Cookie"].startswith('__Host-daybook=""')
    assert "Secure" in left.headers["Set-Cookie"]


async def test_who_does_not_get_in_learns_nothing(browsers: Browsers) -> None:
    ada = await browsers()
    pages = []
    for name, password in (("ada", "wrong"), ("nobody", PASSWORD), ("", "")):
        refused = await ada.sign_in(name, password, to="/console/sessions")
        assert refused.status == 401
        assert "Set-Cookie" not in refused.headers
        page = await refused.text()
        assert password == "" or password not in page
        assert 'value="/console/sessions"' in page
        pages.append(text(page))
    assert len(set(pages)) == 1


ELSEWHERE = (
    "/console/../..//evil.example",
    "/console//evil.example",
    "https://evil.example",
    "//evil.example",
    "/console.evil",
    "/console\\x",
    "/console/\r\nX: y",
    "javascript:x",
    "",
)


async def test_nobody_is_led_elsewhere(browsers: Browsers) -> None:
    ada = await browsers()
    for to in ELSEWHERE:
        entered = await ada.sign_in(to=to)
        assert entered.headers["Location"] == "/console"


async def test_what_another_site_has_forged_is_refused(browsers: Browsers) -> None:
    ada, ours = await browsers(public_url="http://daybook.example"), "http://daybook.example"
    forged: list[tuple[dict[str, str], int]] = [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": ours}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": ours}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": ours}, 303),
    ]
    for headers, status in forged:
        answer = await ada.post("/console/sign-in", headers, name="ada", password=PASSWORD)
        assert answer.status == status, headers
    unknown = await (await browsers()).post("/console/sign-out", {"Origin": "http://127.0.0.1:1"})
    assert unknown.status == 403
    assert "PUBLIC_URL" in (await unknown.json())["detail"]


async def test_a_cookie_is_for_pages_and_a_token_for_programs(browsers: Browsers) -> None:
    ada = await browsers()
    await ada.sign_in()
    assert (await ada.get("/console"))[0] == 200
    for path in ("/api/v1/courses", "/api/v1/me"):
        assert (await ada.client.get(path, headers=SAME)).status == 401
    cookie = ada.cookies["daybook"].value
    answer = await ada.client.post("/api/v1/auth/refresh", json={"refresh_token": cookie})
    assert answer.status == 401
    assert (await ada.get("/console"))[0] == 200  # and nothing was revoked by trying

    logged_in = await ada.client.post(
        "/api/v1/auth/login", json={"identifier": "ada", "password": PASSWORD}
    )
    tokens = await logged_in.json()
    other = await browsers()
    with_bearer = {"Authorization": f"Bearer {tokens['access_token']}", **SAME}
    for headers in (with_bearer, {**SAME, "Cookie": f"daybook={tokens['refresh_token']}"}):
        answer = await other.client.get("/console/courses", headers=headers)
        assert answer.url.path == "/console/sign-in"


async def test_a_cookie_of_another_make_is_nobodys(browsers: Browsers) -> None:
    client = (await browsers()).client
    for cookie in ("", "x", "A" * 64, "%00", "é", "A" * 5000):
        headers = {**SAME, "Cookie": f"daybook={cookie}"}
        answer = await client.get("/console/courses", headers=headers)
        assert (answer.status, answer.url.path) == (200, "/console/sign-in")


async def test_who_is_shut_out_is_out_at_once(browsers: Browsers, house: Resources) -> None:
    clock = [NOW]
    ada = await browsers(replace(house, now=lambda: clock[0]))
    for end in ("session", "seal", "late", "everywhere", "role", "deactivated"):
        clock[0] = NOW
        await ada.sign_in()
        assert "Sign out" in (await ada.get("/console"))[1]
        clock[0] += await shut_out(ada, house, end)
        assert "<h1>Sign in</h1>" in (await ada.get("/console"))[1], end


async def shut_out(browser: Browser, house: Resources, end: str) -> timedelta:
    """End the browser's session in one of many ways; return what time it takes."""
    cookie = browser.cookies["daybook"].value
    session_id, _ = parsed(cookie)
    account = (await house.log.load(SESSION, session_id, HOUSE)).state.account
    context = Context(HOUSE, "grace", UUID(int=1))
    commands: dict[str, Command] = {
        "everywhere": SignOutEverywhere(),
        "role": GrantRole(role="analyst", by="grace", in_house=True),
        "deactivated": Deactivate("why", "grace"),
    }
    if end == "session":
        await house.log.handle(SESSION, session_id, End(), context)
    elif end == "seal":
        forged = token_of(session_id, bytes(32))
        browser.client.session.cookie_jar.update_cookies(
            {"daybook": forged}, browser.client.make_url("/")
        )
    elif end in commands:
        await house.log.handle(ACCOUNT, account, commands[end], context)
    return timedelta(days=31) if end == "late" else timedelta()


async def test_one_ends_the_sessions_that_are_ones_own(
    browsers: Browsers, house: Resources
) -> None:
    here, there, grace = await browsers(), await browsers(), await browsers()
    await there.client.post(
        "/console/sign-in",
        data={"name": "ada", "password": PASSWORD},
        headers={**SAME, "User-Agent": "<i>Elsewhere</i>"},
    )
    await here.sign_in()
    await grace.sign_in("grace")
    session_id, _ = parsed(there.cookies["daybook"].value)
    loaded = await house.log.load(SESSION, session_id, HOUSE)
    await house.tail.reached(loaded.position, 10)

    _, page = await here.get("/console/sessions")
    assert "&lt;i&gt;Elsewhere&lt;/i&gt;" in page
    assert page.count('<li class="session">') == 2
    assert (await grace.post(f"/console/sessions/{session_id}/end")).status == 404
    assert "Sign out" in (await there.get("/console"))[1]
    assert (await here.post(f"/console/sessions/{session_id}/end")).status == 303
    assert "<h1>Sign in</h1>" in (await there.get("/console"))[1]
    assert (await here.get("/console/sessions"))[1].count('<li class="session">') == 1
