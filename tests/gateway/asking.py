"""The consumer and the statuses at work in this process, on a real database and a real RabbitMQ."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from service.course.commands import Finish, GiveUp, RecordLesson, RecordOutline
from service.course.content import Lesson, LessonPlan, Outline, Readability
from service.course.decider import COURSE
from service.gateway import subscriber
from service.gateway.consumer import Consumer
from service.gateway.status import Statuses
from service.http.call import Resources
from service.http.token import tenant
from service.log.handle import Context
from tests.gateway.rabbit import Rabbit, Where

SCHOOL = tenant("school")
PLAN = LessonPlan("Light", "", (), ())
LESSON = Lesson(1, "Light", "", "# Light", (), (), (), (), (), Readability(8.0, 2))


def wish(request_id: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a request for a course of one lesson."""
    named = {} if request_id is None else {"request_id": request_id}
    return {"user_id": "u-1", "topic": "Light", "num_lessons": 1} | named | more


def speaking(of: Resources, rabbit: Rabbit | Where) -> Resources:
    """Return `of` with RabbitMQ switched on for the school."""
    settings = replace(of.settings, amqp_url=rabbit.url, amqp_tenant="school")
    return replace(of, settings=settings)


@asynccontextmanager
async def consuming(of: Resources, rabbit: Rabbit | Where) -> AsyncIterator[None]:
    """Take requests; an outsider is waited for until he may ask."""
    async with working(Consumer(of, rabbit.url, rabbit.topology).run()):
        if isinstance(rabbit, Rabbit):
            await rabbit.declared()
        yield


@asynccontextmanager
async def telling(of: Resources, rabbit: Rabbit | Where) -> AsyncIterator[None]:
    """Tell what becomes of requests."""
    told = Statuses(of, rabbit.url, rabbit.topology).subscriber
    async with working(subscriber.run(of.database, of.tail, told)):
        yield


@asynccontextmanager
async def working(work: Any) -> AsyncIterator[None]:
    """Do `work` beside the test."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def make(of: Resources, course_id: str) -> None:
    """Do what a worker does: the course becomes ready."""
    outline = Outline("All about light", (PLAN,))
    for command in (RecordOutline(outline), RecordLesson(LESSON), Finish()):
        await of.log.handle(COURSE, UUID(course_id), command, context(course_id))


async def fail(of: Resources, course_id: str) -> None:
    """Do what a worker does that can make nothing of it."""
    await of.log.handle(COURSE, UUID(course_id), GiveUp("No sources."), context(course_id))


def context(course_id: str) -> Context:
    return Context(SCHOOL, "worker:test", UUID(course_id))
