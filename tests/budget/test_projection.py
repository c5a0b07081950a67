"""Budgets as analysts read them: what the views say is what the accounts say."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from service.budget.account import Account, Spent
from service.budget.book import job_account, tenant_account
from service.budget.decider import BUDGET, CarryForward, Command, Reserve, SetBudget, Settle
from service.database import Database
from service.log.handle import Log, Write
from service.refusal import Refusal
from tests.budget.purses import TENANT, allow, job, purse, reservation
from tests.projection.generations import fold, live
from tests.projection.histories import TENANTS, context
from tests.shapes import structs

Project = Callable[[], Awaitable[None]]
TODAY = datetime.now(UTC).date()
CALLS = [UUID(int=number) for number in range(1, 5)]
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    structs(SetBudget, limit=st.just(Decimal(300)), already=st.none()),
    structs(
        Reserve,
        call_id=st.sampled_from(CALLS),
        day=st.sampled_from([TODAY - timedelta(days=70), TODAY - timedelta(days=1), TODAY]),
    ),
    structs(Settle, call_id=st.sampled_from(CALLS)),
)


async def stood(database: Database, account: UUID) -> dict[str, Any]:
    row = await database.fetchrow("SELECT * FROM read.v_budgets WHERE id = $1", account)
    return dict(row)


async def test_a_budget_says_what_is_spent_set_aside_and_left(
    log: Log, database: Database, projected: Project
) -> None:
    one = purse(log, datetime.now(UTC))
    await allow(log, 10, "month")
    own = await job(log, "5")
    settled, held = reservation(2, job=own), reservation(3)
    for of in (settled, held):
        await one.reserve(of)
    await one.settle(settled, Decimal("1.25"))
    await projected()

    tenants = await stood(database, tenant_account(TENANT))
    jobs = await stood(database, job_account(TENANT, own))
    names = ("job_id", "amount", "period", "spent", "reserved", "remaining")
    spent = Decimal("1.25")
    assert [tenants[name] for name in names] == [None, 10, "month", spent, 3, Decimal("5.75")]
    assert [jobs[name] for name in names] == [own, 5, "total", spent, 0, Decimal("3.75")]
    assert tenants["starts_on"] == TODAY.replace(day=1)
    charges = await database.fetch("SELECT * FROM read.budget_charges WHERE job_id = $1", own)
    assert {(row["reserved"], row["cost"], row["presumed"]) for row in charges} == {
        (2, spent, False)
    }
    assert len(charges) == 2
    assert tenants["position"] in {row["position"] for row in charges}


async def test_each_tenant_has_its_own_budget(
    log: Log, database: Database, projected: Project
) -> None:
    for number, tenant in enumerate(TENANTS, 1):
        await allow(log, number, tenant=tenant)
    await projected()

    rows = await database.fetch("SELECT tenant_id, amount FROM read.budgets ORDER BY amount")
    assert [tuple(row) for row in rows] == [(TENANTS[0], 1), (TENANTS[1], 2)]


async def happen(log: Log, commands: list[Command], account_id: UUID) -> Account:
    """Let commands happen to an account in turn; what is refused does not.

    A call is set aside once: its id is its own.
    """
    account, version, called = Account(), 0, set()
    for command in commands:
        if isinstance(command, Reserve):
            if command.call_id in called:
                continue
            called.add(command.call_id)
        try:
            events = BUDGET.decide(command, account)
        except Refusal:
            continue
        if events:
            await log.append(context(TENANT), Write(BUDGET, account_id, version, events))
            account, version = BUDGET.fold(events, account), version + len(events)
    return account


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    already=st.none() | structs(Spent, on=st.sampled_from([TODAY, TODAY - timedelta(days=1)])),
    commands=st.lists(COMMANDS, max_size=25),
)
async def test_the_view_agrees_with_the_account(
    already: Spent | None,
    commands: list[Command],
    log: Log,
    database: Database,
    projected: Project,
) -> None:
    account_id = uuid4()
    begin = SetBudget(Decimal(300), "month", already)
    now = Reserve(uuid4(), None, Decimal(0), TODAY)  # so that the account has come to this day
    account = await happen(log, [begin, *commands, now], account_id)
    await projected()

    row = await stood(database, account_id)
    if account.limit is not None:
        assert row["spent"] == account.charged(TODAY)
        assert row["reserved"] == account.reserved(TODAY)
        assert row["remaining"] == account.left(TODAY)
    assert (row["amount"], row["period"]) == (account.limit, account.period)


async def test_a_cost_that_was_presumed_does_not_come_back_when_it_is_folded_again(
    log: Log, database: Database, projected: Project
) -> None:
    account_id, of = uuid4(), uuid4()
    held = Reserve(of, None, Decimal(4), TODAY)
    settled = (Settle(of, None), Settle(of, Decimal(1)))
    await happen(log, [SetBudget(Decimal(9), "total"), held, *settled], account_id)
    await projected()
    await fold(database, await live(database, "budget"), 0, 3)

    row = await database.fetchrow("SELECT * FROM read.budget_charges")
    assert (row["cost"], row["presumed"], row["position"]) == (1, False, 4)


async def test_carrying_forward_changes_no_row(
    log: Log, database: Database, projected: Project
) -> None:
    account_id = uuid4()
    before = await happen(log, [SetBudget(Decimal(9), "total")], account_id)
    await projected()
    row = await stood(database, account_id)
    carried = BUDGET.decide(CarryForward(), replace(before, since=10**6))
    await log.append(context(TENANT), Write(BUDGET, account_id, 1, carried))
    await projected()

    assert await stood(database, account_id) == row
