"""The audit as analysts read it: who did what, from where, and what of that is forgotten."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.account.decider import ACCOUNT
from service.account.events import AccountErased
from service.audit.events import (
    AUDIT,
    ORIGIN,
    AuditDropped,
    CommandRefused,
    LoginFailed,
    OriginSeen,
)
from service.course.commands import RenameCourse
from service.course.decider import COURSE
from service.database import Database
from service.job.decider import JOB, Cancel, Create, Start
from service.log.decider import Decider
from service.log.handle import Context, Log, Write
from service.projection.text import projection
from service.sql import SQL
from tests.audit.callers import PATH
from tests.projection.generations import build, fold, live, rows, scratch
from tests.projection.histories import TENANTS, Place, request

Project = Callable[[], Awaitable[None]]
TENANT: Final = TENANTS[0]
PEOPLE: Final = tuple(UUID(int=900 + number) for number in range(3))
EVE: Final = PEOPLE[0]

NO_ACTS: Final = {
    "account.password-rehashed": "the service does it by itself at a login",
    "answer.kept": "a worker's",
    "booster.generated": "a worker's",
    "booster.refused": "a worker's",
    "budget.carried-forward": "the service does it by itself when much has been charged",
    "budget.reserved": "a worker's",
    "budget.settled": "a worker's",
    "chapter.failed": "a worker's",
    "chapter.generated": "a worker's",
    "chapter.rejected": "follows from what was made or revised",
    "chapter.validated": "follows from what was made or revised",
    "claim.made": "part of a registration",
    "claim.released": "part of a change",
    "course.failed": "a worker's",
    "course.outlined": "a worker's",
    "course.ready": "a worker's",
    "erasure.begun": "account.erased tells of it",
    "job.advanced": "a worker's",
    "job.completed": "a worker's",
    "job.failed": "a worker's",
    "job.retry-scheduled": "a worker's",
    "job.started": "a worker's",
    "lesson.drafted": "a worker's",
    "lesson.generated": "a worker's",
    "llm.called": "a worker's",
    "quiz.generated": "a worker's",
    "session.refreshed": "a program's, every quarter of an hour",
    "summary.generated": "a worker's",
    "textbook.failed": "a worker's",
    "textbook.planned": "a worker's",
    "textbook.ready": "follows from what was made or revised",
}
"""Events that no caller's command is told by, and why."""


def refused(origin: UUID | None = None, **but: Any) -> CommandRefused:
    event = CommandRefused(
        actor=str(EVE),
        kind="account",
        method="POST",
        path=PATH,
        target=UUID(int=5),
        code="stale-version",
        status=412,
        origin=origin,
        times=4,
    )
    return msgspec.structs.replace(event, **but)


async def store(
    log: Log, decider: Decider[Any, Any, Any], *events: Any, stream: UUID | None = None, **who: Any
) -> UUID:
    """Append events to a stream that is new."""
    context = Context(who.get("tenant", TENANT), who.get("actor", "ann"), uuid4())
    stream = stream or uuid4()
    context = msgspec.structs.replace(context, origin=who.get("origin"))
    await log.append(context, Write(decider, stream, 0, events))
    return stream


async def acts(database: Database, tenant: UUID = TENANT) -> list[dict[str, Any]]:
    found = await database.fetch(
        "SELECT * FROM read.v_audit WHERE tenant_id = $1 ORDER BY position", tenant
    )
    return [dict(row) for row in found]


def test_every_event_of_the_service_is_an_act_or_expressly_none(every_event: set[str]) -> None:
    folded = set(projection("audit").types)

    assert every_event - folded == set(NO_ACTS)


async def test_an_act_says_who_did_what_to_which_stream_and_from_where(
    log: Log, database: Database, projected: Project
) -> None:
    place = Place(TENANT, uuid4(), uuid4())
    await request(log, place, "Light")
    origin = await store(log, ORIGIN, OriginSeen(EVE, "account", "192.0.2.77", "curl"))
    there = Context(TENANT, str(EVE), uuid4(), origin=origin)
    await log.handle(COURSE, place.course, RenameCourse("Dawn"), there)
    again = Create("lesson", place.course, "ann", number=3)
    await log.handle(JOB, uuid4(), again, there)
    await log.handle(JOB, place.job, Start("w"), Context(TENANT, "worker:w", uuid4()))
    await log.handle(JOB, place.job, Cancel("No sources."), Context(TENANT, "worker:w", uuid4()))
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    await store(log, AUDIT, refused(origin, at=at), LoginFailed(EVE, "throttled", times=9))
    await store(log, AUDIT, AuditDropped(7), tenant=TENANTS[1])
    await projected()

    told = [
        (row["action"], row["actor"], row["actor_kind"], row["outcome"], row["detail"])
        for row in await acts(database)
    ]
    assert told == [
        ("course.requested", "ann", "operator", "ok", None),
        ("course.renamed", str(EVE), "account", "ok", None),
        ("job.created", str(EVE), "account", "ok", "lesson 3"),
        ("command.refused", str(EVE), "account", "refused", None),
        ("login.failed", "anonymous", "visitor", "failed", None),
    ]
    _, renamed, _, no, failed = await acts(database)
    assert (renamed["stream_id"], renamed["category"]) == (place.course, "course")
    assert (renamed["correlation_id"], str(renamed["network"])) == (
        there.correlation_id,
        "192.0.2.0/24",
    )
    assert (no["route"], no["status"], no["code"], no["times"], no["stream_id"]) == (
        f"POST {PATH}",
        412,
        "stale-version",
        4,
        UUID(int=5),
    )
    assert (no["at"], str(no["network"])) == (at, "192.0.2.0/24")
    assert (failed["stream_id"], failed["code"], failed["times"]) == (EVE, "throttled", 9)
    [dropped] = await acts(database, TENANTS[1])
    assert (dropped["action"], dropped["detail"]) == (
        "audit.dropped",
        "7 refusals are missing here",
    )


