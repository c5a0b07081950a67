"""Query strings to structs: every parameter known, and given once."""

import re
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
from aiohttp import web

from service.http.pointer import fault
from service.http.problem import FieldError
from service.refusal import Invalid, Malformed

T = TypeVar("T")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

OTHERS: Final = "others"
"""The field in which a struct gathers the parameters that it does not know, if it has one."""


def query(request: web.BaseRequest, kind: type[T]) -> T:
    """Return the query string as `kind`; each parameter at most once, none that it does not know.

    Raises `Malformed` for bad UTF-8, `Invalid` with the parameter's name for everything else.
    """
    given = request.rel_url.query
    fields = dict(given)
    if len(given) > len(fields):
        name = next(name for name in fields if len(given.getall(name)) > 1)
        raise misfit(name, "Give this parameter once.")
    for name, text in fields.items():
        if "\x00" in name + text:
            raise misfit(name, "A text may not hold the character U+0000.")
        if "\ufffd" in name + text:
            refuse_bad_utf8(request.rel_url.raw_query_string)
    try:
        asked = msgspec.convert(gathered(fields, kind), kind, strict=False)
    except msgspec.ValidationError as error:
        found = fault(str(error))
        raise misfit((found.pointer or "").removeprefix("/"), found.detail) from error
    for name, text in fields.items():  # msgspec, told to be lenient, takes seconds since 1970 too
        if isinstance(getattr(asked, name, None), datetime) and _DATE.match(text) is None:
            raise misfit(name, "Expected a time such as 2026-06-30T12:00:00Z.")
    return asked


def gathered(given: dict[str, str], kind: type[Any]) -> dict[str, Any]:
    """Return `given`, with what `kind` does not know in its field `others` where it has that."""
    fields = set(getattr(kind, "__struct_fields__", ()))
    if OTHERS not in fields:
        return dict(given)
    known = given.keys() & (fields - {OTHERS})
    others = {name: text for name, text in given.items() if name not in known}
    return {name: given[name] for name in known} | {OTHERS: others}


def misfit(parameter: str, detail: str) -> Invalid:
    """Return the refusal of one query parameter."""
    fault = FieldError(detail, parameter=parameter)
    return Invalid(f"The parameter {parameter!r} does not fit this route.", errors=[fault])


def refuse_bad_utf8(raw: str) -> None:
    """Raise `Malformed` when the percent-decoded bytes of `raw` are not UTF-8."""
    try:
        unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise Malformed("The query string is not valid UTF-8.") from error
