"""How calls fail, as `Trouble` with a sentence that names the cause and never the key."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from service.generation.model import Trouble

LONGEST_WAIT: Final = 86_400.0
LONGEST_SAID: Final = 300
BUSY: Final = frozenset({429, 503})
"""Where the server is well and wants fewer calls; 503 only if it says for how long."""
PASSING: Final = frozenset({408, 409, 425, *range(500, 600)})
UNFIT: Final = frozenset({400, 413, 422})
KEYS: Final = re.compile(r"\b(?:sk|pk|key|bearer)[-_ ][\w*.-]{6,}", re.IGNORECASE)
"""Keys, whole or in parts, as servers repeat them in what they say about them."""
SPENT: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
ADVICE: Final = {
    401: "It does not accept the key: set OPENAI_API_KEY.",
    403: "The key may not do this: look at its rights.",
    404: "There is no such model or path there: look at OPENAI_MODEL and OPENAI_BASE_URL.",
    413: "The request is too large for it.",
}


class Unfit(Trouble):
    """The server does not take this request: it is malformed or too large to it, and stays so."""


class Refused(Exception):  # noqa: N818 - an answer of the server's
    """The server answered with an error status; `headers` have lower-case names."""

    def __init__(self, status: int, headers: Mapping[str, str], body: Any) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.said, self.code = _told(body)


class Silent(Exception):  # noqa: N818 - nothing was said
    """The server was reached and said nothing for too long."""


class Broken(Exception):  # noqa: N818 - the line is
    """The connection failed, or broke; `sent` tells whether the request was under way by then."""

    def __init__(self, cause: str, *, sent: bool) -> None:
        super().__init__(cause)
        self.sent = sent


EXPECTED: Final = (Trouble, Refused, Silent, Broken, TimeoutError)


def trouble(error: Exception, where: str, idle: float, deadline: float, now: datetime) -> Trouble:
    """Return what one of the EXPECTED errors means; a TimeoutError is that of the deadline."""
    match error:
        case Trouble():
            return error
        case Refused():
            return refused(error, where, now)
        case Silent():
            said = f"{where} said nothing for {idle:g} seconds; the call was broken off."
            return Trouble("timed-out", said)
        case Broken():
            said = f"The connection to {where} failed: {clean(str(error))}."
            return Trouble("failed", said, free=not error.sent)
        case _:
            said = f"{where} had not answered whole after {deadline:g} seconds."
            return Trouble("timed-out", said)


def refused(error: Refused, where: str, now: datetime) -> Trouble:
    """Return the trouble that an error status is."""
    status, after = error.status, wait(error.headers, now)
    said = f" It says: {clean(error.said)}" if error.said else ""
    if error.code in SPENT:
        detail = f"The account at {where} has nothing left to spend.{said}"
        return Trouble("failed", detail, passing=False, free=True)
    if status in BUSY and (after is not None or status not in PASSING):
        detail = f"{where} turns calls away for now ({status}).{said}"
        return Trouble("throttled", detail, after=after, free=True)
    advice = f" {ADVICE[status]}" if status in ADVICE else ""
    detail = f"{where} answered with {status}.{advice}{said}"
    if status in UNFIT:
        return Unfit("failed", detail, passing=False, free=True)
    return Trouble("failed", detail, after=after, passing=status in PASSING, free=True)


def wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a server asks to wait: ``retry-after-ms``, ``Retry-After`` or None.

    Seconds and dates (RFC 9110, section 10.2.3) are both read; a date that has passed is 0 seconds
    away, and nobody is made to wait longer than a day.
    """
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        if not math.isnan(seconds):
            return min(max(seconds, 0.0), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_WAIT)


def clean(said: str) -> str:
    """Return what a server said on one line, not long, without keys."""
    masked = KEYS.sub("***", " ".join(said.split()))
    return masked if len(masked) <= LONGEST_SAID else f"{masked[:LONGEST_SAID]}…"


def _told(body: Any) -> tuple[str, str]:
    """Return the message and the code of an error's body, empty where it has none."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        message = error.get("message") or error.get("detail") or ""
        return str(message), str(error.get("code") or error.get("type") or "")
    return (error, "") if isinstance(error, str) else ("", "")
