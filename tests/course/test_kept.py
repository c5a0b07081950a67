"""What people wrote stays: a retry makes only what is missing, a regeneration only a draft."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from service.generation.generator import GenerationFailed
from service.generation.offline.offline import Offline
from service.generation.recipe import Recipe, Step, Tools
from service.generation.recipes import RECIPES
from service.generation.worker import Worker
from service.http.call import Resources
from service.http.token import tenant
from service.job.decider import JOB, Ended
from tests.course.test_http import COURSES, asked, read
from tests.generation.shelf import SOURCES
from tests.http.conftest import NOW, Client
from tests.waiting import until

MINE = "# Mine\n\nI wrote this.\n"


@asynccontextmanager
async def working(live: Resources, recipes: Mapping[str, Recipe]) -> AsyncIterator[None]:
    """A worker at work."""
    worker = Worker(
        "w1", live.log, Tools(live.database, Offline()), recipes, asyncio.Event(),
        now=lambda: NOW, jitter=lambda: 0.0,
    )  # fmt: skip
    task = asyncio.create_task(worker.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def done(live: Resources, job_id: str) -> int:
    """Wait for the end of a job, and return the position of it."""

    async def over() -> bool:
        state = (await live.log.load(JOB, UUID(job_id), tenant("school"))).state
        return isinstance(state, Ended)

    await until(live.database, over)
    return (await live.log.load(JOB, UUID(job_id), tenant("school"))).position


def interrupted(recipe: Recipe) -> Recipe:
    """Return the recipe as it goes when nothing more can be made after the first lesson."""

    async def steps(*args: Any) -> AsyncGenerator[Step, None]:
        async for step in recipe.steps(*args):
            yield step
            if step.step > 1:
                raise GenerationFailed("The provider is gone.", "Retry.")

    return replace(recipe, steps=steps)


@pytest.fixture
async def broken(api: Client, live: Resources) -> dict[str, Any]:
    """A course whose generation failed after its first lesson, which a person then wrote anew."""
    text = (SOURCES / "cells.md").read_text()
    await api.post("/api/v1/sources", json={"path": "cells.md", "text": text})
    asking = await asked(api, topic="cells", num_lessons=2)
    async with working(live, {"course": interrupted(RECIPES["course"])}):
        await done(live, asking["job_id"])
    at = f"{COURSES}/{asking['id']}/lessons/1"
    for path, body in (("/revise", {"content_md": MINE}), ("/pin", {})):
        edited = await api.post(at + path, json=body)
        assert edited.status == 200, await edited.text()
    position = (await edited.json())["position"]
    return asking | {"position": position}


async def test_a_retry_touches_no_lesson_that_is_there(
    api: Client, live: Resources, broken: dict[str, Any]
) -> None:
    before = await read(api, broken, "/lessons/1")
    retried = await (await api.post(f"{COURSES}/{broken['id']}/retry")).json()
    async with working(live, RECIPES):
        position = await done(live, retried["job_id"])
    after = await read(api, broken | {"position": position}, "/lessons/1")
    course = await read(api, broken | {"position": position})

    assert (course["status"], course["lessons_ready"]) == ("READY", 2)
    assert (before["content_md"], before["revision"]) == (MINE, 2)
    assert after == before | {"version": after["version"]}
    assert len(await read(api, broken, "/lessons/1/revisions")) == 2


async def test_a_regeneration_of_an_edited_and_pinned_lesson_is_a_draft_alone(
    api: Client, live: Resources, broken: dict[str, Any]
) -> None:
    at = f"{COURSES}/{broken['id']}/lessons/1"
    begun = await (await api.post(f"{at}/regenerate", json={"instructions": "Shorter."})).json()
    async with working(live, RECIPES):
        position = await done(live, begun["job_id"])
    served = await read(api, broken | {"position": position}, "/lessons/1")
    revisions = await read(api, broken, "/lessons/1/revisions")

    assert (served["content_md"], served["revision"], served["pinned"]) == (MINE, 2, True)
    assert [(line["origin"], line["waits"]) for line in revisions] == [
        ("generated", False), ("revised", False), ("drafted", True),
    ]  # fmt: skip
    assert (await api.post(f"{at}/promote", json={"revision": 3})).status == 200


async def test_a_draft_that_was_begun_before_an_edit_does_not_replace_it(
    api: Client, live: Resources, broken: dict[str, Any]
) -> None:
    at = f"{COURSES}/{broken['id']}/lessons/1"
    begun = await (await api.post(f"{at}/regenerate")).json()
    original = RECIPES["lesson"]

    async def edited_meanwhile(*args: Any) -> AsyncGenerator[Step, None]:
        async for step in original.steps(*args):
            await api.post(f"{at}/revise", json={"content_md": "Again."})
            yield step

    async with working(live, {"lesson": replace(original, steps=edited_meanwhile)}):
        await done(live, begun["job_id"])
    refused = await api.post(f"{at}/promote")

    assert (refused.status, (await refused.json())["code"]) == (409, "edited-since")
