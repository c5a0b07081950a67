"""``run.py tenant``: the tenants, who of them is suspended, and what limits each has."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from msgspec.structs import asdict

from service.commands import show
from service.commands.desk.act import Actor, Json, Reason, act
from service.commands.reach import on_database
from service.database import Database
from service.http.token import tenant
from service.projection.act import Act
from service.tenant import desk, tenants
from service.tenant.tenants import Tenant

app = typer.Typer(no_args_is_help=True, help="Tenants: those whose things are kept apart.")

MOST = 10_000
"""Tenants in one list."""

Name = Annotated[str, typer.Argument(help="The tenant's name or id.")]
Limit = Annotated[
    int | None,
    typer.Option(min=1, max=desk.LIMIT_MAX, help="The service's own, if not given."),
]
Does = Callable[[Database, UUID, Act], Awaitable[bool]]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="1 to 63 of a-z, 0-9, . - _")],
    *,
    reason: Reason = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Create a tenant; its id follows from its name, and nobody can register in it yet."""
    why = act(actor, reason, doing=f"{name} is created", optional=True)

    async def created(database: Database) -> Tenant:
        await desk.create(database, name, why)
        return await tenants.of(database, tenant(name))

    _tell(on_database(created), "{name} is created, with the id {tenant_id}.", as_json=as_json)


@app.command("list")
def list_all(*, as_json: Json = False) -> None:
    """List the tenants that were created, and the house's own: default."""
    found = on_database(lambda database: tenants.listed(database, None, MOST))
    rows = [asdict(each) if as_json else _row(each) for each in found]
    show.rows(rows, as_json=as_json, empty="", width=120)


@app.command()
def suspend(
    name: Name, *, reason: Reason = None, actor: Actor = None, as_json: Json = False
) -> None:
    """Let nothing of a tenant be served; nothing of it is deleted."""
    why = act(actor, reason, doing=f"{name} is suspended")
    _do(name, desk.suspend, why, "{name} is suspended: {reason}", as_json=as_json)


@app.command()
def resume(
    name: Name, *, reason: Reason = None, actor: Actor = None, as_json: Json = False
) -> None:
    """Let a suspended tenant be served again; its jobs go on."""
    why = act(actor, reason, doing=f"{name} is resumed")
    _do(name, desk.resume, why, "{name} is open.", as_json=as_json)


@app.command()
def limit(
    name: Name,
    *,
    commands_per_second: Limit = None,
    generations_per_minute: Limit = None,
    reason: Reason = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Set all limits of a tenant: how many commands and generations it may ask for."""
    limited = partial(
        desk.limit,
        commands_per_second=commands_per_second,
        generations_per_minute=generations_per_minute,
    )
    why = act(actor, reason, doing=f"{name} is limited")
    said = "Limits of {name}: commands a second {per_second}, generations a minute {per_minute}."
    _do(name, limited, why, said, as_json=as_json)


@app.command()
def registration(
    name: Name,
    state: Annotated[str, typer.Argument(help="open or closed.")],
    *,
    reason: Reason = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Let people register in a tenant by themselves, or not."""
    if state not in ("open", "closed"):
        raise ValueError("A tenant's registration is open or closed.")
    why = act(actor, reason, doing=f"registration is {state}")
    opened = partial(desk.registration, opened=state == "open")
    _do(name, opened, why, "Registration in {name} is {registration}.", as_json=as_json)


def _do(name: str, does: Does, why: Act, said: str, *, as_json: bool) -> None:
    """Do an act on a tenant, and tell how it stands now."""
    tenant_id = tenant(name)

    async def done(database: Database) -> Tenant:
        await does(database, tenant_id, why)
        return await tenants.of(database, tenant_id)

    _tell(on_database(done), said, as_json=as_json)


def _tell(found: Tenant, said: str, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    per_second, per_minute = _limit(found.commands_per_second), _limit(found.generations_per_minute)
    print(said.format(**asdict(found), per_second=per_second, per_minute=per_minute))


def _row(found: Tenant) -> dict[str, Any]:
    return {
        "name": found.name,
        "id": found.tenant_id,
        "state": found.state,
        "registration": found.registration,
        "limits": ", ".join(
            f"{value} {per}"
            for value, per in (
                (found.commands_per_second, "commands/s"),
                (found.generations_per_minute, "generations/min"),
            )
            if value is not None
        ),
        "why": found.reason,
    }


def _limit(value: int | None) -> str:
    return "as everybody" if value is None else f"{value}"
