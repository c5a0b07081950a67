"""Tenants over HTTP, for those who run the service."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from service.database import Database
from service.http import paging
from service.http.body import Nothing
from service.http.call import Answer, Call
from service.http.paging import Page, Paged
from service.http.token import tenant
from service.log.commit import KeyReused
from service.projection.act import Act
from service.projection.http import Reason, Why, act_of, said
from service.sql import SQL
from service.tenant import desk, tenants
from service.tenant.tenants import Tenant

CREATED: Final = (desk.TenantExists, desk.BadTenantName)
FOUND: Final = (desk.NoSuchTenant,)
SUSPENDED: Final = (desk.NoSuchTenant, desk.HouseStays)
"""What may stand in the way."""

Limit = Annotated[int, Meta(ge=1, le=desk.LIMIT_MAX, examples=[50])]
Name = Annotated[str, Meta(max_length=63, pattern=desk.NAME, examples=["school-of-light"])]


class NewTenant(Struct, frozen=True, forbid_unknown_fields=True):
    """What to call a tenant, and why there is to be one."""

    name: Name
    reason: Reason


class NewLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """All limits a tenant is to have, and why; what is not named is the service's own."""

    reason: Reason
    commands_per_second: Limit | None = None
    generations_per_minute: Limit | None = None


class Registration(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether people may register by themselves, and why."""

    open: bool
    reason: Reason


async def browse(call: Call[Nothing, Paged]) -> Answer[Page[Tenant]]:
    """List the tenants that were created, and the house's own, by name."""
    after, limit = paging.after(call, str), call.query.limit + 1
    rows = await tenants.listed(call.resources.database, after, limit)
    return paging.page(call, rows, lambda row: row.name)


async def create(call: Call[NewTenant, Nothing]) -> Answer[Tenant]:
    """Create a tenant; its id follows from its name.

    It is open, and nobody can register in it before its registration is opened.
    """
    name, act = call.body.name, act_of(call, call.body.reason)
    doing = partial(desk.create, call.resources.database, name, act)
    answer = await acted(call, tenant(name), act, doing)
    return Answer(answer.value, {**answer.headers, "Location": f"/api/v1/tenants/{name}"})


async def show(call: Call[Nothing, Nothing]) -> Answer[Tenant]:
    """Show a tenant, by its name or id."""
    return Answer(await found(call, named(call)))


async def suspend(call: Call[Why, Nothing]) -> Answer[Tenant]:
    """Suspend a tenant: nothing of it is served, its jobs wait, its logins are refused.

    What a job is making at the moment is finished. Nothing is deleted.
    """
    return await steered(call, desk.suspend)


async def resume(call: Call[Why, Nothing]) -> Answer[Tenant]:
    """Let a suspended tenant be served again, and its jobs go on."""
    return await steered(call, desk.resume)


async def limits(call: Call[NewLimits, Nothing]) -> Answer[Tenant]:
    """Set how many commands and generations a tenant may ask for."""
    per_second, per_minute = call.body.commands_per_second, call.body.generations_per_minute
    return await steered(
        call,
        partial(desk.limit, commands_per_second=per_second, generations_per_minute=per_minute),
    )


async def registration(call: Call[Registration, Nothing]) -> Answer[Tenant]:
    """Let people register in a tenant by themselves, or not."""
    return await steered(call, partial(desk.registration, opened=call.body.open))


async def steered(
    call: Call[Any, Nothing], does: Callable[[Database, UUID, Act], Awaitable[bool]]
) -> Answer[Tenant]:
    """Do an act on the tenant of the path."""
    tenant_id, act = named(call), act_of(call, call.body.reason)
    return await acted(call, tenant_id, act, partial(does, call.resources.database, tenant_id, act))


async def acted(
    call: Call[Any, Nothing], tenant_id: UUID, act: Act, does: Callable[[], Awaitable[bool]]
) -> Answer[Tenant]:
    """Do an act once, however often it is asked for with one key; answer how the tenant stands."""
    replayed = await done(call, act)
    if not replayed:
        await does()
        call.resources.standing.changed(tenant_id)
    return Answer(await found(call, tenant_id), said(replayed=replayed))


async def done(call: Call[Any, Any], act: Act) -> bool:
    """Tell whether a request with this key has done it before. Raises KeyReused for another."""
    if act.key is None:
        return False
    earlier = await call.resources.database.ops.fetchval(SQL["tenant/acted"], str(act.key))
    if earlier not in (None, act.fingerprint.hex()):
        raise KeyReused
    return earlier is not None


def named(call: Call[Any, Any]) -> UUID:
    """Return the id of the tenant of the path."""
    return tenant(call.path["tenant"])


async def found(call: Call[Any, Any], tenant_id: UUID) -> Tenant:
    """Return a tenant that was created. Raises `NoSuchTenant`."""
    of = await tenants.of(call.resources.database, tenant_id)
    if of.name is None:
        raise desk.NoSuchTenant
    return of
