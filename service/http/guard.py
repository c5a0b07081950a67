"""The restore guard: no position is taken that this log has not reached.

Whoever has kept one has it from another log, or from before an older backup was restored, and would
miss what the log now holds in the place of what it has seen.
"""

from typing import Any

from service.http import sse
from service.http.call import Call, Resources
from service.http.query import misfit
from service.log.event import beyond
from service.sql import SQL


async def known(position: int, parameter: str, of: Resources) -> int:
    """Return `position`. Raises `Invalid` naming `parameter` where the log ends before it."""
    if position > of.tail.position:
        head = await of.database.fetchval(SQL["log/head"])
        if position > head:
            raise misfit(parameter, beyond(head))
    return position


async def resumed(call: Call[Any, Any], after: int) -> int:
    """Return the position to go on from: Last-Event-ID if the client sends one, else `after`.

    Raises `Malformed` where that is no position, `Invalid` where the log ends before it.
    """
    start = sse.resume_after(call.request, after)
    sent = call.request.headers.get("Last-Event-ID", "").strip()
    return await known(start, "Last-Event-ID" if sent else "after", call.resources)
