"""Prompts: the texts that models are asked with, each a file with a name, a version and a hash."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from service.generation.calls import Prompt
from service.generation.model import Message

_FOLDER: Final = Path(__file__).parent / "prompts"
_PART: Final = "--- "
_MOST: Final = 12
_LONGEST: Final = 400


class Template(Struct, frozen=True):
    """A prompt with places in braces to be filled in; `parts` are roles and their texts."""

    prompt: Prompt
    parts: tuple[tuple[str, str], ...]

    def messages(self, **values: object) -> tuple[Message, ...]:
        """Return the messages with `values` filled in, which may hold braces themselves."""
        return tuple(Message(role, text.format(**values).strip()) for role, text in self.parts)


def template(text: str) -> Template:
    """Read a prompt's file: its id and version, then each part below a line ``--- role``."""
    head, *parts = ("\n" + text).split("\n" + _PART)
    said = dict(line.split(": ", 1) for line in head.strip().split("\n"))
    prompt = Prompt(f"{said['id']}/{said['version']}", sha256(text.encode()).hexdigest())
    pairs = [part.split("\n", 1) for part in parts]
    return Template(prompt, tuple((role.strip(), body) for role, body in pairs))


def listed(lines: Sequence[object]) -> str:
    """Return what is to be told point by point: not too many, none of them too long."""
    return "\n".join(f"- {clipped(one)}" for one in lines[:_MOST])


def clipped(said: object) -> str:
    """Return something as words, the end left out where they are many."""
    words = str(said)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


def _read() -> Mapping[str, Template]:
    return {path.stem: template(path.read_text("utf-8")) for path in _FOLDER.glob("*.txt")}


TEMPLATES: Final = _read()
"""All of them, by the names of their files."""
