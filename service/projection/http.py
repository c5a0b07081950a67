"""Projections over HTTP: how they stand, and what operators do with them."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, Final

from msgspec import Meta, Struct
from msgspec.structs import asdict

from service.database import Database
from service.http import health
from service.http.body import Nothing
from service.http.call import Answer, Call, Read
from service.http.problem import FieldError
from service.http.token import rank
from service.log.commit import KeyReused
from service.projection import desk, diff, engine, rebuild, replay
from service.projection.act import Act
from service.projection.builds import Build
from service.projection.rebuild import NothingToCompare, UnknownProjection, ViewInTheWay
from service.projection.scratch import NoProjection
from service.readiness import waited
from service.refusal import Invalid
from service.sql import SQL

PATIENCE: Final = 20.0
"""Seconds a swap that somebody waits for tries to get past readers."""
PLACE: Final = "/api/v1/projections"

UNKNOWN: Final = (UnknownProjection,)
SWAPPED: Final = (
    UnknownProjection, desk.NoCandidate, engine.ViewsHeld, engine.Stopped, ViewInTheWay,
)  # fmt: skip
ROLLED_BACK: Final = (
    UnknownProjection, desk.NoPrevious, engine.ViewsHeld, engine.Stopped, ViewInTheWay,
)  # fmt: skip
PAUSED: Final = (UnknownProjection, desk.NothingToPause)
RESUMED: Final = (UnknownProjection, desk.NothingToResume)
COMPARED: Final = (UnknownProjection, NothingToCompare, diff.Apart, engine.Stopped)
"""What may stand in the way of an operator."""

Reason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        pattern=r"\S",
        description="It is recorded in the log.",
        examples=["The titles were wrong."],
    ),
]


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is done."""

    reason: Reason


class Rebuild(Struct, frozen=True, forbid_unknown_fields=True):
    """Why to rebuild, and what for.

    With `verify` the text that serves must make the rows that it made; with `swap` what was built
    serves at once; else, or with `dry_run`, it waits beside what serves.
    """

    reason: Reason
    verify: bool = False
    dry_run: bool = False
    swap: bool = False


class GenerationView(Struct, frozen=True):
    """A generation: what it is for and how far it is; `remaining_seconds` while it is built."""

    generation: str
    role: str
    state: str
    position: int
    goal: int
    events_per_second: int | None
    remaining_seconds: float | None
    parked: int
    error: str | None


class ProjectionView(health.ProjectionView, frozen=True):
    """A projection as it serves, all its generations, and the latest rebuild that was asked for.

    `build` is known to the process only that was asked, and told to operators.
    """

    generations: list[GenerationView]
    build: Build | None


class Begun(Struct, frozen=True):
    """A rebuild that goes on in the background; `joined` where it was under way already."""

    name: str
    joined: bool
    build: Build


class Compared(diff.Difference, frozen=True):
    """What differs: left is what there was, right what there would be.

    No keys are named, since rows may be any tenant's; the command line names them.
    """

    name: str
    clean: bool


async def browse(call: Call[Nothing, Read]) -> Answer[list[ProjectionView]]:
    """List the projections: how far each has come, and its generations."""
    return Answer(await listed(call))


async def begin(call: Call[Rebuild, Nothing]) -> Answer[Begun]:
    """Build a projection anew beside the one that serves.

    It goes on in the background: watch it at `Location`. A second request joins the first.
    """
    name, of, act = await named(call), call.resources, act_of(call, call.body.reason)
    build = Build(act.actor, act.reason, wanted(call.body), of.now())
    replayed = await done(call, act)
    begun = not replayed and of.builds.begin(name, build, lambda: built(call, name, act, build))
    latest = of.builds.latest(name) or build
    return Answer(Begun(name, not begun, latest), {"Location": PLACE} | said(replayed=replayed))


async def swap(call: Call[Why, Nothing]) -> Answer[ProjectionView]:
    """Let the generation that waits serve; the one that served is kept to roll back to."""
    return await steered(call, partial(desk.swap, patience=PATIENCE))


async def roll_back(call: Call[Why, Nothing]) -> Answer[ProjectionView]:
    """Let the previous generation serve again; no start of the service undoes that."""
    return await steered(call, partial(desk.roll_back, patience=PATIENCE))


async def pause(call: Call[Why, Nothing]) -> Answer[ProjectionView]:
    """Let a projection stay where it is while the others advance."""
    return await steered(call, desk.pause)


