"""Prices as analysts read them, the old ones too."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

from service.database import Database
from service.http.token import HOUSE
from service.log.handle import Log
from service.price.views import page
from tests.price.published import publish

Project = Callable[[], Awaitable[None]]


async def test_each_publication_is_a_row_and_the_last_one_is_the_price(
    log: Log, database: Database, projected: Project
) -> None:
    await publish(log, "b", "0.15", "0.600000")
    await publish(log, "a", "1", "2")
    await projected()
    await publish(log, "b", "3", "4")
    await projected()

    published = await database.fetch("SELECT * FROM read.prices ORDER BY position")
    assert [(row["model"], row["input_price"]) for row in published] == [
        ("b", Decimal("0.15")),
        ("a", 1),
        ("b", 3),
    ]
    assert {row["tenant_id"] for row in published} == {HOUSE}


async def test_the_list_of_prices_is_of_those_that_hold_by_model(
    log: Log, database: Database, projected: Project
) -> None:
    for model, price in (("b", "1"), ("a", "2"), ("b", "3"), ("B", "4")):
        await publish(log, model, price, "0")
    await projected()

    rows = await page(database, after=None, limit=10)
    assert [(row.model, row.input_price) for row in rows] == [
        ("B", Decimal(4)),
        ("a", Decimal(2)),
        ("b", Decimal(3)),
    ]
    assert [row.model for row in await page(database, after="B", limit=1)] == ["a"]
