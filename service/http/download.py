"""Downloads: a body of any length, sent piece by piece as its reader takes it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Final

from aiohttp import web
from msgspec import Struct

from service.http.sse import LAGGING, Streams
from service.http.token import Principal

PIECE: Final = 64 * 1024
"""Bytes that a reader is given at once, and has some time to take."""

log: Final = logging.getLogger(__name__)


class Download(Struct, frozen=True):
    """What to send: `pieces` are made one after the other, none before the last one is taken."""

    media: str
    pieces: AsyncIterator[bytes]
    headers: Mapping[str, str]


async def send(
    request: web.Request,
    principal: Principal,
    streams: Streams,
    download: Download,
    headers: Mapping[str, str],
    *,
    lagging: float = LAGGING,
) -> web.StreamResponse:
    """Send the whole download, or cut the line so that nobody takes a part of it for the whole.

    It has no deadline, but its reader has: `lagging` seconds for each 64 KiB. Raises `TooMany`.
    """
    with streams.place(principal):
        marks = {"Content-Type": download.media, **download.headers, **headers}
        response = web.StreamResponse(headers=marks)
        await response.prepare(request)
        whole = False
        try:
            async with aclosing(_cut(download.pieces)) as pieces:
                async for piece in pieces:
                    async with asyncio.timeout(lagging):
                        await response.write(piece)
            whole = True
        except ConnectionError:
            pass  # the client has left
        except Exception as error:  # noqa: BLE001 - the status is sent; only the line can tell
            log.warning("the download %s was cut: %r", request.rel_url.raw_path, error)
        finally:
            if not whole and request.transport is not None:
                request.transport.abort()
        return response


async def _cut(pieces: AsyncIterator[bytes]) -> AsyncGenerator[memoryview, None]:
    """Yield `pieces` in parts that a slow reader can take in time."""
    async for piece in pieces:
        view = memoryview(piece)
        for start in range(0, len(view), PIECE):
            yield view[start : start + PIECE]
