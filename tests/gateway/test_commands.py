"""``run.py gateway`` and ``run.py amqp``, and what the health page says of both."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.database import Database
from service.gateway.amqp import NotInstalled
from service.gateway.subscriber import Subscriber
from service.http.call import Resources
from service.process import Wakes, gateway
from service.quiet import Quiet
from service.settings import Secret
from tests.gateway.asking import consuming, fail, make, speaking, telling, wish
from tests.gateway.conftest import Grow
from tests.gateway.following import Failed, follow
from tests.gateway.rabbit import MISSING, Rabbit, Where, own, rabbit, there
from tests.gateway.test_subscriber import Seen, wants
from tests.http.conftest import Client

NEEDS_RABBIT = pytest.mark.skipif(not there(), reason=MISSING)


@pytest.fixture(autouse=True)
def named(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAYBOOK_HOME", str(tmp_path))
    monkeypatch.delenv("AMQP_URL", raising=False)


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


async def test_subscribers_are_listed_and_told_to_handle_things_again(
    database: Database, grow: Grow
) -> None:
    assert "No subscriber has run yet" in (await run("gateway", "list")).stderr
    last, seen = await grow("thing.done", 3), Seen()
    await follow(database, wants(seen))

    [line] = json.loads((await run("gateway", "list", "--json")).stdout)
    assert (line["name"], line["position"], line["behind"]) == ("test", last, 0)
    done = await run("gateway", "replay", "test", "--from", str(last - 1))
    assert done.stdout == f"test goes on after position {last - 1}.\n"
    await follow(database, wants(seen))
    nobody = await run("gateway", "replay", "nobody", "--from", "0")

    assert seen.batches == [[last - 2, last - 1, last], [last]]
    assert (nobody.exit_code, nobody.stdout) == (1, "")
    assert "no such subscriber" in nobody.stderr


async def test_a_subscriber_that_fails_is_a_warning_of_the_health_page(
    api: Client, live: Resources, grow: Grow
) -> None:
    async def fails(_: object) -> None:
        raise OSError("/srv/courses: No space left on device")

    await grow("thing.done", fold=False)
    head = await live.database.fetchval("SELECT position FROM log.head")
    assert await live.tail.reached(head, 30)
    with pytest.raises(Failed):
        await follow(live.database, Subscriber("files", ("thing.done",), fails))
    await live.database.execute("UPDATE ops.subscribers SET worker = 'me', held_until = 'infinity'")
    live.state.troubles["rabbitmq"] = "RabbitMQ at mq cannot be used: it is away."
    response = await api.get("/readyz")
    checks = {check["name"]: check for check in (await response.json())["checks"]}

    assert (response.status, checks["subscriber files"]["status"]) == (200, "warn")
    assert "failed 1 times" in checks["subscriber files"]["detail"]
    assert "space" not in checks["subscriber files"]["detail"]
    assert checks["rabbitmq"]["status"] == "warn"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--topic", "Light"), "AMQP_URL is not set"),
        (("--topic", "?"), "A topic needs at least one letter"),
        (("--topic", "Light", "--num-lessons", "51"), "/num_lessons"),
        (("--topic", "Light", "--request-id", "é"), "request_id"),
    ],
)
async def test_a_request_that_cannot_be_is_refused_before_it_is_sent(
    arguments: tuple[str, ...], says: str
) -> None:
    result = await run("amqp", "publish", *arguments)

    assert (result.exit_code, result.stdout) == (1, "")
    assert says in result.stderr


async def test_a_server_that_is_away_is_one_sentence_without_a_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://u:canary@127.0.0.1:1/")
    result = await run("amqp", "publish", "--topic", "Light")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("RabbitMQ at 127.0.0.1 cannot be used:")
    assert "canary" not in result.stderr


async def test_without_its_package_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, live: Resources
) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://127.0.0.1:1/")
    for name in [name for name in sys.modules if name.split(".")[0] == "aio_pika"]:
        monkeypatch.setitem(sys.modules, name, None)
    result = await run("amqp", "publish", "--topic", "Light")
    of = speaking(live, Where(Secret("amqp://127.0.0.1:1/"), own()))
    with pytest.raises(NotInstalled):
        tuple(gateway(of, Wakes(Quiet(may_sleep=False))))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "run “make extras”" in result.stderr


@NEEDS_RABBIT
async def test_requests_are_published_under_the_names_that_are_printed(
    monkeypatch: pytest.MonkeyPatch, live: Resources
) -> None:
    async with rabbit() as broker:
        publishing(monkeypatch, broker)
        numbered = await run(*publish("--request-id", "r", "--count", "3"))
        one = await run(*publish("--request-id", "one"))
        fresh = await run(*publish("--count", "2"))
        printed = (numbered.stdout + one.stdout + fresh.stdout).split()

        assert printed[:4] == ["r-1", "r-2", "r-3", "one"]
        assert len(set(printed)) == 6
        async with consuming(speaking(live, broker), broker):
            await broker.waiting(0)


@NEEDS_RABBIT
async def test_what_becomes_of_them_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, live: Resources
) -> None:
    async with rabbit() as broker:
        publishing(monkeypatch, broker)
        of = speaking(live, broker)
        async with consuming(of, broker), telling(of, broker):
            await broker.listen()
            waited = asyncio.create_task(
                run(*publish("--request-id", "r", "--count", "2", "--wait", "--json"))
            )
            one, other = await broker.heard(2)
            await broker.ask(wish("another's"))
            await make(of, one["course_id"])
            await fail(of, other["course_id"])
            result = await waited

    told = [json.loads(line) for line in result.stdout.splitlines()]
    words = {(each["request_id"], each["status"]) for each in told}
    assert words == {
        ("r-1", "processing"),
        ("r-2", "processing"),
        (one["request_id"], "success"),
        (other["request_id"], "error"),
    }
    assert result.exit_code == 1
    assert "1 of 2 requests came to nothing." in result.stderr


@NEEDS_RABBIT
async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rabbit(topology=own()) as broker:
        publishing(monkeypatch, broker)
        result = await run(*publish("--wait", "--timeout", "1s"))

    assert result.exit_code == 1
    assert "1 of 1 requests are not done yet." in result.stderr


def publishing(monkeypatch: pytest.MonkeyPatch, broker: Rabbit) -> None:
    """Let the command publish where the test does."""
    monkeypatch.setenv("AMQP_URL", broker.url.reveal())
    monkeypatch.setattr("service.commands.amqp.TOPOLOGY", broker.topology)


def publish(*options: str) -> tuple[str, ...]:
    return ("amqp", "publish", "--topic", "Light", *options)
