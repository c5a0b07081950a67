"""A small application with routes of every kind, which needs no database, and the real one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from argon2 import PasswordHasher
from msgspec import Meta, Struct
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient
from uuid_utils.compat import uuid7

from service.account.password import Passwords
from service.app import make_app
from service.database import Database
from service.http import docs, follow, paging, sse, token
from service.http.application import application
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, Read, Resources, committed
from service.http.form import Form, Upload
from service.http.keyring import KeyRing
from service.http.metrics import Metrics
from service.http.paging import Page, Paged
from service.http.route import Route, under
from service.http.sse import Message, Streams
from service.http.standing import Standing
from service.http.state import State
from service.log.commit import Receipt
from service.log.handle import Log
from service.projection import engine, projector
from service.projection.tail import Tail
from service.refusal import StateConflict
from service.settings import Secret, Settings

KEY = "a key for tests that opens nothing"
KEYS = KeyRing.of(Secret(KEY))
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
ADA = token.Principal(token.tenant("school"), "ada", "user")
Client = TestClient[web.Request, web.Application]


class Loan(Struct, frozen=True, forbid_unknown_fields=True):
    """What to lend, and for how long."""

    copy: Annotated[str, Meta(max_length=20)]
    days: Annotated[int, Meta(ge=1, le=60)] = 14


class Scan(Form, frozen=True):
    file: Upload
    title: Annotated[str, Meta(max_length=20)] = ""


class Shelf(Paged, frozen=True):
    colour: Annotated[str, Meta(max_length=20)] | None = None


class Seen(Struct, frozen=True):
    """What the handler was given."""

    what: Any
    actor: str = ""
    expected_version: int | None = None
    key: UUID | None = None
    fingerprint: str = ""
    traceparent: str = ""


class NotOnLoan(StateConflict):
    """This copy is not on loan."""


def seen(call: Call[Any, Any], what: object) -> Answer[Seen]:
    context = call.context
    fingerprint = context.fingerprint.hex()
    return Answer(
        Seen(
            what,
            context.actor,
            call.expected_version,
            context.key,
            fingerprint,
            context.traceparent,
        )
    )


async def lend(call: Call[Loan, Nothing]) -> Answer[Seen]:
    """Lend a copy."""
    return seen(call, call.body)


async def give_back(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Give a copy back.

    A second time changes nothing.
    """
    receipt = Receipt(7, ((call.path["job"], 3),), duplicate=call.expected_version is not None)
    return committed(receipt, f"/loans/{call.path['job']}")


