"""Jobs over HTTP: where each stands, live, and stopping it."""

import asyncio
import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from service.http.call import Resources
from service.http.token import tenant
from service.job.decider import JOB, Advance, Command, Complete, Fail, Start
from service.ledger.decider import LEDGER, ledger_id
from service.log.handle import Context
from tests.http.conftest import Client
from tests.ledger.calls import call


@pytest.fixture
async def job(api: Client) -> str:
    """A job that waits."""
    return str(
        (await (await api.post("/api/v1/courses", json={"topic": "Light"})).json())["job_id"]
    )


async def work(live: Resources, job: str, *commands: Command) -> int:
    """Do what a worker does; return the position after it."""
    context = Context(tenant("school"), "worker", UUID(job))
    receipts = [await live.log.handle(JOB, UUID(job), each, context) for each in commands]
    return receipts[-1].position


async def told(response: Any) -> list[dict[str, Any]]:
    """Return the messages of a stream that ends."""
    async with asyncio.timeout(60):
        text = (await response.content.read()).decode()
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


async def test_a_job_says_where_it_stands(api: Client, live: Resources, job: str) -> None:
    position = await work(live, job, Start("w"), Advance(3, 8, "lesson 3 of 8"))
    shown = await (await api.get(f"/api/v1/jobs/{job}?min_position={position}")).json()

    assert (shown["status"], shown["note"]) == ("RUNNING", "lesson 3 of 8")
    assert (shown["steps_done"], shown["steps_total"]) == (3, 8)


async def test_a_job_is_followed_in_words_to_its_end(
    api: Client, live: Resources, job: str
) -> None:
    async with api.get(f"/api/v1/jobs/{job}/events") as response:
        await work(live, job, Start("w"), Advance(3, 8, "lesson 3 of 8"), Complete())
        messages = await told(response)

    texts = ["Waiting for a worker.", "Started, attempt 1.", "lesson 3 of 8", "Done."]
    assert [message["text"] for message in messages] == texts
    assert (messages[2]["step"], messages[2]["of"]) == (3, 8)


async def test_a_client_that_was_cut_off_hears_the_rest(
    api: Client, live: Resources, job: str
) -> None:
    position = await work(live, job, Start("w"))
    await work(live, job, Fail("No source speaks of it.", "Add one.", retryable=False))
    async with api.get(
        f"/api/v1/jobs/{job}/events", headers={"Last-Event-ID": str(position)}
    ) as response:
        messages = await told(response)

    assert [message["text"] for message in messages] == ["No source speaks of it. Add one."]


async def test_a_client_that_has_heard_all_need_not_come_back(
    api: Client, live: Resources, job: str
) -> None:
    position = await work(live, job, Start("w"), Complete())
    response = await api.get(f"/api/v1/jobs/{job}/events?after={position}")

    assert response.status == 204


async def test_waiting_for_a_job_ends_with_the_job(api: Client, live: Resources, job: str) -> None:
    waiting = asyncio.create_task(
        api.get(f"/api/v1/jobs/{job}?min_position=2", headers={"Prefer": "wait=10"})
    )
    await work(live, job, Start("w"), Complete())
    response = await waiting

    assert (await response.json())["status"] == "COMPLETED"
    assert response.headers["Preference-Applied"] == "wait=10"


async def test_a_job_is_cancelled_once(api: Client, job: str) -> None:
    first = await api.post(f"/api/v1/jobs/{job}/cancel", json={"reason": "Wrong topic."})
    again = await api.post(f"/api/v1/jobs/{job}/cancel")
    position = (await first.json())["position"]
    shown = await (await api.get(f"/api/v1/jobs/{job}?min_position={position}")).json()

    assert (first.status, again.status) == (200, 200)
    assert shown["status"] == "CANCELLED"


async def test_a_job_that_has_completed_is_neither_stopped_nor_retried(
    api: Client, live: Resources, job: str
) -> None:
    await work(live, job, Start("w"), Complete())
    refused = [await api.post(f"/api/v1/jobs/{job}/{verb}") for verb in ("cancel", "retry")]

    codes = [(await response.json())["code"] for response in refused]
    assert codes == ["job-ended", "job-completed-already"]


async def test_a_job_says_what_its_calls_have_cost(api: Client, live: Resources, job: str) -> None:
    own, school = UUID(job), tenant("school")
    made = call(job_id=own, tokens_in=10, tokens_out=5, cost=Decimal("0.0025"))
    stream, context = ledger_id(school, own), Context(school, "worker", own)
    receipt = await live.log.handle(LEDGER, stream, made, context)
    shown = await (await api.get(f"/api/v1/jobs/{job}?min_position={receipt.position}")).json()

    assert (shown["token_usage"], shown["cost"]) == (15, "0.0025")
    assert shown["model_used"] == made.model_returned
