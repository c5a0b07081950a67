"""Textbooks and their chapters as they were, at a time or a position."""

from typing import Any

import pytest

from service.http.call import Resources
from service.textbook.commands import PublishChapter, RecordPlan, ReviseChapter
from tests.http.conftest import Client
from tests.textbook.pieces import ANEW, PLAN, made
from tests.textbook.shelf import TEXTBOOKS, Json, asked, read, recorded

PATHS = ("", "/chapters", "/chapters/1", "/chapters/2")


async def grown(api: Client, live: Resources) -> list[tuple[Json, list[Any]]]:
    """Make a textbook in steps; return it as all of it was read after each."""
    done = await asked(api)
    steps: tuple[tuple[Any, ...], ...] = (
        (),
        (RecordPlan(PLAN),),
        made(1),
        (PublishChapter(1),),
        (ReviseChapter(1, "## Push\n\nWhat is pushed moves."),),
        made(2),
        (PublishChapter(1), PublishChapter(2)),
        made(2, 2, ANEW)[:2],
    )
    seen = []
    for step in steps:
        done = await recorded(live, done, *step) if step else done
        seen.append((done, [await read(api, done, path) for path in PATHS]))
    return seen


async def test_all_of_it_is_shown_as_it_was_read_at_each_position(
    api: Client, live: Resources
) -> None:
    await recorded(live, await asked(api), RecordPlan(PLAN))
    seen = await grown(api, live)
    last, _ = seen[-1]

    assert seen[-1][1][0]["slug"] == "forces--2"
    for done, then in seen:
        shown = [await read(api, last, path, as_of=done["position"]) for path in PATHS]
        for before, after in zip(then, shown, strict=True):
            drop = ("detail", "instance", "request_id", "trace_id")
            for each in (before, after):
                if isinstance(each, dict) and each["status_code"] == 404:
                    for name in drop:
                        each.pop(name, None)
            assert after == before


async def test_a_time_is_as_good_as_a_position(api: Client, live: Resources) -> None:
    seen = await grown(api, live)
    (early, then), (last, _) = seen[2], seen[-1]
    at = await live.database.fetchval(
        "SELECT recorded_at FROM log.events WHERE position = $1", early["position"]
    )

    for path, before in zip(PATHS[:3], then, strict=False):
        assert await read(api, last, path, as_of=at.isoformat()) == before
    response = await api.get(f"{TEXTBOOKS}/forces/chapters", params={"as_of": at.isoformat()})
    assert response.headers["ETag"] == f'"{then[0]["version"]}"'


@pytest.mark.parametrize("path", PATHS[:3])
async def test_before_it_was_requested_it_is_not_found(
    api: Client, live: Resources, path: str
) -> None:
    first = await asked(api, title="Light")
    second = await recorded(live, await asked(api), RecordPlan(PLAN), *made(1))

    found = await read(api, second, path, as_of=first["position"])

    assert found["status_code"] == 404
    assert found["code"] in ("no-such-textbook", "no-such-chapter")


@pytest.mark.parametrize("path", PATHS[:3])
async def test_a_position_that_the_log_has_not_is_refused(
    api: Client, live: Resources, path: str
) -> None:
    done = await recorded(live, await asked(api), RecordPlan(PLAN), *made(1))

    for text in ("999", "yesterday", "2999-01-01T00:00:00Z"):
        found = await read(api, done, path, as_of=text)
        assert found["status_code"] == 422
        assert found["errors"][0]["parameter"] == "as_of"
