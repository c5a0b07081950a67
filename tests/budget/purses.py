"""Budgets and what is charged to them, for tests."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

from service.budget.account import Period
from service.budget.book import Book, Standing, job_account, tenant_account
from service.budget.decider import BUDGET, SetBudget
from service.budget.purse import Purse, Reservation
from service.database import Database
from service.job.decider import JOB, Create
from service.log.handle import Log
from service.sql import SQL
from tests.projection.histories import TENANTS, context

TENANT: Final = TENANTS[0]
NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY: Final = date(2026, 11, 21)


def dollars(text: str | int) -> Decimal:
    return Decimal(text)


def purse(log: Log, at: datetime = NOON) -> Purse:
    return Purse(log, lambda: at)


def reservation(
    amount: str | int | Decimal | None = 1,
    *,
    job: UUID | None = None,
    tenant: UUID = TENANT,
    call: UUID | None = None,
) -> Reservation:
    asked = None if amount is None else Decimal(amount)
    return Reservation(call or uuid4(), tenant, job, "course", asked)


async def allow(
    log: Log, limit: str | int | None, period: Period = "total", *, tenant: UUID = TENANT
) -> None:
    """Give a tenant a budget."""
    wanted = SetBudget(None if limit is None else Decimal(limit), period)
    await log.handle(BUDGET, tenant_account(tenant), wanted, context(tenant))


async def job(log: Log, budget: str | int | None = None, *, tenant: UUID = TENANT) -> UUID:
    """Return a new job, perhaps with a budget."""
    job_id = uuid4()
    limit = None if budget is None else Decimal(budget)
    create = Create("course", uuid4(), "ann", budget=limit)
    await log.handle(JOB, job_id, create, context(tenant))
    return job_id


async def stands(database: Database, tenant: UUID = TENANT, *, job: UUID | None = None) -> Standing:
    """Return how the account of a tenant stands, or that of a job, as the log says."""
    account = tenant_account(tenant) if job is None else job_account(tenant, job)
    return (await Book(database).standing([account]))[account]


async def charged(database: Database, account: UUID) -> list[str]:
    """Return the types of what is read of an account that nobody knows yet."""
    return [row["type"] for row in await database.fetch(SQL["budget/accounts"], [account], [0])]
