"""Reading what a model has written: strictly first, then mended where only its form is broken."""

import re
from typing import Final, TypeVar

import msgspec

from service.generation.gate.fault import Fault, Misfit

T = TypeVar("T")

_THOUGHTS: Final = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)
_NUL: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_AT: Final = " - at `"
MISSING: Final = "The package json-repair is not installed: run “make extras”."


def decoded(text: str, kind: type[T], *, mend: bool) -> T:
    """Return `text` as a `kind`; with `mend`, also what small models get almost right.

    That are thoughts and words around the object, fences, trailing commas, comments, single
    quotes, and an end that is missing; a value that breaks off is dropped, not kept by half.
    Raises `Misfit` with the place and what is wrong there.
    """
    bare = _NUL.sub(r"\1", spoken(text))
    try:
        return msgspec.json.decode(bare, type=kind)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        if not mend:
            raise Misfit([Fault("$", "this is no JSON")]) from error
    try:
        mended = msgspec.json.encode(_mended(bare))
        if mended.startswith(b"{"):
            return msgspec.json.decode(mended, type=kind)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
    except (msgspec.MsgspecError, UnicodeEncodeError, ValueError, RecursionError) as error:
        raise Misfit([Fault("$", "this is no JSON object")]) from error
    raise Misfit([Fault("$", "this is no JSON object")])


def spoken(text: str) -> str:
    """Return what a model has said aloud: without its thoughts before, and without zero bytes."""
    return _THOUGHTS.sub("", text.replace("\x00", ""))


def _mended(text: str) -> object:
    try:
        import json_repair  # noqa: PLC0415 - an extra, needed by nobody else
    except ImportError as error:
        raise ImportError(MISSING) from error
    return json_repair.loads(whole(text), skip_json_loads=True)


def whole(text: str) -> str:
    """Return `text` from its first brace on, without the value at its end that breaks off."""
    start = text.find("{")
    if start < 0:
        return ""
    depth, quoted, escaped, complete = 0, False, False, start
    for at in range(start, len(text)):
        letter = text[at]
        if quoted:
            quoted = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter in "{[":
            depth, complete = depth + 1, at + 1
        elif letter in "}]":
            depth, complete = depth - 1, at + 1
            if not depth:
                return text[start : at + 1]
        elif letter == ",":
            complete = at
        else:
            quoted = letter == '"'
    return text[start:complete]


def _misfit(error: msgspec.ValidationError) -> Misfit:
    said, _, path = str(error).partition(_AT)
    return Misfit([Fault(path.rstrip("`") or "$", said[:1].lower() + said[1:])])
