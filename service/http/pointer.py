"""Where in a request a fault is: msgspec's paths as JSON pointers (RFC 6901)."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from service.http.problem import FieldError
from service.refusal import Invalid

_AT: Final = re.compile(r"^(?P<detail>.*?)(?: - at `(?:key` in `)?(?P<path>\$.*)`)?$", re.DOTALL)
_FIELD: Final = re.compile(r"^Object (?:contains unknown|missing required) field `(?P<name>.*)`$")
_STEP: Final = re.compile(r"\.(?P<name>[\w-]+)|\[(?P<index>\d+)\]")


def fault(message: str) -> FieldError:
    """Return msgspec's message as a fault with a JSON pointer (RFC 6901).

    ``Expected `str`, got `int` - at `$.options[0].text` `` points to ``/options/0/text``; a
    missing or unknown field is pointed at itself, not at the object around it.
    """
    detail, path = _split(message)
    field = _FIELD.match(detail)
    steps = [*_steps(path), *([field["name"]] if field else [])]
    return FieldError(detail=detail, pointer=pointer(steps))


def _split(message: str) -> tuple[str, str]:
    found = _AT.match(message)
    return (found["detail"], found["path"] or "$") if found else (message, "$")


def _steps(path: str) -> Iterator[str]:
    for step in _STEP.finditer(path):
        yield step["name"] or step["index"]


def pointer(steps: list[str]) -> str:
    """Return `steps` as a JSON pointer: ``["a/b", "0"]`` → ``/a~1b/0``."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def refuse_nul(value: Any) -> None:
    """Raise `Invalid` for the first text in `value` that holds U+0000, which PostgreSQL cannot."""
    for steps, text in texts(msgspec.to_builtins(value), []):
        if "\x00" in text:
            fault = FieldError("A text may not hold the character U+0000.", pointer(steps))
            raise Invalid("The body does not fit this route.", errors=[fault])


def texts(value: Any, steps: list[str]) -> Iterator[tuple[list[str], str]]:
    """Yield each text in plain JSON `value`, keys included, with the steps that lead to it."""
    match value:
        case str():
            yield steps, value
        case dict():
            for name, item in value.items():
                yield [*steps, name], name
                yield from texts(item, [*steps, name])
        case list():
            for index, item in enumerate(value):
                yield from texts(item, [*steps, str(index)])
