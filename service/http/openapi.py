"""The OpenAPI 3.1 document, made from the same table that routes, authorises and validates."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec

from service.http import form, problem
from service.http.body import JSON
from service.http.call import Answer, Read
from service.http.decimal_schema import widened
from service.http.example import example_of, resolved
from service.http.paging import Paged
from service.http.parameter import PARAMETERS
from service.http.problem import DeadlinePassed, InternalError, Problem
from service.http.route import Route, Shape, alternatives, shape_of
from service.http.sse import EVENT_STREAM
from service.log.commit import Conflict, KeyReused, StaleVersion
from service.refusal import (
    Forbidden,
    HeadTooLarge,
    Invalid,
    Malformed,
    NotFound,
    Refusal,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

Json = dict[str, Any]

REF: Final = "#/components/schemas/{name}"
BAD_REQUEST: Final = int(HTTPStatus.BAD_REQUEST)
COMMANDS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
DESCRIPTION: Final = """\
Daybook is the book of record for AI-generated learning content.

A command answers with the `position` it was written at; give it to any read as `min_position` to
be sure of reading your own write. Send an `Idempotency-Key` with a command and repeat it as often
as you like: it takes effect once and answers the same. Every error is a problem document."""

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_HEADERS: Final[Json] = {
    "Idempotency-Key": {
        "description": "Repeat a request with the same key and it takes effect once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    },
    "If-Match": {
        "description": 'The version the command was decided on, as in `"7"`; otherwise 412.',
        "schema": {"type": "string", "maxLength": 100, "pattern": '^"[0-9]{1,9}"$'},
    },
}
_ANSWERED: Final[Json] = {
    "ETag": {"description": "The stream's version.", "schema": {"type": "string"}},
    "Location": {"description": "Where to follow it.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true` where this is the stored answer of an earlier request.",
        "schema": {"type": "string"},
    },
    "X-Projection-Position": {
        "description": "The position that this read has seen at least.",
        "schema": {"type": "string"},
    },
    "Link": {"description": 'The next page: `<…>; rel="next"`.', "schema": {"type": "string"}},
}


@cache
def document(routes: tuple[Route, ...], version: str) -> Json:
    """Return the document of `routes`, which nobody may change: it is made once."""
    shapes = [shape_of(route.handler) for route in routes]
    kinds = [kind for shape in shapes for kind in (shape.body, shape.query, shape.value)]
    kinds += [refused_as(route) for route in routes]
    named = [Problem, *dict.fromkeys(kind for kind in kinds if kind is not None)]
    schemas, components = msgspec.json.schema_components(named, ref_template=REF)
    widened(components)
    schema_of = dict(zip(named, schemas, strict=True))
    paths: dict[str, Json] = {}
    for route, shape in zip(routes, shapes, strict=True):
        operation = _operation(route, shape, schema_of, components)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    made = {
        "openapi": "3.1.0",
        "info": {"title": "Daybook", "version": version, "description": DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }
    return tidied(made)


def refused_as(route: Route) -> Any:
    """Return the type of what `route` answers some refusals with by itself, None if nothing."""
    returned = get_type_hints(route.refusing)["return"] if route.refusing else None
    answers = [kind for kind in alternatives(returned) if get_origin(kind) is Answer]
    return get_args(answers[0])[0] if answers else None


def tidied(made: Json) -> Json:
    """Return the document as plain JSON: pages well named, no schema that nobody refers to."""
    text = re.sub(r"\b(\w+?)_(\w+)_(?=\")", r"\1Of\2", msgspec.json.encode(made).decode())
    document: Json = msgspec.json.decode(text)
    schemas = document["components"]["schemas"]
    while unused := [name for name in schemas if text.count(REF.format(name=name) + '"') == 0]:
        for name in unused:
            del schemas[name]
        text = msgspec.json.encode(document).decode()
    return document


def _operation(route: Route, shape: Shape, schema_of: Mapping[Any, Json], components: Json) -> Json:
    summary, _, description = (inspect.getdoc(route.handler) or "").partition("\n")
    operation: Json = {
        "operationId": _name(route),
        "tags": [_tag(route)],
        "summary": summary.strip(),
        "description": description.strip(),
        "security": [{"bearer": []}] if route.role else [],
        "x-role": route.role,
        "parameters": [*_path(route), *_query(shape, schema_of, components), *_sent(route)],
        "responses": _responses(route, shape, schema_of),
    }
    if route.method in COMMANDS:
        operation["requestBody"] = _request_body(shape, schema_of, components)
    return operation


def _tag(route: Route) -> str:
    parts = [part for part in route.path.split("/") if part]
    return parts[2] if parts[:2] == ["api", "v1"] else "service"


def _name(route: Route) -> str:
    """Return the handler's slice and name: ``course-request``."""
    parts = route.handler.__module__.removesuffix(".http").split(".")
    return f"{parts[-1].removesuffix('_http')}-{route.handler.__name__}"


