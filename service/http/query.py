"""Query strings to structs: every parameter known, and given once."""

from typing import TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
from aiohttp import web

from service.http.pointer import fault
from service.http.problem import FieldError
from service.refusal import Invalid, Malformed

T = TypeVar("T")


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
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        found = fault(str(error))
        raise misfit((found.pointer or "").removeprefix("/"), found.detail) from error


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
