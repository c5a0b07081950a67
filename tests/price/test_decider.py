"""Prices of models, in the words of those who publish them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from service.ledger.decider import INITIAL, LEDGER
from service.price.decider import PRICE, BadPrice, Price, PricePublished, Publish, cost
from tests.given import given
from tests.ledger.calls import call

PUBLISH = Publish("gpt-4o-mini", Decimal("0.15"), Decimal("0.6"))
PUBLISHED = PricePublished(**asdict(PUBLISH))
PRICES = st.decimals(0, 100_000, places=6).filter(lambda price: price < 100_000)
TOKENS = st.integers(0, 2**31 - 1)


def test_a_price_holds_from_its_publication_on() -> None:
    given(PRICE).when(PUBLISH).then(PUBLISHED)


def test_a_price_that_holds_already_is_not_published_again() -> None:
    same = replace(PUBLISH, input_price=Decimal("0.150"))

    given(PRICE, PUBLISHED).when(same).then()


def test_a_price_may_rise_and_come_back() -> None:
    dearer = replace(PUBLISH, output_price=Decimal(7))

    given(PRICE, PUBLISHED).when(dearer, PUBLISH).then(PUBLISHED)


@pytest.mark.parametrize("field", ["input_price", "output_price"])
@pytest.mark.parametrize("wrong", ["-0.01", "100000", "0.0000001", "NaN", "Infinity", "1E+400"])
def test_what_cannot_be_a_price_is_refused(field: str, wrong: str) -> None:
    changed: dict[str, Any] = {field: Decimal(wrong)}

    given(PRICE).when(replace(PUBLISH, **changed)).refused(BadPrice)


def test_a_model_may_cost_nothing() -> None:
    free = Publish("qwen3:8b", Decimal(0), Decimal(0))

    given(PRICE).when(free).then(PricePublished(**asdict(free)))


def test_a_call_costs_its_tokens_by_the_million() -> None:
    assert cost(PUBLISH, 1_000_000, 500_000) == Decimal("0.45")
    assert cost(PUBLISH, 1, 1) == Decimal("0.00000075")


@for_any(PRICES, PRICES, TOKENS, TOKENS)
def test_any_cost_is_exact_and_the_ledger_takes_it_as_it_is(
    input_price: Decimal, output_price: Decimal, tokens_in: int, tokens_out: int
) -> None:
    found = cost(Price("m", input_price, output_price), tokens_in, tokens_out)

    assert found * 10**6 == tokens_in * input_price + tokens_out * output_price
    assert LEDGER.decide(call(cost=found), INITIAL)
