"""The stream of an answer: bytes into frames, frames into the answer as far as it has come.

https://platform.openai.com/docs/api-reference/chat-streaming; what compatible servers leave out
or get wrong is taken as not said.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from service.generation.model import Reply, Trouble
from service.ledger.decider import LARGEST

MOST: Final = 16 << 20
"""Bytes of an answer, frames and all: no lesson is so long, and memory is not for the taking."""
LONGEST_NAME: Final = 200


class Frames:
    """Cuts a stream of bytes into the JSON of its events."""

    def __init__(self) -> None:
        self._left = b""
        self._taken = 0
        self.ended = False
        """Whether the server has said that nothing more will come."""

    def take(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Yield the events that `data` completes. Raises `Trouble` for what is no such stream."""
        self._taken += len(data)
        if self._taken > MOST:
            raise Trouble("failed", "The server's answer does not end; the call was broken off.")
        *lines, self._left = (self._left + data).split(b"\n")
        for line in lines:
            field, _, value = line.strip().partition(b":")
            if field != b"data":
                continue
            if value.strip() == b"[DONE]":
                self.ended = True
                return
            yield _event(value)


class Gathered:
    """An answer as far as it has come."""

    def __init__(self, model: str) -> None:
        """Start with nothing, of a model that was asked."""
        self._parts: list[str] = []
        self._model = model
        self._id = ""
        self._usage: tuple[int | None, int | None] = (None, None)
        self._refused = False
        self.finish = ""

    def take(self, event: dict[str, Any]) -> None:
        """Add an event. Raises `Trouble` when it tells of an error."""
        if event.get("error"):
            raise _error(event["error"])
        if not self._id:
            self._model = _name(event.get("model")) or self._model
            self._id = _name(event.get("id"))
        if isinstance(usage := event.get("usage"), dict):
            self._usage = (_count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))
        for choice in _listed(event.get("choices"))[:1]:
            said = choice.get("delta") or choice.get("message")
            self._hear(said if isinstance(said, dict) else {})
            self.finish = _name(choice.get("finish_reason")) or self.finish

    def reply(self) -> Reply:
        """Return what has come until now; a refusal in words counts as kept back."""
        return Reply(
            text=whole("".join(self._parts)),
            finish="content_filter" if self._refused and self.finish else self.finish,
            model=self._model,
            response_id=self._id,
            tokens_in=self._usage[0],
            tokens_out=self._usage[1],
        )

    def begun(self) -> bool:
        """Tell whether anything has come."""
        return bool(self._parts or self._id)

    def _hear(self, said: dict[str, Any]) -> None:
        for name in ("content", "refusal"):
            if isinstance(text := said.get(name), str) and text:
                self._parts.append(text)
                self._refused |= name == "refusal"


def whole(text: str) -> str:
    """Return a text that can be stored: halves of a character joined, or replaced like NULs."""
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return joined.replace("\0", "\N{REPLACEMENT CHARACTER}")


def counted(value: object) -> int | None:
    """Return a count of tokens, None for what cannot be one."""
    right = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return value if right and isinstance(value, int) else None


def _event(value: bytes) -> dict[str, Any]:
    try:
        event = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        event = None
    if not isinstance(event, dict):
        raise Trouble("failed", "The server's stream holds what is no JSON object.")
    return event


def _error(error: Any) -> Trouble:
    said = error if isinstance(error, dict) else {"message": error}
    kind = f"{said.get('type')} {said.get('code')}".lower()
    outcome: Any = "throttled" if "rate_limit" in kind else "failed"
    return Trouble(outcome, f"The server broke off its answer: {_name(said.get('message'))}")


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _count(usage: dict[str, Any], name: str) -> int | None:
    return counted(usage.get(name))


def _name(value: object) -> str:
    return whole(value)[:LONGEST_NAME] if isinstance(value, str) else ""
