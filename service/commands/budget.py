"""``run.py budget``: what tenants and jobs may spend on calls of language models."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, get_args
from uuid import UUID

import msgspec
import typer

from service.budget.account import Period
from service.budget.decider import SetBudget
from service.budget.exhausted import EACH, dollars
from service.budget.setting import Budget, Whose, allow, shown, standing
from service.commands.desk.act import Actor, Json, act
from service.commands.price import dollars as sum_of_money
from service.commands.reach import on_log
from service.http.token import tenant
from service.job.decider import JOB, NoSuchJob, budget_of
from service.log.handle import Context, Log

app = typer.Typer(
    no_args_is_help=True,
    help="Budgets: what tenants and jobs may spend on calls of language models.",
)

NONE = "none"

Tenant = Annotated[str, typer.Option("--tenant", help="A tenant's name or id.")]
Job = Annotated[UUID | None, typer.Option("--job", help="The budget of this job of the tenant.")]


@app.command("show")
def show_one(*, tenant_name: Tenant = "default", job: Job = None, as_json: Json = False) -> None:
    """Show how a budget stands: what is spent, set aside for calls under way, and left."""
    found = on_log(lambda log: _found(log, tenant(tenant_name), job))
    _tell(found, as_json=as_json)


@app.command("set")
def set_one(
    limit: Annotated[str, typer.Argument(help=f"US dollars, such as 25; or {NONE}.")],
    *,
    period: Annotated[str, typer.Option(help="day, month or total; in UTC.")] = "month",
    tenant_name: Tenant = "default",
    job: Job = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Set a budget, or end it; the tenant itself cannot change it then.

    What was spent in the period before counts. The budget of a job is for all its calls.
    """
    if period not in get_args(Period):
        raise ValueError("A period is day, month or total.")
    amount = None if limit == NONE else sum_of_money(limit)
    why = act(actor, None, doing="it is set", optional=True)
    context = Context(tenant(tenant_name), why.actor, why.correlation_id)
    each: Period = "total" if job else period  # type: ignore[assignment]  # looked at above
    wanted = SetBudget(amount, each, house=job is None)
    _tell(on_log(lambda log: _set(log, context, job, wanted)), as_json=as_json)


async def _set(log: Log, context: Context, job: UUID | None, wanted: SetBudget) -> Budget:
    whose = await _whose(log, context.tenant_id, job)
    await allow(log, whose, wanted, context, today())
    return await _found(log, context.tenant_id, job)


async def _found(log: Log, tenant_id: UUID, job: UUID | None) -> Budget:
    return shown(await standing(log.database, await _whose(log, tenant_id, job)), today())


async def _whose(log: Log, tenant_id: UUID, job: UUID | None) -> Whose:
    """Return whose budget it is. Raises NoSuchJob."""
    if job is None:
        return Whose(tenant_id)
    found = await log.load(JOB, job, tenant_id)
    if not found.version:
        raise NoSuchJob
    return Whose(tenant_id, job, budget_of(found.state))


def today() -> date:
    """Return the day in UTC."""
    return datetime.now(UTC).date()


def _tell(found: Budget, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
    elif found.limit is None:
        print("There is no budget: calls may cost anything.")
    else:
        until = f" until {found.ends_on}" if found.ends_on else ""
        left = found.left or Decimal(0)
        print(
            f"{dollars(found.limit)}{EACH[found.period]}: {dollars(found.spent)} spent,"
            f" {dollars(found.reserved)} set aside, {dollars(left)} left{until}."
        )
