"""Waiting without sleeping: a condition on the log is looked at again when the log has grown."""

import asyncio
from collections.abc import Awaitable, Callable

from service.database import Database


async def until(database: Database, holds: Callable[[], Awaitable[bool]], most: float = 60) -> None:
    """Return once `holds`, which is asked at first and after every append. Raises TimeoutError."""
    grown = asyncio.Event()
    connection = await database.connect_direct()
    await connection.add_listener("daybook_log", lambda *_: grown.set())
    try:
        async with asyncio.timeout(most):
            while not await holds():
                await grown.wait()
                grown.clear()
    finally:
        connection.terminate()
