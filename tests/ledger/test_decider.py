"""What calls of language models cost, in the words of the ledger."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st
from msgspec.structs import asdict

from service.ledger.decider import (
    LEDGER,
    BadCall,
    LlmCalled,
    RecordCall,
    Spent,
    ledger_id,
)
from service.log.codec import decode, encode
from tests.given import given
from tests.ledger.calls import CALL, JOB, call
from tests.projection.histories import TENANTS
from tests.shapes import reachable, structs

CALLED = LlmCalled(**asdict(CALL))


def test_a_call_is_recorded_as_it_was() -> None:
    given(LEDGER).when(CALL).then(CALLED)


def test_each_call_costs_again() -> None:
    given(LEDGER, CALLED).when(CALL).then(CALLED)


@pytest.mark.parametrize("outcome", ["invalid", "refused", "failed", "cancelled"])
def test_a_call_that_came_to_nothing_is_recorded_too(outcome: Any) -> None:
    command = call(outcome=outcome, model_returned="", cost=None)

    given(LEDGER).when(command).then(LlmCalled(**asdict(command)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"tokens_in": -1},
        {"tokens_out": -1},
        {"ms": -1},
        {"tokens_in": 2**31},
        {"cost": Decimal("-0.01")},
        {"cost": Decimal("NaN")},
        {"cost": Decimal("Infinity")},
        {"cost": Decimal("1E+9")},
        {"cost": Decimal("1E-13")},
        {"cost": Decimal("0E+999999")},
    ],
    ids=str,
)
def test_what_cannot_be_a_calls_measure_is_refused(wrong: dict[str, Any]) -> None:
    given(LEDGER).when(call(**wrong)).refused(BadCall)


def test_a_job_has_a_ledger_of_its_own_and_so_has_its_tenant() -> None:
    assert len({ledger_id(tenant, job) for tenant in TENANTS for job in (JOB, TENANTS[0])}) == 4


@for_any(reachable(LEDGER, structs(RecordCall)))
def test_what_was_spent_is_the_sum_of_all_calls(events: list[LlmCalled]) -> None:
    costs = [event.cost for event in events if event.cost is not None]

    assert LEDGER.fold(events) == Spent(
        calls=len(events),
        unpriced=len(events) - len(costs),
        tokens=sum(event.tokens_in + event.tokens_out for event in events),
        cost=sum(costs, Decimal(0)),
    )


@for_any(st.decimals(0, 10**9, places=12, allow_nan=False).filter(lambda cost: cost < 10**9))
def test_a_cost_is_a_text_in_the_log_and_comes_back_to_the_last_digit(cost: Decimal) -> None:
    stored = encode(LlmCalled(**asdict(call(cost=cost))))

    assert f'"cost":"{cost}"' in stored.data
    assert str(decode(LlmCalled, stored.data).cost) == str(cost)
