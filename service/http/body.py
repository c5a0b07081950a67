"""Bytes to request structs, with a clear sentence for each way they can fail."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import msgspec
from aiohttp import web
from aiohttp.http import HttpProcessingError
from msgspec import Struct

from service.http.pointer import fault, refuse_nul
from service.refusal import Invalid, Malformed, TooLarge, TooSlow, Unavailable, Unsupported

T = TypeVar("T")
Sized = TypeVar("Sized", bytes, bytearray)

JSON: Final = "application/json"
MEBIBYTE: Final = 1024 * 1024
OPEN_MAX: Final = 16 * 1024
"""What is taken of somebody who has shown no token yet."""
UPLOAD_MAX: Final = 21 * MEBIBYTE
"""A file of 20 MiB, and what a form puts around it."""
SMALL: Final = 64 * 1024
"""Bytes of a body that there is always room for."""
ARRIVING_MAX: Final = 512 * MEBIBYTE
"""Bytes that all bodies may have which are on their way, the small ones apart."""
PLAIN: Final = "identity"
CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
"""How a body may be compressed (RFC 9110, section 8.4.1)."""
GZIP: Final = b"\x1f\x8b"
EITHER: Final = zlib.MAX_WBITS | 32
"""Tells zlib to find out by itself whether it is given gzip or zlib."""


class Crowded(Unavailable):
    """Too much is being sent to the service at once; repeat the request in a moment."""


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """The body or the query of a route that takes none."""


class Arriving:
    """The bytes of all large bodies that have come in part."""

    def __init__(self) -> None:
        """Begin with none."""
        self.total = 0

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Yield what to tell how many bytes of a body have come. It raises `Crowded`."""
        held = 0

        def grow(size: int) -> None:
            nonlocal held
            large = max(0, size - SMALL)
            if self.total + large - held > ARRIVING_MAX:
                raise Crowded(retry_after=10)
            self.total, held = self.total + large - held, large

        try:
            yield grow
        finally:
            self.total -= held


ARRIVING: Final = Arriving()


async def read(request: web.BaseRequest, limit: int) -> bytes:
    """Return the whole body, at most `limit` bytes of it after decompression.

    Raises `TooLarge`, `Unsupported`, `Malformed`, and `TooSlow` where the watch ends the wait.
    """
    if not request.body_exists:
        return b""
    encoded = coding(request)
    if encoded not in CODINGS and encoded != PLAIN:
        raise Unsupported(f"Send the body as it is or as gzip, not as {encoded[:40]}.")
    raw = await gathered(request, limit)
    return raw if encoded == PLAIN or not raw else expanded(raw, limit)


def coding(request: web.BaseRequest) -> str:
    """Return the content coding that is left to undo."""
    if getattr(request.content, "total_compressed_bytes", None) is not None:  # aiohttp undoes it
        return PLAIN
    return ",".join(request.headers.getall("Content-Encoding", (PLAIN,))).strip().lower()


async def gathered(request: web.BaseRequest, limit: int) -> bytes:
    """Return the body as it comes, at most `limit` bytes. Raises as `read`."""
    if (request.content_length or 0) > limit:
        raise TooLarge(f"The body is larger than the {limit} bytes this route takes.")
    try:
        if request.content.is_eof():  # it has come with the headers, as small ones do
            return bounded(request.content.read_nowait(), limit)
        body = bytearray()
        with ARRIVING.share() as grow:
            while chunk := await request.content.readany():
                body += chunk
                bounded(body, limit)
                grow(len(body))
    except TimeoutError:
        raise TooSlow from None
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise Malformed("The body ended early or is not encoded as its headers say.") from error
    return bytes(body)


def expanded(raw: bytes, limit: int) -> bytes:
    """Return `raw` decompressed; never more of it is made than `limit`, and one byte."""
    bare = raw[0] & 0xF != zlib.DEFLATED and raw[:2] != GZIP  # a habit of old browsers
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS if bare else EITHER)
    try:
        body = bounded(decompressor.decompress(raw, limit + 1), limit)
    except zlib.error as error:
        raise Malformed("The body is not encoded as its headers say.") from error
    if not decompressor.eof or decompressor.unused_data:
        raise Malformed("The body is not encoded as its headers say.")
    return body


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
