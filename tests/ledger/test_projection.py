"""Calls of language models as analysts read them, to the last digit of a cost."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.database import Database
from service.ledger.decider import LEDGER, RecordCall, ledger_id
from service.log.handle import Log
from tests.ledger.calls import CALL, call
from tests.projection.histories import TENANTS, context
from tests.shapes import structs

Project = Callable[[], Awaitable[None]]
TENANT = TENANTS[0]
TENTH = Decimal("0.1")


async def record(log: Log, *calls: RecordCall, tenant: UUID = TENANT) -> None:
    for one in calls:
        stream = ledger_id(tenant, one.job_id or one.target)
        await log.handle(LEDGER, stream, one, context(tenant))


async def costs(database: Database, tenant: UUID = TENANT) -> list[dict[str, Any]]:
    found = await database.fetch(
        "SELECT * FROM read.v_generation_costs WHERE tenant_id = $1"
        " ORDER BY day, provider, model, kind",
        tenant,
    )
    return [dict(row) for row in found]


async def test_a_call_is_a_row_that_says_all_there_is_to_know(
    log: Log, database: Database, projected: Project
) -> None:
    made = call(call_id=uuid4(), response_id="chatcmpl-1", answer_hash="60303ae2", estimate=TENTH)
    await record(log, made)
    await projected()

    row = await database.fetchrow("SELECT * FROM read.llm_calls")
    assert row is not None
    assert {name: row[name] for name in made.__struct_fields__} == {
        name: getattr(made, name) for name in made.__struct_fields__
    }
    assert (row["tenant_id"], str(row["cost"])) == (TENANT, "0.002284000")


async def test_a_call_that_was_recorded_before_calls_had_ids_is_a_row_of_its_own(
    log: Log, database: Database, projected: Project
) -> None:
    await record(log, CALL, CALL)
    await record(log, CALL, tenant=TENANTS[1])
    await projected()

    ids = await database.fetch("SELECT DISTINCT call_id FROM read.llm_calls")
    assert len(ids) == 3


@pytest.mark.parametrize("folded", ["together", "apart"])
@pytest.mark.parametrize("first", ["lost", "answered"])
async def test_what_came_of_a_call_stands_in_place_of_its_loss_whichever_was_recorded_first(
    first: str, folded: str, log: Log, database: Database, projected: Project
) -> None:
    made = call(call_id=uuid4())
    lost = msgspec.structs.replace(
        made, outcome="lost", model_returned="", cost=None, estimate=TENTH, tokens_in=0
    )
    for one in (lost, made) if first == "lost" else (made, lost):
        await record(log, one)
        if folded == "apart":
            await projected()
    await projected()

    row = await database.fetchrow("SELECT * FROM read.llm_calls")
    assert (row["outcome"], row["cost"], row["estimate"]) == ("answered", made.cost, None)
    assert (row["model_returned"], row["tokens_in"]) == (made.model_returned, 1840)
    assert row["position"] == (2 if first == "lost" else 1)
    [day] = await costs(database)
    assert (day["calls"], day["failed_calls"], day["cost"]) == (1, 0, made.cost)


async def test_a_call_that_is_lost_twice_is_lost_once(
    log: Log, database: Database, projected: Project
) -> None:
    lost = call(call_id=uuid4(), outcome="lost", cost=None, estimate=TENTH)
    await record(log, lost, lost)
    await projected()

    [row] = await costs(database)
    assert (row["calls"], row["failed_calls"], row["unpriced_calls"]) == (1, 1, 1)
    assert (row["cost"], row["estimated_cost"], row["position"]) == (0, TENTH, 1)


async def test_an_answer_that_serves_again_is_no_call_and_costs_nothing(
    log: Log, database: Database, projected: Project
) -> None:
    again = {"outcome": "reused", "cost": Decimal(0), "tokens_in": 0, "tokens_out": 0, "ms": 0}
    await record(log, CALL, call(**again), call(**again))
    await projected()

    [row] = await costs(database)
    assert (row["calls"], row["failed_calls"], row["reused_calls"]) == (1, 0, 2)
    assert (row["cost"], row["tokens_in"], row["avg_ms"], row["p50_ms"]) == (
        CALL.cost,
        1840,
        6120,
        6120,
    )


async def test_what_unpriced_calls_may_have_cost_is_told_apart_from_what_calls_cost(
    log: Log, database: Database, projected: Project
) -> None:
    unknown = call(cost=None, estimate=TENTH)
    await record(log, CALL, unknown, unknown, call(cost=None), call(estimate=TENTH))
    await projected()

    [row] = await costs(database)
    assert (row["unpriced_calls"], row["estimated_cost"]) == (3, 2 * TENTH)
    assert row["cost"] == 2 * (CALL.cost or 0)


async def test_a_days_calls_of_a_model_are_one_row(
    log: Log, database: Database, projected: Project
) -> None:
    await record(log, CALL, call(tokens_in=10, tokens_out=1, ms=100), call(ms=200))
    await projected()

    [row] = await costs(database)
    assert (row["provider"], row["model"], row["kind"]) == (
        "openai",
        "gpt-5-mini-2025-08-07",
        "course",
    )
    assert (row["calls"], row["failed_calls"], row["unpriced_calls"]) == (3, 0, 0)
    assert (row["tokens_in"], row["tokens_out"]) == (1840 + 10 + 1840, 912 + 1 + 912)
    assert (row["cost"], row["p50_ms"], row["avg_ms"]) == (Decimal("0.006852"), 200, 2140)
    assert row["position"] == 3


async def test_a_cost_has_more_digits_than_a_float(
    log: Log, database: Database, projected: Project
) -> None:
    cost = Decimal("123456789.123456789012")
    await record(log, call(cost=cost), call(cost=cost))
    await projected()

    [row] = await costs(database)
    assert row["cost"] == Decimal("246913578.246913578024")


async def test_a_failed_call_is_counted_and_paid_for(
    log: Log, database: Database, projected: Project
) -> None:
    await record(log, CALL, call(outcome="invalid"), call(outcome="truncated", cost=None))
    await projected()

    [row] = await costs(database)
    assert (row["calls"], row["failed_calls"], row["unpriced_calls"]) == (3, 2, 1)
    assert row["cost"] == Decimal("0.004568")


async def test_calls_of_unknown_price_cost_nothing_that_could_be_summed(
    log: Log, database: Database, projected: Project
) -> None:
    await record(log, call(cost=None))
    await projected()

    [row] = await costs(database)
    assert (row["unpriced_calls"], row["cost"]) == (1, 0)


async def test_where_no_model_answered_the_one_that_was_asked_is_named(
    log: Log, database: Database, projected: Project
) -> None:
    await record(log, call(model_returned="", outcome="timed-out"))
    await projected()

    assert [row["model"] for row in await costs(database)] == ["gpt-5-mini"]


async def test_providers_models_and_kinds_are_told_apart(
    log: Log, database: Database, projected: Project
) -> None:
    others = [call(provider="ollama"), call(model_returned="other"), call(kind="chat", job_id=None)]
    await record(log, CALL, *others)
    await record(log, CALL, tenant=TENANTS[1])
    await projected()

    assert [row["calls"] for row in await costs(database)] == [1, 1, 1, 1]
    assert [row["calls"] for row in await costs(database, TENANTS[1])] == [1]


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    calls=st.lists(
        structs(RecordCall, job_id=st.uuids(), call_id=st.builds(uuid4)), min_size=1, max_size=20
    )
)
async def test_costs_add_up_exactly(
    calls: list[RecordCall], log: Log, database: Database, projected: Project
) -> None:
    tenant = uuid4()
    await record(log, *calls, tenant=tenant)
    await projected()

    found = await costs(database, tenant)
    assert sum(row["cost"] for row in found) == sum(one.cost or 0 for one in calls)
    assert sum(row["calls"] + row["reused_calls"] for row in found) == len(calls)
    assert sum(row["estimated_cost"] for row in found) == sum(
        one.estimate or 0 for one in calls if one.cost is None
    )
    assert sum(row["tokens_in"] + row["tokens_out"] for row in found) == sum(
        one.tokens_in + one.tokens_out for one in calls
    )


async def test_jobs_of_one_tenant_record_their_calls_at_once_and_none_is_refused(
    log: Log, database: Database, projected: Project
) -> None:
    # On one ledger stream for all of the tenant's jobs most of these would end in a Conflict.
    jobs = [uuid4() for _ in range(64)]
    await asyncio.gather(*(record(log, call(job_id=job), call(job_id=job)) for job in jobs))
    await projected()

    [row] = await costs(database)
    assert row["calls"] == 128
