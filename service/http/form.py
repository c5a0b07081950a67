"""Forms: multipart ones with an uploaded file (RFC 7578), and such as have fields alone."""

import warnings
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError
from aiohttp.multipart import BadContentDispositionHeader, BadContentDispositionParam
from msgspec import Struct

from service.http import body
from service.http.pointer import fault, refuse_nul
from service.http.problem import FieldError
from service.refusal import Invalid, Malformed, TooLarge, TooSlow, Unsupported

MULTIPART: Final = "multipart/form-data"
URLENCODED: Final = "application/x-www-form-urlencoded"
PARTS_MAX: Final = 32
WARNED: Final = (BadContentDispositionHeader, BadContentDispositionParam)
BROKEN: Final = (
    *(ValueError, RuntimeError, LookupError, AssertionError, HttpProcessingError),
    *WARNED,
)
"""What aiohttp raises for a form that is none, in its several places."""
for _warning in WARNED:  # each would be written down, and remembered for good
    warnings.filterwarnings("ignore", category=_warning)


class Upload(Struct, frozen=True):
    """An uploaded file as its sender describes it; neither name nor type is to be trusted."""

    filename: str
    media_type: str
    data: bytes


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """A multipart body: subclasses name its fields, those of type `Upload` being files."""


class Fields(Struct, frozen=True):
    """A body of fields alone, each given once; those that are not known mean nothing."""


F = TypeVar("F", bound=Form)
G = TypeVar("G", bound=Fields)


def schema(kind: type[Form]) -> dict[str, Any]:
    """Return the form's JSON schema, in which a file is a string of bytes (OpenAPI 3.1, 4.8.14)."""
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    _, components = msgspec.json.schema_components([kind])
    form = components[kind.__name__]
    properties = {
        name: file if str(field.get("$ref", "")).endswith("/Upload") else field
        for name, field in form["properties"].items()
    }
    return {**form, "properties": properties}


async def read(request: web.Request, kind: type[F], limit: int) -> F:
    """Return the form, at most `limit` bytes in all.

    Raises `Unsupported`, `TooLarge`, `TooSlow`, `Malformed` for what is no multipart, `Invalid`
    for the wrong fields.
    """
    if body.coding(request) != body.PLAIN:
        raise Unsupported("Send a form as it is, without a Content-Encoding.")
    try:
        fields = await _fields(request, limit)
    except TimeoutError:
        raise TooSlow from None
    except BROKEN as error:
        raise Malformed("The body is not a well-formed multipart form.") from error
    refuse_nul({name: field for name, field in fields.items() if isinstance(field, str)})
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid("The form does not fit this route.", errors=[fault(str(error))]) from error


async def read_fields(request: web.Request, kind: type[G], limit: int) -> G:
    """Return the fields; one without a value counts as left out (RFC 6749, section 3.2).

    Raises `Unsupported`, `TooLarge`, `Malformed` for what is no form, `Invalid` for wrong fields.
    """
    if request.content_type != URLENCODED:
        raise Unsupported(f"Send the body as {URLENCODED}, not as {request.content_type}.")
    raw = await body.read(request, limit)
    try:
        pairs = parse_qsl(raw.decode(), errors="strict", max_num_fields=PARTS_MAX)
    except ValueError as error:
        raise Malformed("The body is not a form of at most 32 fields in UTF-8.") from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Invalid("The form does not fit this route: a field is given twice.")
    refuse_nul(fields)
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid("The form does not fit this route.", errors=[fault(str(error))]) from error


async def _fields(request: web.Request, limit: int) -> dict[str, str | Upload]:
    with body.ARRIVING.share() as grow:
        return await _parts(request, limit, grow)


async def _parts(
    request: web.Request, limit: int, grow: Callable[[int], None]
) -> dict[str, str | Upload]:
    fields: dict[str, str | Upload] = {}
    left = limit
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or not part.name or len(fields) >= PARTS_MAX:
            raise Malformed("A form has named parts only, at most 32 of them.")
        if part.name in fields:
            raise Invalid(
                "The form does not fit this route.",
                errors=[FieldError("Give this field once.", "/" + part.name)],
            )
        data = await _data(part, left, limit, grow)
        left -= len(data)
        fields[part.name] = _field(part, data)
    return fields


async def _data(part: BodyPartReader, left: int, limit: int, grow: Callable[[int], None]) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk():
        data += chunk
        if len(data) > left:
            raise TooLarge(f"The form is larger than the {limit} bytes this route takes.")
        grow(limit - left + len(data))
    return bytes(data)


def _field(part: BodyPartReader, data: bytes) -> Any:
    if part.filename is None:
        return data.decode()
    media_type = part.headers.get("Content-Type", "application/octet-stream")
    return Upload(part.filename, media_type, data)
