"""Event bodies as releases have written them: files are added, never changed."""

from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from service.budget.decider import BUDGET
from service.course.decider import COURSE
from service.job.decider import JOB
from service.ledger.decider import LEDGER
from service.library.decider import SOURCE
from service.log.decider import Decider
from service.price.decider import PRICE
from service.service_token.decider import SERVICE_TOKEN
from service.textbook.decider import TEXTBOOK

SLICES: Final[dict[str, Decider[Any, Any, Any]]] = {
    "job": JOB,
    "course": COURSE,
    "textbook": TEXTBOOK,
    "library": SOURCE,
    "ledger": LEDGER,
    "price": PRICE,
    "budget": BUDGET,
    "service_token": SERVICE_TOKEN,
}
DECIDERS: Final = tuple(SLICES.values())


class Recorded(Struct, frozen=True):
    """One body; `upcast` is what it means today, where that is not what it says."""

    type: str
    data: Raw
    upcast: Raw | None = None
    category: str = ""
    name: str = ""


def recorded(name: str) -> list[Recorded]:
    """Return the bodies of ``tests/<name>/recorded/*.json`` in the order of their file names."""
    folder = Path(__file__).parent.parent / name / "recorded"
    category = SLICES[name].category
    return [
        msgspec.structs.replace(
            msgspec.json.decode(path.read_bytes(), type=Recorded), category=category, name=path.stem
        )
        for path in sorted(folder.glob("*.json"))
    ]


RECORDED: Final = [body for name in SLICES for body in recorded(name)]