async def test_failed_logins_are_counted_by_day_and_reason(
    log: Log, database: Database, projected: Project
) -> None:
    wrong = LoginFailed(EVE, "wrong-password", UUID(int=1))
    await store(log, AUDIT, wrong, msgspec.structs.replace(wrong, times=2, origin=UUID(int=2)))
    await store(log, AUDIT, LoginFailed(None, "unknown"), LoginFailed(PEOPLE[1], "wrong-password"))
    await store(log, AUDIT, wrong, tenant=TENANTS[1])
    await projected()

    found = await database.fetch(
        "SELECT reason, failures, accounts, origins FROM read.v_login_failures"
        " WHERE tenant_id = $1 ORDER BY reason",
        TENANT,
    )
    assert [tuple(row) for row in found] == [("unknown", 1, 0, 0), ("wrong-password", 4, 2, 2)]


ADDRESSES: Final = ("192.0.2.77", "2001:db8:1:2::3", "::1", "")
HAPPENINGS: Final = st.one_of(
    st.tuples(st.just("met"), st.sampled_from(PEOPLE), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("met"), st.sampled_from(PEOPLE), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("erased"), st.sampled_from(PEOPLE), st.none()),
    st.tuples(st.just("refused"), st.sampled_from(PEOPLE), st.none()),
    st.tuples(st.just("forgotten"), st.sampled_from(PEOPLE), st.none()),
)


async def happens(
    log: Log, database: Database, run: int, what: str, who: UUID, address: Any
) -> None:
    """Let something happen to one of this run's people."""
    who = UUID(int=who.int + 1000 * run)
    if what == "met":
        await store(log, ORIGIN, OriginSeen(who, "account", address, "curl"))
    elif what == "erased":  # with the payloads still there, as where an erasure breaks off
        await store(log, ACCOUNT, AccountErased(), stream=who)
    elif what == "refused":
        await store(log, AUDIT, refused(actor=str(who)))
    else:
        schema = await live(database, "audit")
        await database.execute("DELETE FROM log.private WHERE subject_id = $1", who)
        await database.execute(f"SELECT {schema}.forget($1)", who)


_runs = iter(range(1, 10_000))


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    happenings=st.lists(HAPPENINGS, min_size=5, max_size=40),
    cuts=st.lists(st.integers(1, 60), max_size=6),
)
async def test_however_it_is_folded_the_same_is_known_and_the_same_forgotten(
    happenings: list[tuple[str, UUID, Any]],
    cuts: list[int],
    log: Log,
    database: Database,
    projected: Project,
) -> None:
    run, erased = next(_runs), set()
    before = await database.fetchval("SELECT position FROM log.head")
    for number, (what, who, address) in enumerate(happenings):
        if what == "erased" and who in erased:
            continue
        erased |= {who} if what == "erased" else set()
        await happens(log, database, run, what, who, address)
        if number % 7 == len(cuts):
            await projected()
    await projected()
    head = await database.fetchval("SELECT position FROM log.head")

    whole = await rows(database, await live(database, "audit"))
    other = await scratch(database, projection("audit"))
    await build(database, other, [before + cut for cut in cuts])
    assert await rows(database, other) == whole
    await fold(database, other, before, head)
    assert await rows(database, other) == whole
    for who in erased:
        mine = UUID(int=who.int + 1000 * run)
        known = await database.fetchrow(
            "SELECT count(o.network), count(*) FILTER (WHERE o.position < a.position)"
            "  FROM read.audit_origins AS o JOIN read.audit_acts AS a"
            "    ON a.action = 'account.erased' AND a.stream_id = o.subject WHERE o.subject = $1",
            mine,
        )
        assert tuple(known) == (0, 0)


def test_the_texts_that_the_fold_names_are_those_it_declares() -> None:
    script = SQL["audit/projection"]
    body = script[script.index("CREATE FUNCTION fold") :]
    named = set(re.findall(r"'([a-z-]+\.[a-z-]+)'", body))

    assert named <= set(projection("audit").types)
