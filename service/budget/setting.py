"""Setting a budget, and seeing how one stands."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from service.budget.account import Period, Spent
from service.budget.book import Book, Standing, job_account, tenant_account
from service.budget.decider import BUDGET, SetBudget
from service.database import Database
from service.log.commit import Conflict, Receipt, StaleVersion
from service.log.handle import DECISIONS, Context, Log, Write
from service.refusal import Refusal
from service.sql import SQL


class Whose(Struct, frozen=True):
    """Whose budget it is: a tenant's, or that of one of its jobs.

    `given` is the limit that a job was created with, which holds until something is charged to it.
    """

    tenant_id: UUID
    job_id: UUID | None = None
    given: Decimal | None = None

    @property
    def account(self) -> UUID:
        """The account's stream."""
        if self.job_id is None:
            return tenant_account(self.tenant_id)
        return job_account(self.tenant_id, self.job_id)


class Budget(Struct, frozen=True):
    """How a budget stands in its period of now, in US dollars.

    Without a `limit` nothing is counted, so `left` is null. `starts_on` and `ends_on` are the first
    and the last day of the period, in UTC, null for all time. `set_by_house` where those who run
    the service have set it: then nobody else can change it.
    """

    limit: Decimal | None
    period: Period
    spent: Decimal
    reserved: Decimal
    left: Decimal | None
    starts_on: date | None
    ends_on: date | None
    set_by_house: bool
    version: int


async def standing(database: Database, whose: Whose) -> Standing:
    """Return how an account stands, as the log says. Raises Unavailable."""
    found = (await Book(database).standing([whose.account]))[whose.account]
    if found.version or whose.given is None:
        return found
    return replace(found, account=replace(found.account, limit=whose.given))


def shown(found: Standing, today: date) -> Budget:
    """Return an account as people see it."""
    account = found.account
    starts_on, ends_on = bounds(account.period, account.latest(today))
    limited = account.limit is not None
    return Budget(
        account.limit,
        account.period,
        account.charged(today) if limited else Decimal(0),
        account.reserved(today) if limited else Decimal(0),
        account.left(today),
        starts_on,
        ends_on,
        account.house,
        found.version,
    )


def bounds(period: Period, on: date) -> tuple[date | None, date | None]:
    """Return the first and the last day of the period that a day is in."""
    match period:
        case "day":
            return on, on
        case "month":
            first = on.replace(day=1)
            return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        case "total":
            return None, None


async def allow(
    log: Log,
    whose: Whose,
    wanted: SetBudget,
    context: Context,
    today: date,
    *,
    expected_version: int | None = None,
) -> Receipt:
    """Set a budget; what was spent before in its period counts, as far as the ledger knows it.

    Raises BadBudget, BudgetOfTheHouse, StaleVersion, Conflict, KeyReused and Unavailable.
    """
    wanted = replace(wanted, job_id=whose.job_id)
    for _ in range(DECISIONS):
        found = await standing(log.database, whose)
        if found.account.limit is None:
            already = await _already(log.database, whose, today)
            wanted = replace(wanted, already=already)
        try:
            if expected_version not in (None, found.version):
                raise StaleVersion(current_version=found.version)
            events = BUDGET.decide(wanted, found.account)
        except Refusal:
            if receipt := await log.receipt(context):
                return receipt
            raise
        if not events:
            same = Receipt(found.position, ((whose.account, found.version),), changed=False)
            return await log.receipt(context) or same
        try:
            return await log.append(context, Write(BUDGET, whose.account, found.version, events))
        except Conflict:
            continue
    raise Conflict


async def _already(database: Database, whose: Whose, today: date) -> Spent:
    row = await database.fetchrow(SQL["budget/already"], whose.tenant_id, whose.job_id, today)
    return Spent(today, row["day"], row["month"], row["total"])