async def renew(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Renew a loan."""
    raise NotOnLoan(copy="moby dick")


async def scan(call: Call[Loan | Scan, Nothing]) -> Answer[Seen]:
    """Scan a page."""
    return seen(call, call.body)


async def browse(call: Call[Nothing, Shelf]) -> Answer[Page[int]]:
    """List the shelf."""
    start = paging.after(call, int) or 0
    rows = list(range(start + 1, min(start + 1 + call.query.limit + 1, 101)))
    return paging.page(call, rows, lambda row: row)


async def fresh(call: Call[Nothing, Read]) -> Answer[Seen]:
    """Read what is fresh."""
    return seen(call, call.query.min_position)


async def break_down(call: Call[Nothing, Nothing]) -> Answer[Seen]:
    """Break down."""
    raise RuntimeError("the secret plan")


async def dawdle(call: Call[Nothing, Nothing]) -> Answer[Seen]:
    """Take too long."""
    await asyncio.sleep(60)
    return seen(call, None)


async def count(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    """Count for ever."""
    start = sse.resume_after(call.request, 0)

    async def pages() -> AsyncIterator[Sequence[Message]]:
        for number in range(start, start + 3):
            yield [Message({"n": number}, id=number + 1, event="count")]
        await asyncio.Event().wait()

    return await sse.serve(
        call.request, call.principal, call.resources.streams, pages(), heartbeat=0.05
    )


async def whoami(call: Call[Nothing, Nothing]) -> Answer[Seen]:
    """Say who calls."""
    return seen(call, str(call.tenant_id))


ROUTES = (
    *under(
        "/api/v1",
        (
            Route("POST", "/loans", lend, 201, limit=2000),
            Route("POST", "/loans/{job}/return", give_back),
            Route("POST", "/loans/{job}/renew", renew, refusals=(NotOnLoan,)),
            Route("POST", "/scans", scan, 201, limit=4000),
            Route("GET", "/shelf", browse),
            Route("GET", "/shelf/{lesson}", whoami),
            Route("GET", "/fresh", fresh),
            Route("GET", "/broken", break_down),
            Route("GET", "/slow", dawdle),
            Route("GET", "/hasty", dawdle, seconds=0.05),
            Route("GET", "/count", count, streams=True),
            Route("GET", "/open", whoami, role=None),
            Route("GET", "/operators", whoami, role="operator"),
        ),
    ),
    Route("GET", "/openapi.json", docs.openapi, role=None),
    Route("GET", "/docs", docs.page, role=None, media="text/html"),
    Route("GET", "/docs/problems", docs.problems, role=None, media="text/html"),
    Route("GET", "/docs/docs.css", docs.style, role=None, media="text/css"),
)


class Anybody:
    """Lets everybody in whose token is good."""

    away = False

    async def admit(self, principal: token.Principal, now: datetime) -> None:
        del principal, now


class StillTail:
    """A read model that stands at position 5 and goes no further."""

    position = 5

    async def reached(self, position: int, timeout: float) -> bool:
        del timeout
        return position <= self.position


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    return Resources(
        settings=Settings(home=tmp_path, secret_key=Secret(KEY)),
        database=None,  # type: ignore[arg-type]  # no route here reaches for it
        log=None,  # type: ignore[arg-type]
        tail=StillTail(),  # type: ignore[arg-type]
        follow=follow.Follow(StillTail()),  # type: ignore[arg-type]
        streams=Streams(limit=2),
        state=State("ready", "The service is ready."),
        now=lambda: NOW,
        new_id=uuid4,
        keys=KEYS,
        passwords=Passwords(CHEAP),
        standing=Anybody(),  # type: ignore[arg-type]
    )


@pytest.fixture
def bearer() -> Callable[..., dict[str, str]]:
    def headers(role: str = "user", *, tenant: str = "school", ttl: int = 3600) -> dict[str, str]:
        house = token.rank(role) >= token.rank("operator")
        principal = token.Principal(token.tenant(tenant), "ada", role, house=house)
        minted = token.mint(KEYS, principal, timedelta(seconds=ttl), NOW)
        return {"Authorization": f"Bearer {minted}"}

    return headers


@pytest.fixture
async def client(
    aiohttp_client: AiohttpClient, resources: Resources, bearer: Callable[..., dict[str, str]]
) -> Client:
    app = application(ROUTES, resources, Metrics())
    return await aiohttp_client(app, headers=bearer())


@pytest.fixture
async def dry(
    aiohttp_client: AiohttpClient, resources: Resources, bearer: Callable[..., dict[str, str]]
) -> Client:
    """The real routes without a database: whoever gets past validation falls over."""
    admin = bearer("admin")
    return await aiohttp_client(make_app(resources, Metrics(), ["api"]), headers=admin)


@pytest.fixture
async def projecting(database: Database, tail: Tail) -> AsyncIterator[asyncio.Task[None]]:
    """A projector at work."""
    await engine.prepare(database)
    work = asyncio.create_task(projector.run(database, tail, asyncio.Event()))
    yield work
    work.cancel()
    await asyncio.wait({work})


@pytest.fixture
async def live(
    database: Database, log: Log, tail: Tail, resources: Resources, projecting: asyncio.Task[None]
) -> Resources:
    """What the service runs on, with a projector at work."""
    standing = Standing(log, database, resources.limits, resources.now)
    resources = replace(
        resources,
        standing=standing,
        database=database,
        log=log,
        tail=tail,
        follow=follow.Follow(tail),
        new_id=uuid7,
    )
    resources.state.ready()
    return resources


@pytest.fixture
async def api(
    aiohttp_client: AiohttpClient, live: Resources, bearer: Callable[..., dict[str, str]]
) -> Client:
    """The real application on a real database."""
    return await aiohttp_client(make_app(live, Metrics(), ["api"]), headers=bearer())
