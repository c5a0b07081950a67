"""Spans of time as people write them: 90s, 30m, 1h, 7d."""

import re
from datetime import timedelta
from typing import Final

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def span(text: str) -> timedelta:
    """Return the time that `text` names, such as 90s, 30m, 1h or 7d. Raises ValueError."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if match is None or not int(match[1]):
        raise ValueError("A time is a number and a unit, such as 90s, 30m, 1h or 7d.")
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])


def said(seconds: float) -> str:
    """Return a time as people say it: 45 s, 3 min 20 s, 2 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
