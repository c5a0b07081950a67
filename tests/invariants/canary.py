"""Marked secrets, and where they must not be found again in any spelling."""

import base64
import json
import secrets
from collections.abc import Iterator
from pathlib import Path


class Cage:
    """Secrets that nobody has seen before, and all that the product has let out."""

    def __init__(self) -> None:
        self.marks: dict[str, bytes] = {}
        self.seen: list[tuple[str, bytes]] = []

    def secret(self, name: str, rest: str = "") -> str:
        """Return a new secret; `rest` makes it awkward to quote."""
        core = f"Kn4r1e{secrets.token_hex(12)}Zq"
        self.marks[name] = core.encode()
        return core + rest

    def caught(self, name: str, text: str) -> str:
        """Return a secret that the product has made; a long piece of its own is the mark."""
        self.marks[name] = text[-40:].encode()
        return text

    def heard(self, place: str, what: bytes | str) -> None:
        """Keep what was let out at a place."""
        self.seen.append(
            (place, what if isinstance(what, bytes) else what.encode(errors="replace"))
        )

    def files(self, folder: Path, but: tuple[str, ...] = ()) -> None:
        """Keep every file of a folder, apart from those that are there to hold a secret."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name not in but:
                self.heard(str(path.relative_to(folder)), path.read_bytes())

    def leaks(self) -> list[str]:
        """Return where which secret was found, in which spelling, and what stands around it."""
        spelt = [(name, way, form) for name, mark in self.marks.items() for way, form in ways(mark)]
        found = []
        for place, text in self.seen:
            small = text.lower()
            for name, way, form in spelt:
                if (at := small.find(form)) >= 0:
                    around = text[max(0, at - 200) : at + 80]
                    found.append(f"{name} ({way}) in {place}: {around!r}")
        return found


def ways(mark: bytes) -> Iterator[tuple[str, bytes]]:
    """The spellings of a mark, in small letters: whoever has one of them has the secret."""
    yield "as it is", mark.lower()
    yield "backwards", mark[::-1].lower()
    yield "hex", mark.hex().encode()
    yield "escaped", json.dumps("".join(f"\\u{byte:04x}" for byte in mark)).encode()[1:-1].lower()
    for shift in range(3):  # where its first byte falls in a group of three
        text = base64.b64encode(b"\0" * shift + mark)
        yield f"base64 at {shift}", text[4 : len(text) - 4].lower()
