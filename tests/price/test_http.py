"""Prices over HTTP: seen by everybody, published by those who run the service."""

from collections.abc import Callable
from typing import Any

from service.http.call import Resources
from service.http.token import HOUSE
from tests.http.conftest import Client

Bearer = Callable[..., dict[str, str]]

PRICES = "/api/v1/prices"
MINI = {"model": "gpt-4o-mini", "input_price": "0.15", "output_price": "0.60"}


async def post(client: Client, body: Any, **headers: str) -> tuple[int, Any]:
    response = await client.post(PRICES, json=body, headers=headers)
    return response.status, await response.json()


async def listed(client: Client, position: int, query: str = "") -> Any:
    response = await client.get(f"{PRICES}?min_position={position}{query}")
    assert response.status == 200, await response.text()
    return await response.json()


async def test_a_price_is_published_by_the_house_and_seen_by_every_tenant(
    house: Client, api: Client
) -> None:
    status, made = await post(house, MINI)
    assert (status, made["version"]) == (200, 1)

    [seen] = (await listed(api, made["position"]))["items"]
    assert {name: seen[name] for name in MINI} == MINI
    assert seen["position"] == made["position"]


async def test_whoever_of_the_house_publishes_a_price_it_is_the_houses(
    api: Client, bearer: Bearer, live: Resources
) -> None:
    assert (await post(api, MINI, **bearer("admin", tenant="school")))[0] == 200

    whose = "SELECT tenant_id FROM log.events WHERE type = 'price.published'"
    assert await live.database.fetchval(whose) == HOUSE


async def test_a_price_that_changes_takes_the_place_of_the_last(house: Client) -> None:
    for price in ("1", "2", "2"):
        _, made = await post(house, MINI | {"input_price": price})
    for model in ("a", "z"):
        _, other = await post(house, MINI | {"model": model})

    assert made["version"] == 2
    page = await listed(house, other["position"], "&limit=2")
    assert [row["model"] for row in page["items"]] == ["a", "gpt-4o-mini"]
    assert page["items"][1]["input_price"] == "2"
    following = await (await house.get(page["next"])).json()
    assert [row["model"] for row in following["items"]] == ["z"]


async def test_an_administrator_of_a_tenant_publishes_no_prices(
    house: Client, member: Callable[[str], dict[str, str]]
) -> None:
    assert (await post(house, MINI, **member("admin")))[0] == 403


async def test_what_is_no_price_is_refused(house: Client) -> None:
    for wrong in (-1, "NaN", 100_000, "0.0000001", "1e400"):
        status, problem = await post(house, MINI | {"output_price": wrong})
        assert (status, problem["code"]) == (422, "bad-price"), wrong


async def test_a_price_is_published_once_by_a_request_that_is_sent_twice(house: Client) -> None:
    key = {"Idempotency-Key": "a"}
    first = await post(house, MINI, **key)
    await post(house, MINI | {"input_price": 7})

    assert await post(house, MINI, **key) == first
    assert (await post(house, MINI | {"input_price": 8}, **key))[0] == 422
