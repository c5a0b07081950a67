"""Accounts as they are read: live, rebuilt in any steps, and once a person is forgotten."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from psycopg import sql

from service.account import views
from service.account.commands import (
    ChangePassword,
    Deactivate,
    Erase,
    GrantRole,
    Reactivate,
    RehashPassword,
    SignOutEverywhere,
    UpdateProfile,
)
from service.account.decider import ACCOUNT, Active, Inactive
from service.account.session import SESSION, End, Refresh, Start
from service.database import Database
from service.log.handle import Log
from service.projection.text import projection
from service.refusal import Refusal
from tests.account.people import NOW, REGISTER
from tests.projection.generations import Rows, build, fold, live, rows, scratch
from tests.projection.histories import TENANTS, context
from tests.shapes import structs

Project = Callable[[], Awaitable[None]]
PEOPLE: Final = 3
SECRET: Final = bytes(range(32))
COMMANDS: Final = st.one_of(
    structs(ChangePassword),
    structs(RehashPassword),
    structs(UpdateProfile),
    structs(UpdateProfile),
    structs(Deactivate),
    structs(Reactivate),
    structs(GrantRole),
    structs(SignOutEverywhere),
)
SEEN: Final = st.builds(Refresh, st.just(SECRET), st.binary(min_size=16, max_size=16), st.just(NOW))
DEEDS: Final = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),
        st.one_of(COMMANDS, COMMANDS, st.just("log in"), SEEN, st.just(End())),
    ),
    min_size=10,
    max_size=40,
)


class Person:
    """Somebody with an account, and the session of the last login."""

    def __init__(self, number: int) -> None:
        self.tenant = TENANTS[number % 2]
        self.account = uuid4()
        self.session = uuid4()

    async def register(self, log: Log) -> None:
        command = replace(REGISTER, account=self.account)
        await log.handle(ACCOUNT, self.account, command, context(self.tenant))

    async def log_in(self, log: Log) -> None:
        self.session = uuid4()
        start = Start(account=self.account, secret=SECRET, version=1, now=NOW, agent="Firefox")
        await log.handle(SESSION, self.session, start, context(self.tenant))

    async def act(self, log: Log, deed: Any) -> None:
        if deed == "log in":
            return await self.log_in(log)
        of_session = isinstance(deed, Refresh | End)
        decider, stream = (SESSION, self.session) if of_session else (ACCOUNT, self.account)
        try:
            await log.handle(cast("Any", decider), stream, deed, context(self.tenant))
        except Refusal:
            return None


async def read(database: Database) -> Rows:
    return await rows(database, await live(database, "account"))


async def rebuilt(database: Database, cuts: list[int]) -> Rows:
    schema = await scratch(database, projection("account"))
    await build(database, schema, cuts)
    return await rows(database, schema)


async def lose(database: Database, account: UUID) -> None:
    """Delete what belongs to a person from beside the events."""
    await database.execute("DELETE FROM log.private WHERE subject_id = $1", account)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(deeds=DEEDS, cuts=st.lists(st.integers(1, 40), max_size=20), late=st.booleans())
async def test_rows_are_the_same_however_the_log_is_cut_and_whoever_is_forgotten(
    deeds: list[tuple[int, Any]],
    cuts: list[int],
    late: bool,  # noqa: FBT001 - a drawn fact
    log: Log,
    database: Database,
    projected: Project,
) -> None:
    people = [Person(number) for number in range(PEOPLE)]
    for person in people:
        await person.register(log)
    for which, deed in deeds:
        await people[which].act(log, deed)
        if which == 1:
            await projected()
    await projected()
    head = await database.fetchval("SELECT position FROM log.head")
    cuts = [max(1, head - 40) + cut for cut in cuts]
    before = await read(database)
    assert await rebuilt(database, cuts) == before

    schema = await live(database, "account")
    await fold(database, schema, max(0, head - 9), head)
    assert await read(database) == before

    erased, blanked = people[0], people[1]
    await erased.act(log, Erase())
    if late:
        await erased.log_in(log)  # it was on its way
    await projected()
    assert await rebuilt(database, cuts) == await read(database)

    await lose(database, erased.account)
    assert await rebuilt(database, cuts) == await read(database)
    forget = sql.SQL("SELECT {}.forget({})").format(
        sql.Identifier(schema), sql.Literal(str(blanked.account))
    )
    await database.execute(forget.as_string())
    await lose(database, blanked.account)
    assert await rebuilt(database, cuts) == await read(database)


async def test_an_account_is_read_as_the_log_has_it(
    log: Log, database: Database, projected: Project
) -> None:
    ann, bob, eve = (Person(number) for number in (0, 2, 1))
    for person in (ann, bob, eve):
        await person.register(log)
        await person.log_in(log)
    await ann.act(log, Refresh(SECRET, b"n" * 16, NOW + timedelta(minutes=1)))
    await ann.act(log, UpdateProfile(name="Ann", experience_level="advanced", interests=("x",)))
    await bob.act(log, GrantRole("analyst", "operator", in_house=True))
    await bob.act(log, Deactivate("Spam.", "operator"))
    await eve.act(log, Erase())
    await projected()

    for person in (ann, bob):
        loaded = await log.load(ACCOUNT, person.account, person.tenant)
        found = await views.account(database, person.tenant, person.account)
        assert found is not None
        state = loaded.state
        assert isinstance(state, Active | Inactive)
        assert (found.version, found.email, found.username) == (
            loaded.version, state.email, state.username,
        )  # fmt: skip
        assert (found.name, found.role, found.is_active) == (
            state.name, state.role, isinstance(state, Active),
        )  # fmt: skip
        row = await database.fetchrow("SELECT * FROM read.users WHERE id = $1", person.account)
        assert row is not None
        assert row["token_version"] == state.token_version
        assert (row["roles"], row["is_superuser"]) == ([state.role], False)
    [profile] = await database.fetch(
        "SELECT * FROM read.user_profiles WHERE user_id = $1", ann.account
    )
    assert (profile["experience_level"], profile["interests"]) == ("advanced", ["x"])

    [open_one] = await views.sessions(database, ann.tenant, ann.account, NOW)
    assert (open_one.id, open_one.agent) == (ann.session, "Firefox")
    assert open_one.refreshed_at == NOW + timedelta(minutes=1)
    assert await views.sessions(database, ann.tenant, ann.account, open_one.expires_at) == []
    assert await views.sessions(database, bob.tenant, bob.account, NOW) == []
    assert await views.account(database, eve.tenant, eve.account) is None
    assert await views.account(database, eve.tenant, ann.account) is None


async def test_accounts_are_found_by_part_role_and_standing(
    log: Log, database: Database, projected: Project
) -> None:
    ann, bob, cat = (Person(0) for _ in range(3))
    for person, name in zip((ann, bob, cat), ("Ann", "Bob", "50% Cat_"), strict=True):
        command = replace(REGISTER, account=person.account, name=name, username=None)
        await log.handle(ACCOUNT, person.account, command, context(person.tenant))
    await bob.act(log, GrantRole("analyst", "operator", in_house=True))
    await cat.act(log, Deactivate("Spam.", "operator"))
    await projected()

    async def names(**filters: Any) -> list[str | None]:
        return [found.name for found in await views.page(database, TENANTS[0], **filters)]

    assert await names() == ["50% Cat_", "Bob", "Ann"]
    assert await names(role="analyst") == ["Bob"]
    assert await names(active=False) == ["50% Cat_"]
    assert await names(part="ANN") == ["Ann"]
    assert await names(part="%") == ["50% Cat_"]
    assert await names(part="example.org", limit=2) == ["50% Cat_", "Bob"]
    second = (await views.page(database, TENANTS[0]))[1]
    assert await names(before=(second.created_at, second.id)) == ["Ann"]
    assert await views.page(database, TENANTS[1]) == []
