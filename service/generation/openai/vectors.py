"""Vectors as a server sends them: as many as were asked for, in order, of finite numbers."""

import math
from typing import Any

import msgspec

from service.generation.model import Embedded, Trouble
from service.generation.openai.stream import counted


def embedded(body: bytes, model: str, many: int) -> Embedded:
    """Return the vectors in the answer to a request for `many`. Raises `Trouble`."""
    try:
        answer = msgspec.json.decode(body)
        listed = sorted(answer["data"], key=lambda one: one["index"])
        vectors = tuple(_vector(one["embedding"]) for one in listed)
        usage = answer.get("usage") or {}
        returned = answer.get("model")
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise Trouble("invalid", "The server's answer holds no vectors that can be read.") from None
    if len(vectors) != many or len({len(vector) for vector in vectors}) != 1:
        raise Trouble("invalid", f"The server sent {len(vectors)} vectors for {many} texts.")
    tokens = counted(usage.get("prompt_tokens")) if isinstance(usage, dict) else None
    return Embedded(vectors, returned if isinstance(returned, str) else model, tokens)


def _vector(values: Any) -> tuple[float, ...]:
    """Return a vector of length 1. Raises ValueError or TypeError for what is none."""
    length = math.hypot(*values)
    if not (math.isfinite(length) and length > 0):
        raise ValueError
    return tuple(value / length for value in values)
