"""What a process notes besides the events of commands, and how it comes to stand in the log."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from service.audit.audit import REMEMBERED, Audit, storable
from service.audit.events import AUDIT, ORIGIN, LoginFailed
from service.database import Database
from service.http.token import Principal
from service.log.append import GroupAppender
from service.log.codec import decode, encode
from service.log.commit import Lease, Receipt
from service.log.handle import Context, Log, Write
from service.refusal import Forbidden, TooMany, Unavailable
from tests.audit.callers import ADA, EVE, OTHER, SECRET, TENANT, refuse, request_from
from tests.waiting import until

HERE = request_from("192.0.2.1")
WRONG = LoginFailed(account=UUID(int=77), reason="wrong-password")


async def stored(database: Database, *types: str) -> list[dict[str, Any]]:
    rows = await database.fetch(
        "SELECT e.type, e.version, e.stream_id, e.tenant_id, e.data, e.metadata, p.subject_id,"
        "       p.data AS private FROM log.events AS e LEFT JOIN log.private AS p USING (position)"
        " WHERE e.type = ANY ($1) ORDER BY e.position",
        list(types),
    )
    return [
        dict(row) | {"data": msgspec.json.decode(row["data"]), "private": row["private"]}
        for row in rows
    ]


async def count_is(database: Database, count: int) -> bool:
    return len(await stored(database, "command.refused")) == count


def test_an_origin_is_the_same_in_every_process_and_tells_nothing_of_the_address() -> None:
    one, other = Audit(SECRET), Audit(SECRET)
    found = one.origin(ADA, HERE)

    assert found == one.origin(ADA, HERE) == other.origin(ADA, HERE)
    assert found is not None
    assert (found.version, found.variant) == (8, "specified in RFC 4122")
    others = {
        one.origin(ADA, request_from("192.0.2.2")),
        one.origin(EVE, HERE),
        one.origin(msgspec.structs.replace(ADA, tenant_id=OTHER), HERE),
        Audit().origin(ADA, HERE),
    }
    assert len({found, *others}) == 5


def test_whoever_tries_to_get_in_is_where_he_is_once_he_has() -> None:
    audit, claim = Audit(SECRET), uuid4()
    known = audit.visitor(TENANT, HERE, account=UUID(int=77), claim=claim)

    assert known == audit.origin(EVE, HERE)
    assert known != audit.visitor(TENANT, HERE, account=None, claim=claim)
    assert audit.origin(Principal(TENANT, "anonymous", ""), HERE) is None


def test_a_client_may_call_itself_anything() -> None:
    assert storable("Evil\udce9/1" + "x" * 300) == "Evil?/1" + "x" * 193


def test_an_unknown_address_is_no_trouble() -> None:
    assert Audit(SECRET).origin(ADA, request_from(None)) is not None


def test_a_caller_is_remembered_while_others_come_and_go() -> None:
    audit = Audit(SECRET)
    callers = [Principal(TENANT, str(number), "user") for number in range(REMEMBERED + 50)]
    kept, first = audit.origin(ADA, HERE), audit.origin(callers[0], HERE)
    for caller in callers:
        audit.origin(caller, HERE)
        assert audit.origin(ADA, HERE) is kept

    again = audit.origin(callers[0], HERE)
    assert again == first
    assert again is not first


def test_what_is_refused_again_and_again_is_counted() -> None:
    audit = Audit(SECRET)
    for _ in range(1000):
        refuse(audit, target=UUID(int=5))
        refuse(audit, refusal=TooMany(), target=uuid4())
        audit.note(TENANT, WRONG, None)
    refuse(audit, EVE, target=UUID(int=5))

    assert (audit.waiting, audit.dropped) == (4, 0)


def test_what_the_service_could_not_do_is_no_refusal() -> None:
    audit = Audit(SECRET)
    refuse(audit, refusal=Unavailable())

    assert audit.waiting == 0


@pytest.mark.parametrize(
    "event", [WRONG, LoginFailed(None, "unknown", UUID(int=1), UUID(int=2), times=3)]
)
def test_an_event_comes_back_as_it_was(event: LoginFailed) -> None:
    known = encode(event)
    assert decode(LoginFailed, known.data, known.private) == event


async def test_origins_and_notes_are_stored_once_by_however_many_processes(
    log: Log, database: Database
) -> None:
    one, other = Audit(SECRET), Audit(SECRET)
    origin = one.origin(EVE, request_from("::ffff:192.0.2.1"))
    other.origin(EVE, HERE)
    for _ in range(3):
        refuse(one, EVE, Forbidden("No."), origin=origin, target=UUID(int=5))
    refuse(one, msgspec.structs.replace(ADA, tenant_id=OTHER))
    one.note(TENANT, WRONG, origin, UUID(int=9))
    await asyncio.gather(one.flush(log, database), other.flush(log, database))
    third = Audit(SECRET)
    third.origin(EVE, HERE)
    await third.flush(log, database)

    assert (one.dropped, other.dropped) == (0, 0)
    [seen] = await stored(database, "origin.seen")
    assert (seen["stream_id"], seen["version"], seen["tenant_id"]) == (origin, 1, TENANT)
    assert seen["data"] == {"subject": str(UUID(int=77)), "kind": "account"}
    assert seen["subject_id"] == UUID(int=77)
    assert msgspec.json.decode(seen["private"]) == {"address": "192.0.2.1", "agent": "curl/8"}

    refused, elsewhere, failed = sorted(
        await stored(database, "command.refused", "login.failed"),
        key=lambda row: (row["type"], row["tenant_id"]),
    )
    assert refused["data"] | {"at": ""} == {
        "actor": str(UUID(int=77)),
        "kind": "account",
        "method": "POST",
        "path": "/api/v1/courses/{course}/rename",
        "target": str(UUID(int=5)),
        "code": "forbidden",
        "status": 403,
        "origin": str(origin),
        "correlation_id": None,
        "at": "",
        "times": 3,
    }
    assert (elsewhere["tenant_id"], elsewhere["data"]["actor"]) == (OTHER, "ada")
    assert (failed["data"]["account"], failed["data"]["correlation_id"]) == (
        str(UUID(int=77)),
        str(UUID(int=9)),
    )
    assert {refused["stream_id"], failed["stream_id"]} & {elsewhere["stream_id"]} == set()
    assert refused["stream_id"] == failed["stream_id"]


async def test_there_is_room_for_so_many_and_the_rest_is_counted_and_told(
    log: Log, database: Database
) -> None:
    audit = Audit(SECRET, room=20)
    for number in range(50):
        refuse(audit, target=UUID(int=number))
        audit.origin(Principal(TENANT, f"ada {number}", "user"), HERE)
    assert audit.dropped == 30
    await audit.flush(log, database)

    assert len(await stored(database, "command.refused")) == 20
    assert [row["data"] for row in await stored(database, "audit.dropped")] == [{"count": 30}]
    assert len(await stored(database, "origin.seen")) == 20
    for number in range(50):
        audit.origin(Principal(TENANT, f"ada {number}", "user"), HERE)
    await audit.flush(log, database)
    assert len(await stored(database, "origin.seen")) == 40


class Forgetful(Log):
    """A log whose first answers are lost on the way."""

    losing = 2

    async def append(self, context: Context, *writes: Write, lease: Lease | None = None) -> Receipt:
        """Append, and answer as if nobody knew."""
        receipt = await super().append(context, *writes, lease=lease)
        if self.losing:
            self.losing -= 1
            raise Unavailable
        return receipt


async def test_what_could_not_be_stored_is_held_and_what_was_is_not_stored_twice(
    log: Log, database: Database, appender: GroupAppender
) -> None:
    audit = Audit(SECRET, room=5)
    full = Log(database, GroupAppender(database.connect, waiting=0))
    refuse(audit, target=UUID(int=1))
    audit.origin(ADA, HERE)
    for number in range(2, 9):
        with pytest.raises(Unavailable):
            await audit.flush(full, database)
        refuse(audit, target=UUID(int=number))
    assert (audit.waiting, audit.dropped) == (8, 2)
    with pytest.raises(Unavailable):
        await audit.flush(Forgetful(database, appender), database)
    await audit.flush(log, database)

    refused = await stored(database, "command.refused")
    assert [UUID(row["data"]["target"]).int for row in refused] == [1, 2, 3, 4, 5, 6]
    assert len(await stored(database, "origin.seen")) == 1
    assert [row["data"]["count"] for row in await stored(database, "audit.dropped")] == [2]


async def test_a_process_that_stops_stores_what_it_has(log: Log, database: Database) -> None:
    audit = Audit(SECRET)
    work = asyncio.create_task(audit.run(log, database))
    refuse(audit)
    await until(database, partial(count_is, database, 1))
    refuse(audit, target=UUID(int=2))
    work.cancel()
    await asyncio.wait({work})

    assert work.cancelled()
    assert len(await stored(database, "command.refused")) == 2


def test_the_audit_decides_nothing() -> None:
    assert not AUDIT.decide(None, None)
    assert not ORIGIN.decide(None, None)
    assert AUDIT.fold([WRONG]) is None
