"""The client against the server of the tests, over real HTTP."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import pytest

from service.generation.model import Asked, Message, Reply, Trouble
from service.generation.openai.client import Endpoint
from service.generation.openai.gate import Unsent
from service.settings import Secret
from tests.generation.openai_server import Server, serving

KEY: Final = "opens-nothing-0123456789"
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "text": {"type": "string"}},
    "required": ["title", "text"],
    "additionalProperties": False,
}

Connect = Callable[..., Endpoint]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


@pytest.fixture
async def connect(server: Server) -> AsyncIterator[Connect]:
    """Makes endpoints to the server, closed afterwards."""
    made = []

    def connect(**changes: Any) -> Endpoint:
        base_url = changes.pop("base_url", server.url)
        made.append(Endpoint(Secret(KEY), base_url, **changes))
        return made[-1]

    yield connect
    for endpoint in made:
        await endpoint.close()


def asked(words: str = "Write about tides.", **changes: Any) -> Asked:
    messages = (Message("system", "You write lessons."), Message("user", words))
    asked = {"schema_name": "piece", "schema": SCHEMA, "max_tokens": 2000, **changes}
    return Asked("test-model", messages, **asked)


async def trouble(endpoint: Endpoint, wanted: Asked | None = None) -> Trouble:
    with pytest.raises(Trouble) as raised:
        await endpoint.complete(wanted or asked())
    return raised.value


async def test_an_answer_comes_whole_with_what_it_took(server: Server, connect: Connect) -> None:
    reply = await connect().complete(asked())

    assert set(json.loads(reply.text)) == {"title", "text"}
    (logged,) = server.requests()
    assert logged["outcome"] == "finished"
    assert logged["client_id"] == asked().hash
    assert reply == Reply(
        reply.text,
        "stop",
        "test-model-2026-11-01",
        logged["id"],
        logged["tokens_in"],
        logged["tokens_out"],
    )


async def test_a_connection_serves_again(server: Server, connect: Connect) -> None:
    endpoint = connect(calls=1)
    for number in range(5):
        await endpoint.complete(asked(f"Piece {number}."))

    assert server.connections() == 1


async def test_a_call_is_made_once_whatever_comes_of_it(server: Server, connect: Connect) -> None:
    server.tell({"do": "status", "status": 500}, {"do": "cut"}, {"do": "cut", "at": "within"})
    endpoint = connect()
    for _ in range(3):
        await trouble(endpoint)

    assert len(server.requests()) == 3


async def test_silence_before_the_answer_ends_the_call(server: Server, connect: Connect) -> None:
    server.tell({"do": "stall"})
    raised = await trouble(connect(idle=0.3, deadline=10))

    assert (raised.outcome, raised.passing, raised.free) == ("timed-out", True, False)
    assert "said nothing for 0.3 seconds" in raised.detail
    assert raised.partial is None


async def test_silence_within_the_answer_ends_the_call(server: Server, connect: Connect) -> None:
    server.tell({"do": "stall", "at": "within", "after_chunks": 4})
    raised = await trouble(connect(idle=0.3, deadline=10))

    assert raised.outcome == "timed-out"
    assert "said nothing for 0.3 seconds" in raised.detail
    assert raised.partial is not None
    assert raised.partial.text.startswith('{"title"')
    assert raised.partial.finish == ""
    await ended(server, "aborted")


async def test_an_answer_that_drips_for_ever_ends_at_the_deadline(
    server: Server, connect: Connect
) -> None:
    server.tell(chunk_pause=0.1, chunk_size=1)
    raised = await trouble(connect(idle=10, deadline=0.5))

    assert raised.outcome == "timed-out"
    assert "after 0.5 seconds" in raised.detail
    assert raised.partial is not None
    await ended(server, "aborted")


async def test_a_slow_answer_that_goes_on_is_no_silence(server: Server, connect: Connect) -> None:
    server.tell(chunk_pause=0.05, chunk_size=4)
    reply = await connect(idle=0.5).complete(asked())

    assert reply.finish == "stop"


@pytest.mark.parametrize("at", ["before", "within"])
async def test_a_connection_that_is_cut_names_its_cause(
    server: Server, connect: Connect, at: str
) -> None:
    server.tell({"do": "cut", "at": at})
    raised = await trouble(connect())

    assert (raised.outcome, raised.passing, raised.free) == ("failed", True, False)
    assert raised.detail.startswith("The connection to 127.0.0.1:")
    assert (raised.partial is not None) == (at == "within")


async def test_what_breaks_after_the_answer_has_taken_nothing_away(
    server: Server, connect: Connect
) -> None:
    whole = await connect().complete(asked())
    events = -(-len(whole.text) // 24) + 2
    server.tell({"do": "cut", "at": "within", "after_chunks": events})
    reply = await connect().complete(asked())

    assert (reply.text, reply.finish, reply.tokens_out) == (whole.text, "stop", None)


async def test_a_server_that_is_not_there_costs_nothing(connect: Connect) -> None:
    raised = await trouble(connect(base_url="http://127.0.0.1:9/v1"))

    assert (raised.outcome, raised.passing, raised.free) == ("failed", True, True)
    assert "127.0.0.1:9" in raised.detail
    assert "refused" in raised.detail.lower() or "failed" in raised.detail


async def test_an_error_within_the_stream_is_told(server: Server, connect: Connect) -> None:
    server.tell({"do": "error", "message": "The GPU is on fire."})
    raised = await trouble(connect())

    assert raised.outcome == "failed"
    assert "The GPU is on fire." in raised.detail
    assert raised.partial is not None


@pytest.mark.parametrize(("status", "may_pass"), [(400, 0), (403, 0), (409, 1), (500, 1), (502, 1)])
async def test_an_error_status_costs_nothing_and_says_what_was_said(
    server: Server, connect: Connect, status: int, may_pass: int
) -> None:
    server.tell({"do": "status", "status": status, "message": "No such luck."})
    raised = await trouble(connect())

    assert (raised.outcome, raised.passing, raised.free) == ("failed", bool(may_pass), True)
    assert str(status) in raised.detail
    assert "No such luck." in raised.detail


async def test_an_answer_that_ends_without_a_word_of_why_is_broken_off(
    server: Server, connect: Connect
) -> None:
    server.tell({"do": "end", "after_chunks": 3})
    raised = await trouble(connect())

    assert (raised.outcome, raised.passing, raised.free) == ("failed", True, False)
    assert "broke off its answer" in raised.detail
    assert raised.partial is not None


async def test_a_key_that_is_not_taken_is_never_told(server: Server, connect: Connect) -> None:
    message = f"Incorrect API key provided: {KEY}. Or sk-proj-abc***xyz0."
    server.tell({"do": "status", "status": 401, "message": message})
    raised = await trouble(connect())

    assert "set OPENAI_API_KEY" in raised.detail
    assert KEY not in raised.detail
    assert "xyz0" not in raised.detail
    assert not raised.passing


async def test_nothing_of_the_key_is_logged(
    server: Server, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server.tell({"do": "status", "status": 401}, key=KEY)
    with caplog.at_level(logging.DEBUG):
        endpoint = connect()
        await trouble(endpoint)
        await endpoint.complete(asked())

    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("waits", "least", "most"),
    [
        ({"retry_after": "90"}, 89, 90),
        ({"retry_after_date": 90}, 85, 90),
        ({"retry_after_ms": 1500}, 1.0, 1.5),
        ({"retry_after": "1", "retry_after_ms": 40000}, 39, 40),
        ({"retry_after": "soon"}, 1.0, 2.0),
        ({}, 1.0, 2.0),
    ],
)
async def test_nobody_asks_before_the_time_that_a_throttling_server_names(
    server: Server, connect: Connect, waits: dict[str, Any], least: float, most: float
) -> None:
    server.tell({"do": "status", "status": 429, **waits})
    endpoint = connect()
    raised = await trouble(endpoint)
    again = await trouble(endpoint)

    assert (raised.outcome, raised.free) == ("throttled", True)
    assert raised.after is not None
    assert least <= raised.after <= most
    assert isinstance(again, Unsent)
    assert again.after is not None
    assert again.after <= raised.after
    assert len(server.requests()) == 1


async def test_calls_that_wait_for_a_place_are_not_made_after_one_was_turned_away(
    server: Server, connect: Connect
) -> None:
    server.tell({"do": "status", "status": 503, "retry_after": "30"})
    endpoint = connect(calls=1)
    raised = await asyncio.gather(*(trouble(endpoint, asked(f"{n}")) for n in range(10)))

    assert {one.outcome for one in raised} == {"throttled"}
    assert len(server.requests()) == 1


async def test_no_more_calls_are_under_way_than_may_be(server: Server, connect: Connect) -> None:
    server.tell(latency=0.02)
    endpoint = connect(calls=3)
    await asyncio.gather(*(endpoint.complete(asked(f"{n}")) for n in range(20)))

    assert server.log.told()["most_at_once"] == 3


async def test_a_call_has_begun_only_when_it_has_its_place(
    server: Server, connect: Connect
) -> None:
    server.tell({"do": "stall", "at": "within", "skip": 1}, json_schema=False)
    endpoint = connect(calls=1)
    begun: list[str] = []

    async def call(name: str) -> None:
        async def begin() -> None:
            begun.append(name)

        await endpoint.complete(asked(name), begin)

    first, second = [asyncio.create_task(call(name)) for name in ("first", "second")]
    await server.until(lambda requests: [one["rule"] for one in requests[1:]] == ["stall"])
    assert begun == ["first"]
    first.cancel()
    await second

    assert begun == ["first", "second"]


async def test_what_stops_a_call_at_its_beginning_is_raised_as_it_is(
    server: Server, connect: Connect
) -> None:
    async def begin() -> None:
        raise LookupError

    endpoint = connect(calls=1)
    with pytest.raises(LookupError):
        await endpoint.complete(asked(), begin)

    assert server.requests() == []
    assert (await endpoint.complete(asked())).finish == "stop"


async def test_an_account_without_money_is_not_asked_again(
    server: Server, connect: Connect
) -> None:
    server.tell({"do": "status", "status": 429, "code": "insufficient_quota"})
    raised = await trouble(connect())

    assert (raised.outcome, raised.passing) == ("failed", False)
    assert "nothing left to spend" in raised.detail


async def test_cancelling_a_call_ends_it_at_the_server(server: Server, connect: Connect) -> None:
    server.tell({"do": "stall", "at": "within"})
    endpoint = connect(calls=1)
    call = asyncio.create_task(endpoint.complete(asked()))
    await server.until(bool)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    await ended(server, "aborted")
    assert (await endpoint.complete(asked("Another."))).finish == "stop"


async def test_a_server_without_schemas_is_asked_for_an_object_and_shown_the_schema(
    server: Server, connect: Connect
) -> None:
    server.tell(json_schema=False)
    endpoint = connect()
    reply = await endpoint.complete(asked())
    again = await endpoint.complete(asked("Something else."))

    assert set(json.loads(reply.text)) == set(json.loads(again.text)) == {"title", "text"}
    assert [one["outcome"] for one in server.requests()] == ["refused", "finished", "finished"]
    assert (endpoint.can.json_schema, endpoint.can.json_object) == (False, True)


async def test_a_server_that_can_nothing_is_asked_in_words(
    server: Server, connect: Connect
) -> None:
    server.tell(json_schema=False, json_object=False, stream_usage=False)
    endpoint = connect()
    reply = await endpoint.complete(asked())

    assert set(json.loads(reply.text)) == {"title", "text"}
    assert len(server.requests()) == 4
    assert not endpoint.can.stream_usage


async def test_a_newer_name_of_a_limit_is_learnt(server: Server, connect: Connect) -> None:
    message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    server.tell({"do": "status", "status": 400, "message": message})
    endpoint = connect()
    reply = await endpoint.complete(asked())

    assert reply.finish == "stop"
    assert endpoint.can.max_tokens == "max_completion_tokens"


async def test_a_server_that_ignores_the_schema_is_shown_it_from_then_on(
    server: Server, connect: Connect
) -> None:
    server.tell({"do": "text", "form": "this", "text": "Tides rise."})
    endpoint = connect()
    assert (await endpoint.complete(asked())).text == "Tides rise."

    sent = endpoint.can.body(asked())
    assert '"additionalProperties":false' in sent["messages"][0]["content"]
    assert sent["response_format"]["type"] == "json_schema"


async def test_a_limit_cuts_an_answer_short(connect: Connect) -> None:
    reply = await connect().complete(asked(max_tokens=5))

    assert (reply.finish, reply.tokens_out) == ("length", 5)


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_how_an_answer_finished_is_told(
    server: Server, connect: Connect, reason: str
) -> None:
    server.tell({"do": "finish", "reason": reason})

    assert (await connect().complete(asked())).finish == reason


async def test_usage_that_is_not_said_is_not_known(server: Server, connect: Connect) -> None:
    server.tell({"do": "usage", "missing": True}, {"do": "usage", "tokens_in": -5, "tokens_out": 1})
    endpoint = connect()
    missing, absurd = [await endpoint.complete(asked()) for _ in range(2)]

    assert (missing.tokens_in, missing.tokens_out) == (None, None)
    assert (absurd.tokens_in, absurd.tokens_out) == (None, 1)


async def test_the_model_that_answered_is_the_one_that_says_so(
    server: Server, connect: Connect
) -> None:
    server.tell({"do": "model", "name": "cheaper-model"})

    assert (await connect().complete(asked())).model == "cheaper-model"


async def test_a_probe_costs_nothing_and_says_what_is_missing(
    server: Server, connect: Connect
) -> None:
    endpoint = connect()
    good = await endpoint.probe("test-model", "test-embedding")
    missing = await endpoint.probe("gpt-17")
    server.tell(key="sk-another-key-0000")
    unkeyed = await endpoint.probe("test-model")

    assert (good.good, missing.good, unkeyed.good) == (True, False, False)
    assert "does not list gpt-17" in missing.said
    assert "set OPENAI_API_KEY" in unkeyed.said
    assert {one["path"] for one in server.requests()} == {"models"}


async def test_vectors_come_in_the_order_of_their_texts(connect: Connect) -> None:
    made = await connect().embed("test-embedding", ["A car drives.", "Cats purr.", "Cars drive!"])
    first, second, third = made.vectors

    assert made.tokens is not None
    assert dot(first, first) == pytest.approx(1)
    assert dot(first, third) > 0.9
    assert dot(first, second) < 0.5


async def test_a_server_without_embeddings_says_so(server: Server, connect: Connect) -> None:
    server.tell(embeddings=False)
    with pytest.raises(Trouble, match="has no embeddings"):
        await connect().embed("test-embedding", ["A car."])


def dot(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def ended(server: Server, outcome: str) -> None:
    """Wait until the last request has ended so."""
    await server.until(lambda requests: requests[-1]["outcome"] == outcome)
