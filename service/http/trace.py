"""Trace context (W3C Trace Context, level 1): every request has a trace, given or new."""

import re
import secrets
from typing import Final
from uuid import UUID

from aiohttp import web
from msgspec import Struct

_PATTERN: Final = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")


class Trace(Struct, frozen=True):
    """A request's place in its trace: 32, 16 and 2 lower-case hexadecimal digits."""

    trace_id: str
    span_id: str
    flags: str = "00"

    @property
    def parent(self) -> str:
        """The `traceparent` that work caused by this request carries on."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    @property
    def correlation_id(self) -> UUID:
        """The trace id again, spelt as the log spells what belongs together."""
        return UUID(hex=self.trace_id)


TRACE: Final = web.RequestKey("trace", Trace)


def begin(header: str | None) -> Trace:
    """Return a new span in the trace that `header` names, or in a new trace if it is no good."""
    fresh = secrets.token_hex(24)
    given = _PATTERN.fullmatch(header) if header else None
    if given is None:
        return Trace(fresh[:32], fresh[32:])
    return Trace(given[1], fresh[32:], given[2])