def _path(route: Route) -> Iterator[Json]:
    for name in _PARAMETER.findall(route.path):
        found = PARAMETERS[name]
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": found.description,
            "schema": dict(found.schema),
        }


def _query(shape: Shape, schema_of: Mapping[Any, Json], components: Json) -> Iterator[Json]:
    schema = resolved(schema_of[shape.query], components)
    for name, field in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        shown = {key: value for key, value in field.items() if key != "description"}
        parameter = {"name": name, "in": "query", "required": required, "schema": shown}
        yield parameter | ({"description": field["description"]} if "description" in field else {})


def _sent(route: Route) -> Iterator[Json]:
    names = (
        ["Idempotency-Key", "If-Match"] if _PARAMETER.search(route.path) else ["Idempotency-Key"]
    )
    for name in names if route.method in COMMANDS else ():
        yield {"name": name, "in": "header", "required": False, **_HEADERS[name]}
    if route.streams:
        yield {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "description": "The position to go on from.",
            "schema": {"type": "string", "pattern": "^[0-9]{0,18}$"},
        }


def _request_body(shape: Shape, schema_of: Mapping[Any, Json], components: Json) -> Json:
    schema = schema_of[shape.body]
    content: Json = {shape.media: {"schema": schema, "example": example_of(schema, components)}}
    if shape.form is not None:
        content[form.MULTIPART] = {"schema": form.schema(shape.form)}
    required = bool(resolved(schema, components).get("required"))
    return {"required": required, "content": content}


def _responses(route: Route, shape: Shape, schema_of: Mapping[Any, Json]) -> Json:
    responses = _problems(route)
    for status in (route.status, *route.also):
        answer = _success(route, shape, schema_of, HTTPStatus(status))
        if problems := responses.get(str(status)):
            answer["content"] |= problems["content"]
        responses[str(status)] = answer
    if (kind := refused_as(route)) is not None:
        responses[str(BAD_REQUEST)]["content"][JSON] = {"schema": schema_of[kind]}
    return dict(sorted(responses.items()))


def _success(route: Route, shape: Shape, schema_of: Mapping[Any, Json], status: HTTPStatus) -> Json:
    if status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
        return {"description": status.phrase, "content": {}}
    content: Json = {}
    if shape.value is not None:
        content[route.media] = {"schema": schema_of[shape.value]}
    elif not route.streams:
        content[route.media] = {"schema": {"type": "string"}}
    for media in (*route.downloads, *((EVENT_STREAM,) if route.streams else ())):
        content[media] = {"schema": {"type": "string"}}
    answer: Json = {"description": status.phrase, "content": content}
    if headers := {name: _ANSWERED[name] for name in _answered(route, shape)}:
        answer["headers"] = headers
    return answer


def _answered(route: Route, shape: Shape) -> Iterator[str]:
    if route.method in COMMANDS:
        yield from ("ETag", "Location", "Idempotency-Replayed")
    if isinstance(shape.query, type) and issubclass(shape.query, Read):
        yield "X-Projection-Position"
    if isinstance(shape.query, type) and issubclass(shape.query, Paged):
        yield "Link"


def _problems(route: Route) -> Json:
    kinds = sorted(set(_refusals(route)), key=lambda kind: (_status(kind), kind.__name__))
    return {str(status): _problem(list(group)) for status, group in groupby(kinds, key=_status)}


def _status(kind: type[Refusal]) -> int:
    return int(problem.status_for(kind))


def _problem(kinds: Iterable[type[Refusal]]) -> Json:
    lines = [f"`{problem.code_of(kind)}`: {inspect.getdoc(kind)}" for kind in kinds]
    schema = {"$ref": REF.format(name=Problem.__name__)}
    return {
        "description": "\n\n".join(lines),
        "content": {problem.MEDIA_TYPE: {"schema": schema}},
    }


def _refusals(route: Route) -> Iterator[type[Refusal]]:
    yield from (*route.refusals, Malformed, Invalid, InternalError, Unavailable, DeadlinePassed)
    yield HeadTooLarge
    if route.role is not None:
        yield Unauthenticated
        if route.role != "user":
            yield Forbidden
    if _PARAMETER.search(route.path):
        yield NotFound
    if route.method in COMMANDS:
        yield from (Unsupported, TooLarge, Conflict, StaleVersion, KeyReused, TooMany)
