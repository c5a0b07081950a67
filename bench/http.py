"""Commands over HTTP against an empty handler of the same server."""

from contextlib import AsyncExitStack
from typing import Any, Final

from bench.child import child
from bench.load import checkpoint, proved
from bench.machine import Lab
from bench.ratio import Measured, side_by_side
from bench.serving import bearer

CONNECTIONS: Final = 64
COURSE: Final = (
    '{"topic": "The water cycle", "grade_level": "Grade 5", "num_lessons": 4,'
    ' "source_filter": "geography/", "language": "en"}'
)


async def commands(lab: Lab) -> Measured:
    """Course requests a second, each durable when it is answered ÷ an empty handler's requests."""
    url = lab.database("bench_http")
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(child("serve", url, str(lab.home)))
        client = await stack.enter_async_context(child("http"))

        async def posted() -> float:
            await checkpoint(url)
            return _rate(await client.ask(question(server.hello["port"], lab.size.seconds)))

        async def answered() -> float:
            port = server.hello["bare"]
            return _rate(await client.ask(question(port, lab.size.seconds, "/empty")))

        measured = await side_by_side(
            lab.size.rounds,
            ("POST /api/v1/courses, requests/s", posted),
            ("empty JSON handler, requests/s", answered),
        )
    await proved(url)
    return measured


def question(
    port: int, seconds: float, path: str = "/api/v1/courses", most: int | None = None
) -> dict[str, Any]:
    """Return what to ask of the process that sends requests."""
    return {
        "port": port,
        "path": path,
        "body": COURSE,
        "headers": {"Authorization": bearer()},
        "connections": CONNECTIONS,
        "seconds": seconds,
        "most": most,
    }


def _rate(answer: dict[str, float]) -> float:
    return answer["requests"] / answer["seconds"]
