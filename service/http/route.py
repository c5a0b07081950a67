"""A route: one line of the table that routes, authorises, validates and documents."""

from collections.abc import Awaitable, Callable, Iterable
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web
from msgspec import Struct

from service.http.body import JSON, MEBIBYTE, UPLOAD_MAX, Nothing
from service.http.call import Answer, Call
from service.http.download import Download
from service.http.form import URLENCODED, Fields, Form
from service.refusal import Refusal

Handler = Callable[[Call[Any, Any]], Awaitable[Answer[Any] | Download | web.StreamResponse]]


class Route(Struct, frozen=True):
    """One method on one path template; `role` None means that no token is asked for.

    What else there is to know stands at the handler: its docstring's first line is the summary,
    and the types of its ``Call[Body, Query]`` and its ``Answer[Value]`` are what is decoded and
    encoded. `also` are other statuses it may answer with, and `streams` marks a handler that may
    answer with an event stream, which has no deadline; `seconds` is that of a handler that may take
    longer than others. `downloads` are the media types in which it
    may answer too, on demand. `limit` is the size in bytes a body may have: a mebibyte if not
    given, or an upload's where the handler takes a form. `house` keeps it to those who may act on
    the service as a whole, and `generates` counts it against what a tenant may have generated.
    `spools` marks a handler that keeps its request on the disk while the database is away.
    `refusing` answers refusals otherwise than by a problem document, where a standard asks for it;
    those that it returns None for are answered as everywhere.
    """

    method: str
    path: str
    handler: Handler
    status: int = 200
    also: tuple[int, ...] = ()
    role: str | None = "user"
    refusals: tuple[type[Refusal], ...] = ()
    limit: int | None = None
    media: str = JSON
    streams: bool = False
    downloads: tuple[str, ...] = ()
    house: bool = False
    generates: bool = False
    spools: bool = False
    seconds: float | None = None
    refusing: Callable[[Refusal], Answer[Any] | None] | None = None

    @property
    def scope(self) -> str:
        """What a service token needs: what it is about, and whether it reads or writes."""
        about = self.path.removeprefix("/api/v1").strip("/").partition("/")[0]
        return f"{about}:{'read' if self.method == 'GET' else 'write'}"


class Shape(Struct, frozen=True):
    """The types that a handler's signature names; `form` is its multipart body, if it takes one.

    `media` is what the body comes as, where it is no multipart form.
    """

    body: Any
    form: type[Form] | None
    query: Any
    value: Any
    media: str = JSON

    @property
    def limit(self) -> int:
        """The bytes a body may have unless its route says otherwise."""
        return MEBIBYTE if self.form is None else UPLOAD_MAX


def shape_of(handler: Handler) -> Shape:
    """Read the signature of a handler. Raises KeyError or ValueError where it names no types."""
    hints = get_type_hints(handler)
    body, query = get_args(hints["call"])
    bodies = alternatives(body)
    forms = [kind for kind in bodies if issubclass(kind, Form)]
    plain = [kind for kind in bodies if kind not in forms]
    answers = alternatives(hints["return"])
    values = [get_args(kind)[0] for kind in answers if get_origin(kind) is Answer]
    return Shape(
        body=plain[0] if plain else Nothing,
        form=forms[0] if forms else None,
        query=query,
        value=values[0] if values else None,
        media=URLENCODED if plain and issubclass(plain[0], Fields) else JSON,
    )


def alternatives(kind: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the one type that is none."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def under(
    prefix: str, routes: Iterable[Route], *, role: str | None = None, house: bool = False
) -> tuple[Route, ...]:
    """Return `routes` with `prefix` before each path; `role` and `house` are asked for of all."""
    return tuple(
        msgspec.structs.replace(
            route,
            path=prefix + route.path,
            role=role or route.role,
            house=house or route.house,
        )
        for route in routes
    )
