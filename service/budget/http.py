"""Budgets over HTTP: of the own tenant, of another for those who run the service, and of jobs."""

from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from service.budget.account import Period
from service.budget.decider import BadBudget, BudgetOfTheHouse, SetBudget
from service.budget.setting import Budget, Whose, allow, shown, standing
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, committed
from service.job.decider import JOB, NoSuchJob, budget_of
from service.log.handle import Context
from service.tenant import http as tenant
from service.tenant.desk import NoSuchTenant

SET: Final = (BadBudget, BudgetOfTheHouse)
OF_TENANT: Final = (NoSuchTenant,)
SET_OF_TENANT: Final = (NoSuchTenant, BadBudget)
OF_JOB: Final = (NoSuchJob,)
SET_OF_JOB: Final = (NoSuchJob, BadBudget)
"""What may stand in the way."""

Dollars = Annotated[Decimal, Meta(description="US dollars; null: no limit.", examples=["25.00"])]


class NewBudget(Struct, frozen=True, forbid_unknown_fields=True):
    """How much calls of language models may cost in each period."""

    limit: Dollars | None
    period: Period = "month"


class NewJobBudget(Struct, frozen=True, forbid_unknown_fields=True):
    """How much the calls for a job may cost, those that it has made already included."""

    limit: Dollars | None


async def show(call: Call[Nothing, Nothing]) -> Answer[Budget]:
    """Show the budget of the caller's tenant: what is spent, set aside and left in its period."""
    return await answered(call, Whose(call.tenant_id))


async def put(call: Call[NewBudget, Nothing]) -> Answer[Committed]:
    """Set the budget of the caller's tenant, or end it.

    No call of a language model is made that might cost more than is left. What was spent in the
    period before counts.
    """
    wanted = SetBudget(call.body.limit, call.body.period, house=call.principal.house)
    return await set_by(call, Whose(call.tenant_id), wanted, call.context)


async def show_tenant(call: Call[Nothing, Nothing]) -> Answer[Budget]:
    """Show the budget of a tenant."""
    await tenant.found(call, tenant.named(call))
    return await answered(call, Whose(tenant.named(call)))


async def put_tenant(call: Call[NewBudget, Nothing]) -> Answer[Committed]:
    """Set the budget of a tenant, or end it; the tenant itself cannot change it then."""
    whose = Whose((await tenant.found(call, tenant.named(call))).tenant_id)
    wanted = SetBudget(call.body.limit, call.body.period, house=True)
    return await set_by(call, whose, wanted, replace(call.context, tenant_id=whose.tenant_id))


async def show_job(call: Call[Nothing, Nothing]) -> Answer[Budget]:
    """Show the budget of a job."""
    return await answered(call, await of_job(call))


async def put_job(call: Call[NewJobBudget, Nothing]) -> Answer[Committed]:
    """Set the budget of a job, or end it; retry the job if it has failed for want of money."""
    wanted = SetBudget(call.body.limit, "total")
    return await set_by(call, await of_job(call), wanted, call.context)


async def of_job(call: Call[Any, Any]) -> Whose:
    """Return whose budget that of the path's job is. Raises NoSuchJob."""
    job_id: UUID = call.path["job"]
    job = await call.resources.log.load(JOB, job_id, call.tenant_id)
    if not job.version:
        raise NoSuchJob
    return Whose(call.tenant_id, job_id, budget_of(job.state))


async def answered(call: Call[Any, Any], whose: Whose) -> Answer[Budget]:
    """Answer with how a budget stands."""
    found = await standing(call.resources.database, whose)
    today = call.resources.now().date()
    return Answer(shown(found, today), {"ETag": f'"{found.version}"'})


async def set_by(
    call: Call[Any, Any], whose: Whose, wanted: SetBudget, context: Context
) -> Answer[Committed]:
    """Set a budget, and answer with its version."""
    receipt = await allow(
        call.resources.log,
        whose,
        wanted,
        context,
        call.resources.now().date(),
        expected_version=call.expected_version,
    )
    return committed(receipt)
