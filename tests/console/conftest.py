"""The application on a real database, with people who may sign in to the console."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from html import unescape
from typing import Any

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from service.account.commands import Role
from service.account.registration import Newcomer, register
from service.app import make_app
from service.http.call import Resources
from service.http.metrics import Metrics
from service.http.token import HOUSE
from service.log.handle import Context
from tests.http.conftest import NOW, bearer, live, projecting, resources

__all__ = ["bearer", "live", "projecting", "resources"]

PASSWORD = "seven green kettles hum"
SAME = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html,*/*;q=0.8"}


class Browser:
    """A browser without scripts: it keeps cookies, follows forms, and says where it comes from."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client = client

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        response = await self.client.get(path, headers=SAME | headers)
        return response.status, await response.text()

    async def post(self, path: str, headers: Mapping[str, str] | None = None, **fields: str) -> Any:
        headers = SAME if headers is None else headers
        return await self.client.post(path, data=fields, headers=headers, allow_redirects=False)

    async def sign_in(self, name: str = "ada", password: str = PASSWORD, **fields: str) -> Any:
        return await self.post("/console/sign-in", None, name=name, password=password, **fields)

    @property
    def cookies(self) -> dict[str, Any]:
        return {cookie.key: cookie for cookie in self.client.session.cookie_jar}


@pytest.fixture
async def house(live: Resources) -> Resources:
    """What the service runs on, with Ada, who reads, and Grace, who administers."""
    people: dict[str, Role] = {"ada": "user", "grace": "admin"}
    for name, role in people.items():
        account = live.new_id()
        newcomer = Newcomer(
            account=account,
            on=NOW.date(),
            email=f"{name}@example.org",
            password=PASSWORD,
            username=name,
            name=f"<b>{name.title()}</b>",
            role=role,
        )
        context = Context(HOUSE, str(account), account)
        receipt = await register(live.log, live.passwords, context, newcomer)
    await live.tail.reached(receipt.position, 10)
    return live


@pytest.fixture
async def browsers(house: Resources) -> AsyncIterator[Callable[..., Any]]:
    """Make a browser at the service, whose settings may differ."""
    servers: list[TestClient[Any, Any]] = []

    async def browser(of: Resources = house, **settings: Any) -> Browser:
        of = replace(of, settings=replace(of.settings, **settings))
        app = make_app(of, Metrics(), ["api"])
        client = TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True))
        await client.start_server()
        servers.append(client)
        return Browser(client)

    yield browser
    for client in servers:
        await client.close()


def text(html: str) -> str:
    """What stands on a page, in one line."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()
