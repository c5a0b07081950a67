"""The pure parts of the client: frames, answers as they come, waits, the gate, what is learnt."""

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from service.generation.model import Asked, Message, Reply, Trouble
from service.generation.openai.capability import Capability
from service.generation.openai.client import Endpoint, NotInstalled
from service.generation.openai.failure import clean, wait
from service.generation.openai.gate import FIRST_REST, LONGEST_REST, TURNS, Gate, Unsent
from service.generation.openai.stream import MOST, Frames, Gathered, whole
from service.generation.openai.vectors import embedded

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ASKED: Final = Asked(
    "m", (Message("user", "Go."),), 100, schema_name="s", schema={"type": "object"}
)


def frame(event: Any) -> bytes:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def piece(text: str, finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "r",
        "model": "m-1",
        "choices": [{"delta": {"content": text}, "finish_reason": finish}],
    }


def test_frames_are_the_same_wherever_the_network_cuts_them() -> None:
    sent = (
        b": alive\r\n\r\n"
        + frame(piece("é\u2028x"))
        + frame(piece("", "stop"))
        + b"data: [DONE]\n\n"
    )
    for cut in range(len(sent)):
        frames = Frames()
        events = [*frames.take(sent[:cut]), *frames.take(sent[cut:])]

        assert events == [piece("é\u2028x"), piece("", "stop")]
        assert frames.ended


@pytest.mark.parametrize(
    "line", [b"data: {\n", b"data: [1]\n", b"data: <html>\n", b'data: "\xff"\n']
)
def test_what_is_no_stream_of_objects_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(Trouble, match="no JSON object"):
        list(Frames().take(line))


def test_an_answer_without_end_is_broken_off() -> None:
    frames = Frames()
    for _ in range(MOST // 65536):
        assert not list(frames.take(b": " + b"x" * 65533 + b"\n"))
    with pytest.raises(Trouble, match="does not end"):
        list(frames.take(b"\n"))


def test_an_answer_is_gathered_from_what_servers_really_send() -> None:
    gathered = Gathered("asked")
    for event in (
        {"choices": None, "usage": None},
        {"choices": [{"delta": None}]},
        {
            "choices": [
                {"delta": {"role": "assistant", "content": None}},
                {"delta": {"content": "no"}},
            ]
        },
        piece("Half of \ud83d"),
        piece("\ude00, NUL \0.", "stop"),
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": True}},
    ):
        gathered.take(event)

    assert gathered.reply() == Reply("Half of 😀, NUL �.", "stop", "m-1", "r", 3, None)


def test_a_refusal_in_words_is_an_answer_kept_back() -> None:
    gathered = Gathered("m")
    gathered.take({"choices": [{"delta": {"refusal": "I cannot."}, "finish_reason": "stop"}]})

    assert gathered.reply().finish == "content_filter"


@pytest.mark.parametrize("text", ["\ud800", "a\udc00b", "\0"])
def test_no_text_comes_out_that_cannot_be_stored(text: str) -> None:
    stored = whole(text)

    assert "\0" not in stored
    assert stored.encode().decode() == stored


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, 86_400),
        ({"retry-after": "1e300"}, 86_400),
        ({"retry-after": "Sat, 21 Nov 2026 12:01:30 GMT"}, 90),
        ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "Sat, 21 Nov 2026 12:01:30 -0000"}, 90),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after-ms": "250", "retry-after": "60"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "60"}, 60),
    ],
)
def test_how_long_to_wait_is_read_in_every_form(
    headers: Mapping[str, str], seconds: float | None
) -> None:
    assert wait(headers, NOW) == seconds


@pytest.mark.parametrize("key", ["sk-proj-a1B2c3D4e5", "sk-abc***wxyz", "Bearer abcdef123456"])
def test_keys_are_cut_out_of_what_servers_say(key: str) -> None:
    assert clean(f"Wrong key:\n{key}!") == "Wrong key: ***!"


async def test_a_gate_stays_closed_for_the_longest_wait_that_was_named() -> None:
    now = 100.0
    gate = Gate(1, lambda: now)
    assert gate.turned_away(30) == 30
    assert gate.turned_away(5) == 30
    now = 129.0
    with pytest.raises(Unsent) as raised:
        async with gate.place(1):
            pytest.fail("It is not open yet.")
    assert (raised.value.after, raised.value.free) == (1, True)
    now = 130.0
    async with gate.place(1):
        assert gate.closed_for() == 0


def test_a_server_that_names_no_time_is_left_alone_longer_each_time() -> None:
    now = 0.0
    gate = Gate(1, lambda: now)
    waits = []
    for _ in range(8):
        waits.append(gate.turned_away(None))
        now += waits[-1]

    assert waits[:4] == [FIRST_REST * 2**n for n in range(4)]
    assert waits[-1] == LONGEST_REST
    gate.welcomed()
    assert gate.turned_away(None) == FIRST_REST


async def test_a_place_is_not_waited_for_without_end() -> None:
    gate = Gate(1, lambda: 0.0)
    async with gate.place(1):
        with pytest.raises(Unsent, match="at once"):
            async with gate.place(0.01):
                pytest.fail("There is one place.")
    async with gate.place(1):
        pass


async def test_a_place_is_given_back_by_a_call_that_is_cancelled() -> None:
    gate = Gate(1, lambda: 0.0)
    entered = asyncio.Event()

    async def hold() -> None:
        async with gate.place(1):
            entered.set()
            await asyncio.Event().wait()

    holding = asyncio.create_task(hold())
    await entered.wait()
    holding.cancel()
    async with gate.place(20):
        assert holding.done() or holding.cancelling()


async def test_calls_go_out_a_few_at_a_time_however_many_there_are() -> None:
    gate = Gate(1000, lambda: 0.0)
    out = 0
    most = 0

    async def go() -> None:
        nonlocal out
        await gate.turn()
        out += 1

    going = [asyncio.create_task(go()) for _ in range(20 * TURNS)]
    while out < len(going):
        before = out
        await asyncio.sleep(0)
        most = max(most, out - before)

    assert 0 < most <= TURNS


def test_what_refuses_no_form_teaches_nothing() -> None:
    can = Capability()
    body = can.body(ASKED)

    assert not can.learn("This model's maximum context length is 4096 tokens.", body)
    assert can == Capability()


def test_each_lesson_is_learnt_once_so_that_asking_again_ends() -> None:
    can = Capability()
    lessons = 0
    while can.learn("Invalid response_format, json, stream_options.", can.body(ASKED)):
        lessons += 1

    assert lessons == 3
    assert "response_format" not in can.body(ASKED)


@pytest.mark.parametrize(
    "vectors",
    [[], [[1.0], [1.0]], [None], [["a"]], [[]], [[0.0, 0.0]], [[1e999]], "no", None],
)
def test_what_is_no_vector_is_not_taken_for_one(vectors: Any) -> None:
    listed = vectors
    if isinstance(vectors, list):
        listed = [{"index": n, "embedding": one} for n, one in enumerate(vectors)]
    with pytest.raises(Trouble) as raised:
        embedded(json.dumps({"data": listed}).encode(), "m", 1)
    assert raised.value.outcome == "invalid"


def test_without_the_package_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "service.generation.openai.wire", None)
    with pytest.raises(NotInstalled, match="make extras"):
        Endpoint(None)
