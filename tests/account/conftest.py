"""The application on a real database, with a clock that can be put forward."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.http.call import Resources
from service.http.metrics import Metrics
from tests.http.conftest import NOW, Client, api, bearer, live, projecting, resources

__all__ = ["api", "bearer", "live", "projecting", "resources"]

API = "/api/v1"
GOOD = "seven green kettles hum"
OTHER = "eight blue kettles sing"


class Clock:
    """The time of a test."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


class Site:
    """The application as a client without a token sees it."""

    def __init__(self, client: Client, of: Resources, clock: Clock) -> None:
        self.client, self.of, self.clock = client, of, clock

    async def ask(self, method: str, path: str, token: str = "", **options: Any) -> ClientResponse:
        """Send a request; `token` is an access token."""
        headers = options.pop("headers", {})
        if token:
            headers = {**headers, "Authorization": f"Bearer {token}"}
        return await self.client.request(method, API + path, headers=headers, **options)

    async def said(self, status: int, method: str, path: str, token: str = "", **body: Any) -> Any:
        """Return the answer to a JSON body, which must have this status."""
        response = await self.ask(method, path, token, json=body or None)
        answer = await response.json()
        assert response.status == status, answer
        return answer

    async def register(self, who: str = "ada", **more: Any) -> dict[str, Any]:
        """Let somebody register."""
        body = {"email": f"{who}@example.org", "username": who, "password": GOOD} | more
        return dict(await self.said(201, "POST", "/auth/register", **body))

    async def log_in(self, name: str = "ada", password: str = GOOD) -> dict[str, Any]:
        """Return tokens."""
        body = {"identifier": name, "password": password}
        return dict(await self.said(200, "POST", "/auth/login", **body))

    async def refresh(self, token: str, status: int = 200) -> dict[str, Any]:
        """Return what comes of a refresh token."""
        return dict(await self.said(status, "POST", "/auth/refresh", refresh_token=token))


@pytest.fixture
async def site(aiohttp_client: AiohttpClient, live: Resources) -> Site:
    clock = Clock()
    of = replace(live, now=clock)
    return Site(await aiohttp_client(make_app(of, Metrics(), ["api"])), of, clock)


@pytest.fixture
def operator(bearer: Callable[..., dict[str, str]]) -> str:
    """A token of the command line for the house's administrator."""
    return bearer("admin", tenant="default")["Authorization"].partition(" ")[2]
