"""Textbooks over HTTP: asked for, made as a worker makes them, read."""

from typing import Any, Final
from uuid import UUID

from msgspec import to_builtins

from service.http.call import Resources
from service.http.token import tenant
from service.log.handle import Context
from service.textbook.commands import Command
from service.textbook.decider import TEXTBOOK
from tests.http.conftest import Client
from tests.textbook.pieces import POLICY

TEXTBOOKS: Final = "/api/v1/textbooks"

Json = dict[str, Any]


async def asked(api: Client, **body: Any) -> Json:
    """Request a textbook of two chapters that may be short."""
    fields = {"title": "Forces", "subject": "Physics", "chapters_total": 2}
    wanted = fields | {"policy": to_builtins(POLICY)} | body
    response = await api.post(TEXTBOOKS, json=wanted)
    assert response.status == 202, await response.text()
    return dict(await response.json())


async def recorded(live: Resources, done: Json, *commands: Command) -> Json:
    """Do what a worker does, and return the position after it."""
    of = UUID(done["id"])
    context = Context(tenant("school"), "worker", of)
    receipts = [await live.log.handle(TEXTBOOK, of, each, context) for each in commands]
    return done | {"position": receipts[-1].position}


async def posted(api: Client, done: Json, path: str, **body: Any) -> Json:
    """Do what a person does with chapter 1, and return the position after it."""
    response = await api.post(f"{TEXTBOOKS}/{done['id']}/chapters/1{path}", json=body)
    assert response.status == 200, await response.text()
    return done | {"position": (await response.json())["position"]}


async def read(api: Client, done: Json, path: str = "", **query: Any) -> Any:
    """Read what stands below a textbook, once it is folded; `status_code` where it is no list."""
    response = await api.get(
        f"{TEXTBOOKS}/{done['id']}{path}",
        params={name: str(value) for name, value in query.items()}
        | {"min_position": str(done["position"])},
    )
    found = await response.json()
    return found | {"status_code": response.status} if isinstance(found, dict) else found
