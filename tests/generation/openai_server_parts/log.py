"""The test server's own book: what it was asked, how that ended, what it costs."""

import asyncio
import time
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, to_builtins

from tests.generation.openai_server_parts.rule import Settings

MILLION: Final = Decimal(1_000_000)


class Entry(Struct):
    """One request; see the server's docstring."""

    number: int
    id: str
    path: str
    client_id: str
    hash: str
    model: str
    began: float
    model_returned: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    outcome: str = "running"
    status: int = 0
    cost: str = "0"
    rule: str = ""
    ended: float | None = None


class Log:
    """All requests since the start, or since it was forgotten."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._start = time.monotonic()
        self._entries: list[Entry] = []
        self._numbers = 0
        self._running = 0
        self._most = 0
        self._spent: list[tuple[float, int]] = []
        self.changed = asyncio.Event()

    def begin(self, path: str, client_id: str, digest: str, model: str) -> Entry:
        self._numbers += 1
        self._running += 1
        self._most = max(self._most, self._running)
        number = self._numbers
        prefix = "chatcmpl" if path == "chat" else path
        identity = f"{prefix}-{number:06d}-{digest[:8]}"
        entry = Entry(number, identity, path, client_id, digest, model, self._now())
        self._entries.append(entry)
        self.changed.set()
        return entry

    def end(self, entry: Entry, outcome: str, status: int) -> None:
        """Note how a request ended, once, and what it costs."""
        if entry.outcome != "running":
            return
        self._running -= 1
        self.changed.set()
        entry.outcome, entry.status, entry.ended = outcome, status, self._now()
        billed = outcome == "finished" or (
            outcome == "aborted" and self._settings.aborted == "billed"
        )
        if billed:
            prices = self._settings.prices
            into, out = prices.get(entry.model, prices.get("*", ("0", "0")))
            cost = Decimal(into) * entry.tokens_in + Decimal(out) * entry.tokens_out
            entry.cost = str(cost / MILLION)

    def limited(self, tokens: int) -> float | None:
        """Return the seconds to wait where `tokens` more pass the limit, else note them as used."""
        limit, minute = self._settings.tokens_per_minute, self._settings.minute
        if limit is None:
            return None
        now = self._now()
        self._spent = [(at, spent) for at, spent in self._spent if at > now - minute]
        over = sum(spent for _, spent in self._spent) + tokens - limit
        for at, spent in self._spent:
            if over <= 0:
                break
            over -= spent
            if over <= 0:
                return at + minute - now
        self._spent.append((now, tokens))
        return None

    def told(self, *, summary: bool = False) -> dict[str, Any]:
        entries = self._entries
        return {
            "requests": [] if summary else to_builtins(entries),
            "cost": str(sum((Decimal(entry.cost) for entry in entries), Decimal(0))),
            "tokens_in": sum(entry.tokens_in for entry in entries if Decimal(entry.cost)),
            "tokens_out": sum(entry.tokens_out for entry in entries if Decimal(entry.cost)),
            "finished": sum(entry.outcome == "finished" for entry in entries),
            "most_at_once": self._most,
        }

    def forget(self) -> None:
        self._entries.clear()
        self._most = self._running

    def _now(self) -> float:
        return time.monotonic() - self._start
