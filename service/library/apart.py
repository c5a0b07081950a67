"""Reading in a process of its own, so that a hostile file costs its reader, not the service."""

import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from service.library.document import Document, Empty, Unreadable
from service.library.html import read_html
from service.library.pdf import read_pdf

if sys.platform != "win32":
    import resource

MEMORY: Final = 2 << 30  # bytes of address space
_ROOT: Final = Path(__file__).resolve().parents[2]
_READERS: Final[Mapping[str, Callable[[bytes, str], Document]]] = {
    "application/pdf": read_pdf,
    "text/html": read_html,
}


class Answer(Struct, frozen=True, omit_defaults=True):
    """What the reading process says: a document, or why there is none."""

    document: Document | None = None
    empty: str = ""
    unreadable: str = ""


def read_apart(
    data: bytes, name: str, media_type: str, *, seconds: float, memory: int = MEMORY
) -> Document:
    """Read `data` as `media_type` within `seconds` and `memory` bytes.

    Raises `Unreadable` or `Empty`.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own module; what was received goes by stdin
            [sys.executable, "-m", "service.library.apart", media_type, str(memory)],
            input=msgspec.json.encode(name) + b"\n" + data,
            capture_output=True,
            timeout=seconds,
            cwd=_ROOT,
            check=True,
        )
    except subprocess.TimeoutExpired:
        problem = f"took longer than {seconds:g} seconds to read"
        raise Unreadable(f"{name} {problem}. Split it and add the parts.") from None
    except subprocess.CalledProcessError:  # killed, or out of memory
        problem = "cannot be read: it is damaged, or needs too much memory"
        raise Unreadable(
            f"{name} {problem}. Save it again, or split it and add the parts."
        ) from None
    answer = msgspec.json.decode(done.stdout, type=Answer)
    if answer.document is None:
        raise Empty(answer.empty) if answer.empty else Unreadable(answer.unreadable)
    return answer.document


def answer(message: bytes, media_type: str) -> Answer:
    """Read `message`: the file's name as a line of JSON, then its bytes."""
    name, _, data = message.partition(b"\n")
    try:
        return Answer(_READERS[media_type](data, msgspec.json.decode(name, type=str)))
    except Empty as refusal:
        return Answer(empty=str(refusal))
    except Unreadable as refusal:
        return Answer(unreadable=str(refusal))


def main() -> None:
    """Answer the message on stdin on stdout."""
    media_type, memory = sys.argv[1], int(sys.argv[2])
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    logging.disable()
    sys.stdout.buffer.write(msgspec.json.encode(answer(sys.stdin.buffer.read(), media_type)))


if __name__ == "__main__":
    main()
