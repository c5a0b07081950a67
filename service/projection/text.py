"""What a projection is: the text of its SQL, the events it declares, the schema it gets."""

import hashlib
import re
from typing import Final

from msgspec import Struct

from service.sql import SQL

PROJECTIONS: Final = (
    "job",
    "library",
    "course",
    "textbook",
    "ledger",
    "price",
    "budget",
    "usage",
    "account",
    "service_token",
    "tenant",
    "audit",
)
"""Every projection, in the order in which their views may build on one another."""

ENGINE: Final = "2"
"""Changes when the engine makes generations in another way, so that all are built anew."""

_FOLDS: Final = re.compile(r"^-- folds: (.+)$", re.MULTILINE)
_INDEPENDENT: Final = re.compile(r"^-- independent by: (stream|tenant)$", re.MULTILINE)


class Projection(Struct, frozen=True):
    """A projection as its text says; `schema` is where the generation of this text lives.

    `types` are the events it folds, or "*" for all; `indexes` is run at the end of the load.
    """

    name: str
    digest: str
    types: tuple[str, ...]
    script: str
    indexes: str = ""

    @property
    def schema(self) -> str:
        """The generation schema, named by the digest, so a changed text gets a fresh one."""
        return f"{self.name}_{self.digest[:12]}"

    @property
    def independent_by(self) -> str:
        """What its rows never depend on another of: stream or tenant."""
        found = _INDEPENDENT.search(self.script)
        return found[1] if found else "tenant"


def projection(name: str) -> Projection:
    """Return the projection of ``sql/<name>/projection.sql`` and its ``indexes.sql``, if any.

    Raises KeyError without such a file, ValueError where it does not declare what it folds.
    """
    script = SQL[f"{name}/projection"]
    indexes = SQL.get(f"{name}/indexes", "")
    types = tuple(
        event for line in _FOLDS.findall(script) for event in re.split(r",\s*", line.strip())
    )
    if not types:
        raise ValueError(f"sql/{name}/projection.sql has no line that starts with “-- folds:”")
    digest = hashlib.sha256(f"{ENGINE}\0{script}\0{indexes}".encode()).hexdigest()
    return Projection(name, digest, types, script, indexes)


def projections() -> tuple[Projection, ...]:
    """Return every projection that has a text."""
    return tuple(projection(name) for name in PROJECTIONS if f"{name}/projection" in SQL)


def views() -> str:
    """Return the analysts' views of all slices, as one script."""
    return "\n".join(SQL[f"{name}/views"] for name in PROJECTIONS if f"{name}/views" in SQL)
