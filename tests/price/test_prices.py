"""What calls cost and may cost, by the prices of the log."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.price.prices import Prices, tokens
from service.refusal import Unavailable
from tests.price.published import asked, publish

MILLION = 1_000_000


async def test_a_price_holds_at_once_wherever_calls_are_made(
    log: Log, database: Database, appender: GroupAppender
) -> None:
    here, there = Prices(log), Prices(Log(database, appender))
    assert await here.cost("m", "", MILLION, 0) is None

    await publish(log, "m", "0.15", "0.60")
    before = [await prices.cost("m", "m", MILLION, MILLION) for prices in (here, there)]
    await publish(log, "m", "1", "2")
    after = [await prices.cost("m", "m", MILLION, MILLION) for prices in (here, there)]

    assert (before, after) == ([Decimal("0.75")] * 2, [Decimal(3)] * 2)


async def test_the_price_is_that_of_the_model_which_answered(log: Log) -> None:
    await publish(log, "small", "1", "1")
    await publish(log, "large", "10", "10")
    prices = Prices(log)

    assert await prices.cost("small", "large", MILLION, 0) == 10
    assert await prices.cost("small", "small-2026-11-01", MILLION, 0) == 1
    assert await prices.cost("small", "", MILLION, 0) == 1
    assert await prices.cost("other", "other", MILLION, 0) is None


async def test_what_a_call_may_cost_is_its_request_and_the_longest_answer(log: Log) -> None:
    await publish(log, "gpt-4o-mini", "1", "10")
    prices = Prices(log)

    most = await prices.most(asked("x" * 4000, max_tokens=500))
    assert most == Decimal(1000 + 8 + 5000) / MILLION
    assert await prices.most(asked("x", model="unheard-of")) is None


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("", 0),
        ("Light falls on leaves.", 6),
        ("光合作用将光能转化为化学能", 9),
        ("빛은 잎에 떨어진다", 6),
        ("Light 光", 3),
    ],
)
def test_the_tokens_of_a_text_are_estimated_by_its_script(text: str, about: int) -> None:
    assert tokens(asked(text)) - 8 == pytest.approx(about, abs=1)


def test_a_schema_is_part_of_what_is_sent() -> None:
    bare = asked("x" * 40)
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}

    assert tokens(replace(bare, schema=schema)) > tokens(bare) + 10


async def test_while_the_log_is_away_the_last_known_prices_hold(
    log: Log, database: Database
) -> None:
    await publish(log, "small", "1", "1")
    prices, stranger = Prices(log), Prices(log)
    await prices.most(asked(model="small"))
    await database.close()

    assert await prices.cost("small", "small-2026-11-01", MILLION, 0) == 1
    assert await stranger.cost("small", "small", MILLION, 0) is None
    with pytest.raises(Unavailable):
        await prices.most(asked(model="small"))