async def resume(call: Call[Why, Nothing]) -> Answer[ProjectionView]:
    """Let a projection that was paused or stopped catch up and go on."""
    return await steered(call, desk.resume)


async def compare(call: Call[Nothing, Nothing]) -> Answer[Compared]:
    """Compare what waits with what serves; where nothing waits, what serves with the one before."""
    name, database = call.path["projection"], call.resources.database
    of = await rebuild.pair(database, name)
    with discreet():
        found = await rebuild.compare(database, name, of, samples=0)
    return Answer(Compared(**asdict(found), name=name, clean=found.clean))


async def steered(
    call: Call[Why, Nothing], does: Callable[[Database, str, Act], Awaitable[object]]
) -> Answer[ProjectionView]:
    """Do an act, once however often it is asked for with one key, and answer how it stands now."""
    name, act = await named(call), act_of(call, call.body.reason)
    replayed = await done(call, act)
    if not replayed:
        with discreet():
            await does(call.resources.database, name, act)
    return Answer(await shown(call, name), said(replayed=replayed))


async def named(call: Call[Any, Any]) -> str:
    """Return the path's projection. Raises `UnknownProjection`."""
    name: str = call.path["projection"]
    await rebuild.known(call.resources.database, name)
    return name


def act_of(call: Call[Any, Any], reason: str) -> Act:
    """Return the act of the caller."""
    context = call.context
    return Act(
        context.actor, call.tenant_id, context.correlation_id, reason.strip(),
        context.key, context.fingerprint, context.origin,
    )  # fmt: skip


async def done(call: Call[Any, Any], act: Act) -> bool:
    """Tell whether a request with this key has done it before. Raises KeyReused for another."""
    if act.key is None:
        return False
    rows = await call.resources.database.ops.fetch(SQL["projection/acts"], None, 1, str(act.key))
    if rows and rows[0]["fingerprint"] != act.fingerprint.hex():
        raise KeyReused
    return bool(rows)


def said(*, replayed: bool) -> dict[str, str]:
    """Return the header that tells a repeated request from the first."""
    return {"Idempotency-Replayed": "true"} if replayed else {}


def wanted(body: Rebuild) -> Any:
    """Return what a rebuild is for. Raises Invalid where it is asked for two things."""
    if body.swap and (body.dry_run or body.verify):
        fault = FieldError("Nothing is swapped by a dry run or a check.", pointer="/swap")
        raise Invalid("The body asks for two things at once.", errors=[fault])
    return "verify" if body.verify else "swap" if body.swap else "candidate"


async def built(call: Call[Any, Any], name: str, act: Act, build: Build) -> str:
    """Build in the background, whatever it takes, and say what came of it."""
    database = call.resources.database
    with discreet():
        if build.wanted == "verify":
            found = await waited(lambda: rebuild.verify(database, name, act))
            what = "is equal" if found.clean else "differs"
            return f"{name} built anew {what}, at position {found.position}."
        schema = await waited(lambda: rebuild.candidate(database, name, act))
        if build.wanted == "candidate":
            return f"{schema} waits beside what serves."
        await engine.swap(database, [schema], act)
        return f"{name} is served from {schema}."


@contextmanager
def discreet() -> Iterator[None]:
    """Say that a fold failed, not with what data: it may be another tenant's."""
    with rebuild.swapping():
        try:
            yield
        except (engine.Stopped, replay.NotReplayed) as error:
            raise type(error) from error


async def listed(call: Call[Any, Any]) -> list[ProjectionView]:
    """Return every projection with its generations."""
    rows = await call.resources.database.ops.fetch(SQL["projection/book"])
    operates = rank(call.principal.role) >= rank("operator")
    return [
        ProjectionView(
            **asdict(each),
            generations=[view(row) for row in rows if row["projection"] == each.name],
            build=call.resources.builds.latest(each.name) if operates else None,
        )
        for each in await health.freshness(call.resources)
    ]


def view(row: Any) -> GenerationView:
    """Return a generation as anybody may see it: an error without the data that it quotes."""
    facts = {name: row[name] for name in GenerationView.__struct_fields__}
    return GenerationView(**facts | {"error": row["error_for_all"]})


async def shown(call: Call[Any, Any], name: str) -> ProjectionView:
    """Return how one projection stands now. Raises `NoProjection`."""
    found = [each for each in await listed(call) if each.name == name]
    if not found:
        raise NoProjection
    return found[0]
