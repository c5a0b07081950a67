"""The documentation that comes with the service: the OpenAPI document, as JSON and as a page."""

import re
from http import HTTPStatus
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import aiohttp_jinja2
import jinja2
import msgspec
from aiohttp import web
from markupsafe import Markup, escape

from service.http import problem
from service.http.body import Nothing
from service.http.call import Call

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
VERSION: Final = "0.1.0"
DOCUMENT: Final = web.AppKey("openapi", dict[str, Any])
FOR_AN_HOUR: Final = "public, max-age=3600"


def install(app: web.Application, document: dict[str, Any]) -> None:
    """Let `app` serve `document`, and find this package's templates."""
    app[DOCUMENT] = document
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = pretty
    environment.filters["type"] = type_of
    environment.filters["prose"] = prose


async def openapi(call: Call[Nothing, Nothing]) -> web.Response:
    """This service, described in OpenAPI 3.1."""
    body = msgspec.json.encode(call.request.app[DOCUMENT])
    return web.Response(body=body, content_type="application/json")


async def page(call: Call[Nothing, Nothing]) -> web.Response:
    """The documentation, to read."""
    return aiohttp_jinja2.render_template("docs.html", call.request, reading(call.request.app))


async def problems(call: Call[Nothing, Nothing]) -> web.Response:
    """Every kind of problem: what it means and what to do."""
    return aiohttp_jinja2.render_template(
        "problems.html", call.request, {"kinds": sorted(kinds(), key=itemgetter("status"))}
    )


async def style(call: Call[Nothing, Nothing]) -> web.FileResponse:
    """The style of the documentation pages."""
    del call
    return web.FileResponse(STATIC / "docs.css", headers={"Cache-Control": FOR_AN_HOUR})


def reading(app: web.Application) -> dict[str, Any]:
    """Return the document as the page reads it: operations in table order, under their tags."""
    document = app[DOCUMENT]
    tags: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            entry = {"method": method.upper(), "path": path, **operation}
            tags.setdefault(operation["tags"][0], []).append(entry)
    return {"document": document, "tags": tags, "schemas": document["components"]["schemas"]}


def kinds() -> list[dict[str, Any]]:
    """Return every kind of problem with its code, status and sentence."""
    return [
        {
            "code": problem.code_of(kind),
            "title": problem.title_of(kind),
            "status": int(problem.status_for(kind)),
            "phrase": HTTPStatus(problem.status_for(kind)).phrase,
            "text": (kind.__doc__ or "").strip(),
        }
        for kind in sorted(dict.fromkeys(problem.every_kind()), key=problem.code_of)
        if problem.over_http(kind)
    ]


def prose(text: str) -> Markup:
    """Return `text` as HTML, what stands in backquotes as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def pretty(value: Any) -> str:
    """Return `value` as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def type_of(schema: dict[str, Any]) -> str:
    """Return a schema's type in a few words: ``integer 1 to 50``, ``array of Lesson``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(type_of(kind) for kind in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"array of {type_of(schema.get('items', {}))}"
    words = [str(schema.get("format") or schema.get("type", "any"))]
    return " ".join([*words, *_bounds(schema)])


def _bounds(schema: dict[str, Any]) -> list[str]:
    match schema:
        case {"minimum": low, "maximum": high} if high < 2**53:
            return [f"{low} to {high}"]
        case {"minimum": low}:
            return [f"from {low}"]
        case {"maxLength": high}:
            return [f"up to {high} characters"]
        case _:
            return []
