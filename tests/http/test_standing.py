"""Who was let in a moment ago and may not be now, as another process of the service sees it."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from service.account.commands import Deactivate, Reactivate, Register, SignOutEverywhere
from service.account.decider import ACCOUNT
from service.account.session import SESSION, End, Start
from service.database import Database
from service.http.call import Resources
from service.http.standing import FRESH, Standing
from service.http.token import Principal, tenant
from service.limit import Limits
from service.log.append import GroupAppender
from service.log.handle import Context, Log, Write
from service.projection.act import Act
from service.refusal import Refusal, TooMany, Unauthenticated
from service.tenant import desk
from service.tenant.tenants import TenantSuspended
from tests.http.conftest import NOW, Client
from tests.http.test_sse import read_until

SCHOOL = tenant("school")
WHO = Context(SCHOOL, "an administrator", uuid4())
LATER = NOW + FRESH


class Place:
    """Two processes of a service: one that changes things, and one that people call."""

    def __init__(self, database: Database, own: Log, other: Log) -> None:
        self.database, self.own, self.other = database, own, other
        self.limits = Limits()
        self.standing = Standing(own, database, self.limits, lambda: NOW)


@pytest.fixture
async def place(database: Database, log: Log) -> AsyncIterator[Place]:
    appender = GroupAppender(database.connect)
    yield Place(database, log, Log(database, appender))
    await appender.close()


async def person(log: Log) -> Principal:
    """Let somebody register and log in, and return who calls with the token of that."""
    account, session = uuid4(), uuid4()
    register = Register(
        account=account, email="ada@example.org", password_hash="x", on=date(2026, 6, 30)
    )
    start = Start(account=account, secret=b"s" * 32, version=1, now=NOW)
    await log.append(
        WHO,
        Write(ACCOUNT, account, 0, ACCOUNT.decide(register, ACCOUNT.initial)),
        Write(SESSION, session, 0, SESSION.decide(start, SESSION.initial)),
    )
    return Principal(SCHOOL, str(account), "user", "account", session_id=session, version=1)


@pytest.mark.parametrize("ends", ["account", "session"])
async def test_what_another_process_has_ended_is_over_before_long(place: Place, ends: str) -> None:
    ada = await person(place.other)
    await place.standing.admit(ada, NOW)
    if ends == "account":
        await place.other.handle(ACCOUNT, UUID(ada.subject), Deactivate("rude", "admin"), WHO)
    else:
        assert ada.session_id is not None
        await place.other.handle(SESSION, ada.session_id, End(), WHO)

    await place.standing.admit(ada, LATER - timedelta(seconds=1))  # it goes by what it knows
    with pytest.raises(Unauthenticated, match="ended"):
        await place.standing.admit(ada, LATER)


async def test_what_this_process_has_ended_is_over_at_once_and_for_good(place: Place) -> None:
    ada = await person(place.own)
    await place.standing.admit(ada, NOW)
    await place.own.handle(ACCOUNT, UUID(ada.subject), Deactivate("rude", "admin"), WHO)

    with pytest.raises(Unauthenticated):
        await place.standing.admit(ada, NOW)
    await place.own.handle(ACCOUNT, UUID(ada.subject), Reactivate(), WHO)
    with pytest.raises(Unauthenticated):  # its tokens are of an older version
        await place.standing.admit(ada, NOW)


async def test_a_token_that_is_newer_than_what_is_known_is_good(place: Place) -> None:
    ada = await person(place.other)
    await place.standing.admit(ada, NOW)
    await place.other.handle(ACCOUNT, UUID(ada.subject), SignOutEverywhere(), WHO)

    await place.standing.admit(replace(ada, version=2), NOW)
    with pytest.raises(Unauthenticated):
        await place.standing.admit(ada, NOW)


async def test_a_tenant_that_is_suspended_is_out_and_the_house_is_not(place: Place) -> None:
    act = Act("operator", SCHOOL, uuid4(), "unpaid")
    machine, house = Principal(SCHOOL, "m", "admin"), Principal(SCHOOL, "o", "admin", house=True)
    await desk.create(place.database, "school", act)
    await place.standing.admit(machine, NOW)
    await desk.suspend(place.database, SCHOOL, act)

    await place.standing.admit(machine, LATER - timedelta(seconds=1))
    with pytest.raises(TenantSuspended):
        await place.standing.admit(machine, LATER)
    await place.standing.admit(house, LATER)


async def test_a_tenants_own_limits_count_once_they_are_read(place: Place) -> None:
    act = Act("operator", SCHOOL, uuid4(), "a small school")
    await desk.create(place.database, "school", act)
    await desk.limit(
        place.database, SCHOOL, act, commands_per_second=1, generations_per_minute=None
    )
    await place.standing.admit(Principal(SCHOOL, "m", "user"), NOW)

    place.limits.command(SCHOOL, generates=False)
    with pytest.raises(TooMany):
        place.limits.command(SCHOOL, generates=False)


async def test_somebody_of_an_account_that_never_was_is_nobody(place: Place) -> None:
    with pytest.raises(Unauthenticated):
        await place.standing.admit(
            Principal(SCHOOL, str(uuid4()), "admin", "account", session_id=uuid4(), version=0), NOW
        )


async def test_who_may_call_no_more_follows_no_more(client: Client, resources: Resources) -> None:
    async def no_more(_: Principal) -> None:
        raise Refusal("This token was ended; log in again.")

    async with client.get("/api/v1/count") as response:
        await read_until(response, ": still here\n\n")
        resources.streams.still = no_more  # type: ignore[misc]  # nobody changes his mind so
        received = await read_until(response, "log in again")

        assert "event: bye\n" in received
        assert await response.content.read() == b""
