"""Event bodies as releases have written them: files are added, never changed."""

from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from service.course.decider import COURSE
from service.job.decider import JOB
from service.log.decider import Decider

DECIDERS: Final[tuple[Decider[Any, Any, Any], ...]] = (JOB, COURSE)


class Recorded(Struct, frozen=True):
    """One body; `upcast` is what it means today, where that is not what it says."""

    type: str
    data: Raw
    upcast: Raw | None = None
    category: str = ""
    name: str = ""


def recorded(category: str) -> list[Recorded]:
    """Return the bodies of ``tests/<category>/recorded/*.json`` in the order of their names."""
    folder = Path(__file__).parent.parent / category / "recorded"
    return [
        msgspec.structs.replace(
            msgspec.json.decode(path.read_bytes(), type=Recorded), category=category, name=path.stem
        )
        for path in sorted(folder.glob("*.json"))
    ]


RECORDED: Final = [body for decider in DECIDERS for body in recorded(decider.category)]
