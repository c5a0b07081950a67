"""Bytes to request structs, with a clear sentence for each way they can fail."""

import asyncio
from typing import Final, TypeVar

import msgspec
from aiohttp import web
from aiohttp.http import HttpProcessingError
from msgspec import Struct

from service.http.pointer import fault, refuse_nul
from service.refusal import Invalid, Malformed, TooLarge, Unsupported

T = TypeVar("T")
Sized = TypeVar("Sized", bytes, bytearray)

JSON: Final = "application/json"
MEBIBYTE: Final = 1024 * 1024
UPLOAD_MAX: Final = 21 * MEBIBYTE
"""A file of 20 MiB, and what a form puts around it."""
READ_SECONDS: Final = 20.0
"""How long a client may take to send its whole body: slow ones must not hold memory for ever."""


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """The body or the query of a route that takes none."""


async def read(request: web.BaseRequest, limit: int) -> bytes:
    """Return the whole body, at most `limit` bytes of it after decompression.

    Raises `TooLarge`, and `Malformed` when the client does not finish sending in time.
    """
    if not request.body_exists:
        return b""
    if (request.content_length or 0) > limit:
        raise TooLarge(f"The body is larger than the {limit} bytes this route takes.")
    try:
        if request.content.is_eof():  # it has come with the headers, as small ones do
            return bounded(request.content.read_nowait(), limit)
        body = bytearray()
        async with asyncio.timeout(READ_SECONDS):
            while chunk := await request.content.readany():
                body += chunk
                bounded(body, limit)
    except TimeoutError:
        raise Malformed(f"The body did not arrive within {READ_SECONDS:.0f} seconds.") from None
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise Malformed("The body ended early or is not encoded as its headers say.") from error
    return bytes(body)


def bounded(body: Sized, limit: int) -> Sized:
    """Return `body`, or raise `TooLarge`."""
    if len(body) > limit:
        raise TooLarge(f"The body is larger than the {limit} bytes this route takes.")
    return body


def check_media_type(request: web.BaseRequest, body: bytes) -> None:
    """Raise `Unsupported` for a body that is not declared to be JSON."""
    if body and request.content_type != JSON:
        raise Unsupported(f"Send the body as {JSON}, not as {request.content_type}.")


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Return `body` as the decoder's type; an empty body stands for an empty object.

    Raises `Malformed` for what is no JSON, `Invalid` with a pointer for what is the wrong JSON.
    """
    try:
        value = decoder.decode(body or b"{}")
    except msgspec.ValidationError as error:
        raise Invalid("The body does not fit this route.", errors=[fault(str(error))]) from error
    except UnicodeDecodeError as error:
        raise Malformed("The body is not valid UTF-8.") from error
    except RecursionError:
        raise Malformed("The body is nested too deeply.") from None
    except msgspec.DecodeError as error:
        raise Malformed(f"The body is not valid JSON: {error}.") from error
    if rb"\u0000" in body:
        refuse_nul(value)
    return value
