"""Why a call may not be made for its price, in words for those who pay."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from service.budget.account import Account
from service.budget.decider import BudgetSpent
from service.generation.generator import GenerationFailed

EACH: Final = {"day": " a day", "month": " a month", "total": ""}
CENTS: Final = 2
FRACTION: Final = 6


class BudgetExhausted(GenerationFailed):
    """A budget does not allow a call; nothing was asked of the model."""

    general = True


class BudgetSetAside(BudgetExhausted):
    """A budget has no room for a call until others, which are under way, have ended."""

    retryable = True


class PriceUnknown(GenerationFailed):
    """There is a budget, and nobody knows what the call costs."""

    general = True


def exhausted(spent: BudgetSpent, *, of_job: bool) -> BudgetExhausted:
    """Return the failure that says how a budget stands, and what to do."""
    account, on = spent.account, spent.account.latest(spent.asked.day)
    limit = account.limit or Decimal(0)
    budget = f"{dollars(limit)}{EACH[account.period]} for {_whom(of_job=of_job)}"
    error = (
        f"The budget of {budget} has no room for the next call:"
        f" {dollars(account.charged(on))} is spent,"
        f" {dollars(account.reserved(on))} is set aside for calls under way,"
        f" and it may cost {dollars(spent.asked.amount)}."
    )
    if account.charged(on) + spent.asked.amount <= limit:
        return BudgetSetAside(error, "It is tried again by itself when these have ended.")
    return BudgetExhausted(error, _advice(account, on, of_job=of_job))


def unpriced(*, of_job: bool) -> PriceUnknown:
    """Return the failure of a call whose model has no price."""
    return PriceUnknown(
        f"There is a budget for {_whom(of_job=of_job)}, but the model has no price.",
        "Those who run the service publish one (run.py prices publish); then retry.",
    )


def dollars(amount: Decimal) -> str:
    """Return a sum of money with its cents, and smaller parts of them where it has any."""
    whole, _, parts = f"{round(amount, FRACTION):f}".partition(".")
    return f"${whole}.{parts.rstrip('0').ljust(CENTS, '0')}"


def _whom(*, of_job: bool) -> str:
    return "this job" if of_job else "your organisation"


def _advice(account: Account, on: date, *, of_job: bool) -> str:
    if of_job:
        return "What was made is kept. Give the job a larger budget, then retry it."
    waiting = "" if account.period == "total" else f" or wait until {_next(account, on)} (UTC)"
    return f"What was made is kept. Raise the budget{waiting}, then retry."


def _next(account: Account, on: date) -> date:
    """Return the day on which the next period begins."""
    if account.period == "day":
        return on + timedelta(days=1)
    return (on.replace(day=1) + timedelta(days=32)).replace(day=1)
