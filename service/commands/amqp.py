"""``run.py amqp``: asking for courses over RabbitMQ, as other systems do."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

import msgspec
import typer

from service.commands.desk.act import Json, user
from service.commands.span import span
from service.course import http as course
from service.gateway import amqp, message
from service.gateway.amqp import Broker, BrokerAway, Delivery
from service.gateway.message import Status
from service.gateway.topology import TOPOLOGY
from service.refusal import Refusal
from service.settings import Secret, load

AT_ONCE: Final = 256
"""Requests that are on their way at a time."""
FINAL: Final = frozenset({"success", "error"})

app = typer.Typer(no_args_is_help=True, help="RabbitMQ: asking for courses by message.")


@app.callback()
def group() -> None:
    """Keep publish a command of its own, whatever comes beside it."""


@app.command()
def publish(
    *,
    topic: Annotated[str, typer.Option(help="What the course is about.")],
    user_id: Annotated[str, typer.Option(help="For whom; this system's user if not given.")] = "",
    grade_level: Annotated[str | None, typer.Option(help="Such as “Grade 8”.")] = None,
    num_lessons: Annotated[int | None, typer.Option(help="1 to 50.")] = None,
    source_filter: Annotated[str | None, typer.Option(help="Such as biology/.")] = None,
    language: Annotated[str | None, typer.Option(help="Such as en.")] = None,
    request_id: Annotated[str, typer.Option(help="What the request is called.")] = "",
    count: Annotated[int, typer.Option(min=1, help="So many requests.")] = 1,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for what becomes of them.")] = False,
    timeout: Annotated[str, typer.Option(help="How long to wait at most.")] = "10m",
    as_json: Json = False,
) -> None:
    """Ask for courses over RabbitMQ, and print what the requests are called.

    With --wait, print each status as it comes; the exit status is 1 where any is an error.

    A request_id that was used before names the same request, also over HTTP as Idempotency-Key.
    """
    fields = {
        "user_id": user_id or user(),
        "topic": topic,
        "grade_level": grade_level,
        "num_lessons": num_lessons,
        "source_filter": source_filter,
        "language": language,
    }
    body = {name: value for name, value in fields.items() if value is not None}
    bodies = [body | {"request_id": name} for name in names(request_id, count)]
    checked(bodies[-1])
    url = load().amqp_url
    if url is None:
        raise ValueError("AMQP_URL is not set: say where RabbitMQ is.")
    seconds = span(timeout).total_seconds() if wait else None
    asyncio.run(published(url, bodies, seconds, as_json=as_json))


def names(request_id: str, count: int) -> list[str]:
    """Return what `count` requests are called: numbered where the first has a name."""
    if not request_id:
        return [str(uuid4()) for _ in range(count)]
    return [request_id] if count == 1 else [f"{request_id}-{n}" for n in range(1, count + 1)]


def checked(body: dict[str, Any]) -> None:
    """Raise ValueError where the service would refuse the request."""
    try:
        request = message.read(msgspec.json.encode(body), None, UUID(int=0))
        course.requested(request.asked, request.user_id, UUID(int=0), UUID(int=0))
    except Refusal as refusal:
        raise ValueError(message.told(refusal)) from None


async def published(
    url: Secret, bodies: Sequence[dict[str, Any]], seconds: float | None, *, as_json: bool
) -> None:
    """Publish requests; wait up to `seconds` for what becomes of them, if given.

    Raises `BrokerAway`, and ValueError where something came to nothing.
    """
    heard: asyncio.Queue[Delivery] = asyncio.Queue()
    async with amqp.connected(url, TOPOLOGY, "daybook amqp publish") as broker:
        if seconds is not None:
            await broker.listen(heard.put_nowait)
        for start in range(0, len(bodies), AT_ONCE):
            part = bodies[start : start + AT_ONCE]
            await asyncio.gather(*(ask(broker, body) for body in part))
            if seconds is None:
                for body in part:
                    print(body["request_id"])
        if seconds is not None:
            asked = {body["request_id"] for body in bodies}
            await followed(broker, heard, asked, seconds, as_json=as_json)


async def ask(broker: Broker, body: dict[str, Any]) -> None:
    """Publish a request. Raises `BrokerAway`."""
    to, name = broker.topology, body["request_id"]
    raw = msgspec.json.encode(body)
    await broker.publish(to.exchange, to.request_key, raw, message_id=name, correlation_id=name)


async def followed(
    broker: Broker,
    heard: "asyncio.Queue[Delivery]",
    asked: set[str],
    seconds: float,
    *,
    as_json: bool,
) -> None:
    """Print the statuses of `asked` until each is final. Raises ValueError, `BrokerAway`."""
    open_, failed = set(asked), 0
    ended = asyncio.create_task(broker.lost.wait())
    ended.add_done_callback(lambda _: heard.put_nowait(Delivery(0, b"")))
    try:
        async with asyncio.timeout(seconds):
            while open_:
                delivery = await heard.get()
                if broker.lost.is_set():
                    raise BrokerAway("The connection was lost; the requests are with RabbitMQ.")
                status = msgspec.json.decode(delivery.body, type=Status)
                if status.request_id in open_:
                    tell(status, as_json=as_json)
                    failed += status.status == "error"
                    open_ -= {status.request_id} if status.status in FINAL else set()
    except TimeoutError:
        raise ValueError(f"{len(open_)} of {len(asked)} requests are not done yet.") from None
    finally:
        ended.cancel()
    if failed:
        raise ValueError(f"{failed} of {len(asked)} requests came to nothing.")


def tell(status: Status, *, as_json: bool) -> None:
    """Print a status as one line."""
    if as_json:
        print(msgspec.json.encode(status).decode(), flush=True)
    else:
        course = f"  {status.course_id}  {status.course_title}" if status.course_id else ""
        print(f"{status.request_id}  {status.status:10}  {status.message}{course}", flush=True)
