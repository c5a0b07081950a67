from collections.abc import Callable
from uuid import UUID

import pytest

from service.generation.calls import Prompt
from service.generation.gate.fault import Fault, Misfit
from service.generation.generator import GenerationFailed
from service.generation.model import Asked, Message, Reply
from service.generation.openai.ladder import (
    KeptBack,
    Ladder,
    NoFit,
    Reached,
    Reading,
    Task,
    TooLong,
)
from tests.generation.counter import Counter

ASKED = Asked("m-1", (Message("user", "Count to three."),), 100, schema_name="count")
PROMPT = Prompt("count/1", "ab" * 32)


def read(text: str, reading: Reading) -> int:
    """Read a number; with `mend` one after words too, of the last answer one that is nearly so."""
    text = text.rsplit(maxsplit=1)[-1] if reading.mend and text.strip() else text
    if not text.isdigit():
        raise Misfit([Fault("$.count", f"“{text}” is no number")])
    if text != "3" and not (reading.last and text == "4"):
        raise Misfit([Fault("$.count", "it must be 3")])
    return 3


class Died(BaseException):
    """The process is no more."""


def saying(*said: str | tuple[str, str] | Died) -> Callable[[Asked], Reply]:
    script = iter(said)

    def reply(_asked: Asked) -> Reply:
        words = next(script)
        if isinstance(words, Died):
            raise words
        text, finish = words if isinstance(words, tuple) else (words, "stop")
        return Reply(text, finish, "m-1-2026", "r-1", 12, 4)

    return reply


async def climb(counter: Counter) -> Reached[int]:
    task = Task(ASKED, PROMPT, "count", read)
    return await Ladder(counter, task, lambda answer: f"stream of {answer.call_id}").climb()


async def failed(counter: Counter) -> GenerationFailed:
    with pytest.raises(GenerationFailed) as told:
        await climb(counter)
    return told.value


async def test_an_answer_that_fits_is_taken_as_it_is() -> None:
    counter = Counter(saying("3"))

    reached = await climb(counter)

    assert (reached.value, reached.asked, reached.calls) == (3, ASKED, (UUID(int=1),))
    assert counter.outcomes == ["answered"]
    assert counter.served == []


async def test_an_answer_that_is_at_hand_is_not_paid_for_again() -> None:
    counter = Counter(saying("3"))
    await climb(counter)

    reached = await climb(counter)

    assert reached.value == 3
    assert len(counter.paid) == 1
    assert counter.served == [UUID(int=1)]
    assert reached.calls == (UUID(int=1),)


async def test_a_broken_form_is_mended_for_nothing() -> None:
    counter = Counter(saying("It is 3"))

    assert (await climb(counter)).value == 3
    assert counter.outcomes == ["answered"]


async def test_what_does_not_fit_is_asked_for_again_with_only_what_is_wrong() -> None:
    counter = Counter(saying("7", "3"))

    reached = await climb(counter)

    assert (reached.value, reached.calls) == (3, (UUID(int=1), UUID(int=2)))
    assert counter.outcomes == ["invalid", "answered"]
    assert counter.prompts == ["count/1", "reask/1"]
    first, said, again = counter.paid[1].messages
    assert (first, said) == (ASKED.messages[0], Message("assistant", "7"))
    assert "- $.count: it must be 3" in again.content
    assert "Count" not in again.content
    assert counter.paid[1].max_tokens == ASKED.max_tokens


@pytest.mark.parametrize(
    ("said", "told"), [("", "{}"), (" \n", "{}"), ("<think>of 4</think> 7", "7")]
)
async def test_a_conversation_has_no_empty_turn_and_no_thoughts(said: str, told: str) -> None:
    counter = Counter(saying(said, "3"))
    task = Task(ASKED, PROMPT, "count", read)

    await Ladder(counter, task, str).climb()

    assert counter.paid[1].messages[1] == Message("assistant", told)


async def test_what_is_nearly_right_is_taken_of_the_last_answer_only() -> None:
    assert (await climb(Counter(saying("4", "3")))).answer.text == "3"
    assert (await climb(Counter(saying("4", "4")))).answer.text == "4"


async def test_what_still_does_not_fit_fails_and_says_where_it_is_kept() -> None:
    failure = await failed(Counter(saying("7", "8", "9")))

    assert isinstance(failure, NoFit)
    assert failure.retryable
    assert f"at $.count: it must be 3. Its raw text is kept: stream of {UUID(int=2)}" in str(
        failure
    )


