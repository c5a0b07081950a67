"""What the test server was told: rules for the next requests, and settings."""

import asyncio
import random
from typing import Any, Final

from msgspec import Struct, convert, field, to_builtins

MODELS: Final = ("test-model", "test-model-large", "test-embedding")
PRICES: Final = {
    "test-model": ("0.15", "0.60"),
    "test-model-large": ("2.50", "10.00"),
    "test-embedding": ("0.02", "0"),
    "*": ("1", "2"),
}

Seconds = float | list[float] | dict[str, float]


class Settings(Struct, forbid_unknown_fields=True):
    """How the server is; its docstring says what each means."""

    latency: Seconds = 0
    chunk_pause: Seconds = 0
    chunk_size: int = 24
    tokens_per_minute: int | None = None
    minute: float = 60
    seed: int = 0
    key: str | None = None
    models: list[str] = field(default_factory=lambda: list(MODELS))
    embeddings: bool = True
    json_schema: bool = True
    json_object: bool = True
    stream_usage: bool = True
    prices: dict[str, tuple[str, str]] = field(default_factory=lambda: dict(PRICES))
    aborted: str = "free"


class Rule(Struct, forbid_unknown_fields=True):
    """What to do with requests that fit; the server's docstring says what each field means."""

    do: str
    at: str = "before"
    after_chunks: int = 2
    seconds: float | None = None
    status: int = 500
    message: str = "The test server was told to refuse this."
    code: str | None = None
    retry_after: str | None = None
    retry_after_date: float | None = None
    retry_after_ms: float | None = None
    reason: str = "length"
    keep: float = 0.5
    form: str = "junk"
    text: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    missing: bool = False
    name: str = ""
    times: int | None = 1
    skip: int = 0
    chance: float = 1.0
    path: str = "chat"
    matching: str = ""
    model: str | None = None


class Control:
    """Rules and settings as they stand."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.rules: list[Rule] = []
        self.random = random.Random(0)
        self.cleared = asyncio.Event()

    def take(self, told: dict[str, Any]) -> None:
        """Take a body of POST /control."""
        if told.get("clear"):
            self.rules.clear()
            self.cleared.set()
            self.cleared = asyncio.Event()
            self._set(Settings())
        changed = to_builtins(self.settings) | told.get("settings", {})
        self._set(convert(changed, Settings))
        self.rules += [convert(rule, Rule) for rule in told.get("rules", [])]

    def shown(self) -> dict[str, Any]:
        return {"rules": to_builtins(self.rules), "settings": to_builtins(self.settings)}

    def rule_for(self, path: str, model: str, body: str) -> Rule | None:
        """Return the first rule that fits a request, and count it as used."""
        for rule in self.rules:
            if rule.path != path or rule.model not in {None, model} or rule.matching not in body:
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            if rule.times == 0 or self.random.random() >= rule.chance:
                continue
            if rule.times is not None:
                rule.times -= 1
            return rule
        return None

    def drawn(self, seconds: Seconds) -> float:
        """Draw a time from its distribution."""
        if isinstance(seconds, list):
            return self.random.uniform(*seconds)
        if isinstance(seconds, dict):
            return seconds["median"] * self.random.lognormvariate(0, seconds.get("sigma", 0.5))
        return float(seconds)

    async def pause(self, seconds: Seconds) -> None:
        """Let a drawn time pass."""
        if (drawn := self.drawn(seconds)) > 0:
            await asyncio.sleep(drawn)

    def _set(self, settings: Settings) -> None:
        if settings.seed != self.settings.seed:
            self.random.seed(settings.seed)
        for name in Settings.__struct_fields__:
            setattr(self.settings, name, getattr(settings, name))
