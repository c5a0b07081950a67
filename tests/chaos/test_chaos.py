"""A few of the accidents of ``make chaos``, and the judge that says what came of them."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest

from bench.chaos.disk import full_disks
from bench.chaos.freeze import freezes
from bench.chaos.history import Event
from bench.chaos.kill import kills
from bench.chaos.outage import outages, restarted
from bench.chaos.textbook import textbook
from bench.chaos.verdict import Result, compared, course, repeated
from bench.chaos.world import Stage

HASTY = Stage(serve=("-m", "tests.chaos.hasty", "serve"))
STREAM = UUID(int=1)


@pytest.mark.parametrize(
    ("fault", "seeds"),
    [
        (partial(kills, boundaries=(1, 2, 7)), 1),
        (freezes, 1),
        (partial(outages, "restart", restarted), 1),
        (full_disks, 1),
    ],
    ids=("kill", "freeze", "restart", "disk"),
)
async def test_nothing_is_made_twice_nor_lost_and_every_cent_is_known(
    fault: Any, seeds: int
) -> None:
    result: Result = await fault(seeds, HASTY)

    assert (result.duplicates, result.lost) == (0, 0), result.notes
    assert result.repeated <= result.accidents
    assert result.bill.agrees
    assert result.bill.calls


def event(kind: str, number: int | None = None) -> Event:
    return Event(1, STREAM, "course", kind, {"number": number}, 0.0)


WHOLE = [
    event("course.outlined"),
    *(event("lesson.generated", number) for number in range(1, 11)),
    event("course.ready"),
]


def test_a_whole_course_has_everything_once() -> None:
    assert course(WHOLE) == (0, 0)


def test_what_is_missing_and_what_is_there_twice_is_counted() -> None:
    assert course([*WHOLE[:-2], WHOLE[3], WHOLE[4]]) == (2, 2)


BOOK = [
    event("textbook.planned"),
    *(
        Event(1, STREAM, "textbook", kind, {"number": number, "position": position}, 0.0)
        for number in (1, 2, 3)
        for kind, position in (
            ("chapter.generated", None),
            ("summary.generated", None),
            ("quiz.generated", None),
            ("booster.generated", 1),
            ("booster.generated", 2),
            ("chapter.validated", None),
        )
    ),
    event("textbook.ready"),
]


def test_a_whole_textbook_has_everything_once_and_any_number_of_boosters() -> None:
    assert textbook(BOOK) == (0, 0)


def test_what_a_textbook_lacks_or_has_twice_is_counted() -> None:
    assert textbook([*BOOK[:-2], BOOK[4], BOOK[5]]) == (2, 2)
    assert textbook([one for one in BOOK if one.type != "booster.generated"]) == (0, 3)


def asked(request: str, rule: str = "", cost: str = "0.10") -> dict[str, str]:
    return {"client_id": request, "rule": rule, "cost": cost}


def row(request: str, cost: str | None, estimate: str | None = None) -> dict[str, str | None]:
    return {"request": request, "cost": cost, "estimate": estimate, "outcome": "x"}


def test_what_the_server_spoilt_is_not_sent_again_in_vain() -> None:
    assert repeated([asked("a"), asked("b", "cut"), asked("b"), asked("c"), asked("c")]) == 1


def test_every_cent_of_the_server_is_in_the_ledger() -> None:
    assert compared([asked("a"), asked("b")], [row("a", "0.10"), row("b", "0.10")]).agrees


def test_a_cent_that_nobody_can_explain_is_wrong() -> None:
    assert not compared([asked("a")], [row("a", "0.09")]).agrees
    assert not compared([asked("a")], [row("a", "0.11")]).agrees
    assert not compared([asked("a")], []).agrees


def test_what_is_unknown_has_a_bound() -> None:
    assert compared([asked("a")], [row("a", None, "0.20")]).agrees
    assert not compared([asked("a")], [row("a", None, "0.05")]).agrees