async def test_a_ladder_left_after_its_first_answer_goes_on_from_there() -> None:
    counter = Counter(saying("7", Died(), "3"))
    with pytest.raises(Died):
        await climb(counter)

    reached = await climb(counter)

    assert reached.value == 3
    assert [len(asked.messages) for asked in counter.paid] == [1, 3, 3]
    assert reached.calls == (UUID(int=1), UUID(int=2))


async def test_a_ladder_that_failed_before_is_begun_anew() -> None:
    counter = Counter(saying("7", "8", "9", "3"))
    await failed(counter)

    reached = await climb(counter)

    assert reached.value == 3
    assert [len(asked.messages) for asked in counter.paid] == [1, 3, 1, 3]
    assert counter.paid[2] == ASKED
    assert reached.calls == tuple(UUID(int=n) for n in (1, 2, 3, 4))


async def test_a_model_that_repeats_itself_is_paid_for_that_once_and_not_tried_by_itself() -> None:
    counter = Counter(saying("7", "8", "7"))
    await failed(counter)

    failure = await failed(counter)

    assert len(counter.paid) == 3
    assert not failure.retryable


async def test_a_better_reader_takes_what_failed_before_for_nothing() -> None:
    counter = Counter(saying("7", "8"))
    await failed(counter)
    task = Task(ASKED, PROMPT, "count", lambda text, _: int(text))

    reached = await Ladder(counter, task, str).climb()

    assert (reached.value, len(counter.paid)) == (7, 2)


async def test_an_answer_cut_short_is_asked_for_with_twice_the_room() -> None:
    counter = Counter(saying(("[1, 2", "length"), "3"))

    reached = await climb(counter)

    assert reached.value == 3
    assert [asked.max_tokens for asked in counter.paid] == [100, 200]
    assert counter.paid[1].messages == ASKED.messages
    assert counter.outcomes == ["truncated", "answered"]
    assert reached.asked.parameters == {"max_tokens": 200}


async def test_an_answer_cut_short_is_never_mended() -> None:
    counter = Counter(saying(("and then 3", "length"), "3"))

    await climb(counter)

    assert counter.outcomes == ["truncated", "answered"]


async def test_an_answer_that_is_whole_is_taken_though_it_is_said_to_be_cut() -> None:
    counter = Counter(saying(("3", "length")))

    assert (await climb(counter)).value == 3


async def test_twice_the_room_is_all_there_is_and_nothing_is_asked_twice() -> None:
    counter = Counter(saying(("[1", "length"), ("[1, 2", "length")))

    failure = await failed(counter)
    again = await failed(counter)

    assert isinstance(failure, TooLong)
    assert isinstance(again, TooLong)
    assert len(counter.paid) == 2
    assert "cut short at 200 tokens" in failure.error
    assert "OPENAI_MAX_TOKENS" in failure.advice


async def test_a_mended_answer_may_have_twice_the_room_too() -> None:
    counter = Counter(saying("7", ("[3", "length"), "3"))

    assert (await climb(counter)).value == 3
    assert [asked.max_tokens for asked in counter.paid] == [100, 100, 200]


async def test_room_is_doubled_once_in_a_ladder() -> None:
    counter = Counter(saying(("[", "length"), "7", ("[3", "length")))

    assert isinstance(await failed(counter), TooLong)
    assert [asked.max_tokens for asked in counter.paid] == [100, 200, 200]


async def test_an_answer_kept_back_is_no_fault_to_be_mended() -> None:
    counter = Counter(saying(("", "content_filter"), "3"))

    failure = await failed(counter)
    assert isinstance(failure, KeptBack)
    assert (counter.outcomes, failure.retryable) == (["refused"], False)

    assert (await climb(counter)).value == 3  # somebody has asked for it once more


async def test_a_long_list_of_faults_is_not_all_told() -> None:
    def picky(text: str, _reading: Reading) -> int:
        if text == "3":
            return 3
        raise Misfit([Fault(f"$[{n}]", "x" * 1000) for n in range(100)])

    counter = Counter(saying("7", "3"))
    await Ladder(counter, Task(ASKED, PROMPT, "count", picky), str).climb()

    assert len(counter.paid[1].messages[-1].content) < 6000
