"""How often things may be asked for: rates are arithmetic, logins are counted by the database."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import limit
from service.database import Database
from service.limit import Limits, line
from service.rate import OFF, Bucket, Rate, Rates, rate
from service.refusal import TooMany
from service.sql import SQL

SCHOOL, OTHER = uuid4(), uuid4()
KEY = b"a key for tests"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
ROWS = "SELECT count(*) FROM ops.attempts"
EARLIER = """UPDATE ops.attempts SET counted_at = counted_at - $1::interval,
             open_at = open_at - $1::interval, expires_at = expires_at - $1::interval"""


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("600/1m", Rate(600, 60, 600)),
        ("1/30s burst 10", Rate(1, 30, 10)),
        ("5/2h burst 0", Rate(5, 7200, 1)),
        ("1/1d", Rate(1, 86_400, 1)),
        ("OFF", OFF),
    ],
)
def test_a_rate_is_read_as_people_spell_it_and_spelt_so_again(text: str, read: Rate) -> None:
    assert rate(text) == read
    assert rate(str(read)) == read


@pytest.mark.parametrize("text", ["", "10", "0/1m", "10/0s", "10/1", "-1/1m", "1/1w", "٣/1m"])
def test_what_is_no_rate_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="must be a rate such as"):
        rate(text)


@given(
    st.integers(1, 50),
    st.integers(1, 60),
    st.integers(1, 20),
    st.lists(st.floats(0, 5), max_size=200),
)
def test_no_window_ever_holds_more_than_burst_and_rate_and_a_wait_is_exact(
    count: int, period: int, burst: int, pauses: list[float]
) -> None:
    limited = Rate(count, period, burst)
    bucket, now, taken = Bucket(limited), 0.0, []
    for pause in pauses:
        now += pause
        if wait := bucket.take(now):
            assert wait < 1e-6 or bucket.take(now + wait * 0.99) > 0
            now += wait + 1e-6
            assert bucket.take(now) == 0
        taken.append(now)
    for index, start in enumerate(taken):
        for place, end in enumerate(taken[index:], 1):
            assert place <= burst + (end - start) / limited.pause + 1e-3


def test_a_tenant_is_told_when_to_go_on_and_no_other_tenant_notices() -> None:
    moment = 1000.0
    limits = Limits(Rates(commands=Rate(2, 10, 3), generations=Rate(1, 60, 1)), KEY, lambda: moment)

    for _ in range(2):
        limits.command(SCHOOL, generates=False)
    limits.command(SCHOOL, generates=True)
    with pytest.raises(TooMany, match="commands faster") as refusal:
        limits.command(SCHOOL, generates=False)
    limits.command(OTHER, generates=True)
    moment += refusal.value.facts["retry_after"]

    limits.command(SCHOOL, generates=False)
    assert refusal.value.facts["retry_after"] == 5
    moment += 10
    with pytest.raises(TooMany, match="asks for generations") as refusal:
        limits.command(SCHOOL, generates=True)
    assert refusal.value.facts["retry_after"] == 45


def test_a_tenant_may_have_limits_of_its_own_and_lose_them_again() -> None:
    limits = Limits(Rates(commands=Rate(1, 60, 1)), KEY, lambda: 0.0)
    limits.of_tenant(SCHOOL, commands=OFF)
    for _ in range(1000):
        limits.command(SCHOOL, generates=False)

    limits.of_tenant(SCHOOL)
    limits.command(SCHOOL, generates=False)
    with pytest.raises(TooMany):
        limits.command(SCHOOL, generates=False)


def test_only_so_many_tenants_are_kept_count_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit, "TENANTS", 3)
    limits = Limits(Rates(commands=Rate(1, 60, 1)), KEY, lambda: 0.0)
    limits.command(SCHOOL, generates=False)
    for _ in range(2):
        limits.command(uuid4(), generates=False)
    with pytest.raises(TooMany):
        limits.command(SCHOOL, generates=False)  # it has spoken last, so it is not forgotten

    for _ in range(2):
        limits.command(uuid4(), generates=False)
    assert len(limits) == 3
    with pytest.raises(TooMany):
        limits.command(SCHOOL, generates=False)


@pytest.mark.parametrize(
    ("address", "stands_for"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_an_address_stands_for_its_line(address: str, stands_for: str) -> None:
    assert line(address) == stands_for


def about(seconds: int) -> Any:
    """So many seconds, or a few less on a slow machine."""
    return pytest.approx(seconds - 5, abs=5)


async def attempts(limits: Limits, database: Database, who: str, where: str, times: int) -> int:
    """Fail so many times at once; return the seconds to wait that the last answer told."""
    calls = (limits.login(database, SCHOOL, who, where) for _ in range(times))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    waits = [answer.facts["retry_after"] for answer in answers if isinstance(answer, TooMany)]
    assert all(answer is None or isinstance(answer, TooMany) for answer in answers)
    return max(waits, default=0)


async def test_an_identifier_is_slowed_down_whoever_tries_and_never_locked(
    database: Database,
) -> None:
    limits, again = Limits(key=KEY), Limits(key=KEY)

    async def wait(who: str, times: int = 1, where: str = "192.0.2.1") -> int:
        return await attempts(limits, database, who, where, times)

    async def later(seconds: int) -> None:
        await database.execute(EARLIER, timedelta(seconds=seconds))

    assert await wait("ada@example.org", 10) == 0
    assert await wait(" ADA@example.org", 1, "192.0.2.2") == about(30)  # however it is spelt
    assert await attempts(again, database, "ada@example.org", "192.0.2.3", 1) == about(30)
    assert await wait("bob@example.org") == 0
    waits = []
    for _ in range(8):  # each doubles the pause; one is forgotten in a quarter of an hour
        waits.append(await wait("ada@example.org"))
        await later(waits[-1])
        assert await wait("ada@example.org") == 0
    assert waits == [about(seconds) for seconds in (30, 60, 120, 240, 480, 480, 900, 900)]

    await later(900)
    await limits.succeeded(database, SCHOOL, "ada@example.org", "192.0.2.1")
    assert await wait("ada@example.org", 10, "192.0.2.9") == 0  # all is forgotten
    assert await wait("ada@example.org", 1, "192.0.2.9") == about(30)
    assert await wait("ada@example.org", 10) == 0  # strangers cannot keep her out
    assert await wait("ada@example.org") == about(30)

    await later(40 * 86_400)
    await limit.sweep(database)
    assert await database.fetchval(ROWS) == 0


async def test_two_attempts_at_once_are_counted_like_two_in_a_row(database: Database) -> None:
    keys, rule = (b"ada", b"ada here", None), [2.0, 30.0, 900.0]
    one, other = await database.connect(), await database.connect()
    assert await one.fetchval(SQL["limit/attempt"], *keys, rule, rule) == 0
    transaction = one.transaction()
    await transaction.start()
    assert await one.fetchval(SQL["limit/attempt"], *keys, rule, rule) == 0
    late = asyncio.create_task(other.fetchval(SQL["limit/attempt"], *keys, rule, rule))
    while not await database.fetchval(WAITING):  # noqa: ASYNC110 - a lock tells nobody
        await asyncio.sleep(0)
    await transaction.commit()

    assert await late == about(30)
    await asyncio.gather(one.close(), other.close())


async def test_an_address_that_fails_much_waits_and_nothing_in_the_table_tells_whose_it_is(
    database: Database,
) -> None:
    limits = Limits(Rates(address=Rate(1, 20, 6)), KEY)
    where = ("2001:db8::1", "2001:db8::2")

    for number in range(5):
        await limits.login(database, SCHOOL, f"{number}@example.org", where[number % 2])
    for _ in range(3):  # an account of one's own washes nothing away
        await limits.login(database, SCHOOL, "mallory@example.org", where[0])
        await limits.succeeded(database, SCHOOL, "mallory@example.org", where[0])
    await limits.registration(database, where[1])
    with pytest.raises(TooMany, match="too many attempts") as refusal:
        await limits.registration(database, where[0])
    assert refusal.value.facts["retry_after"] == about(20)
    with pytest.raises(TooMany):
        await limits.login(database, OTHER, "eve@example.org", where[0])
    await limits.login(database, OTHER, "eve@example.org", "2001:db8:0:1::")

    rows = await database.fetch("SELECT encode(key, 'escape') AS text FROM ops.attempts")
    assert not any("example" in row["text"] or "2001" in row["text"] for row in rows)
    await Limits(Rates(logins=OFF, address=OFF), KEY).registration(database, where[0])
