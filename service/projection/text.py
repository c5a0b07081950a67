"""What a projection is: the text of its SQL, the events it declares, the schema it gets."""

import hashlib
import re
from typing import Final

from msgspec import Struct

from service.sql import SQL

PROJECTIONS: Final = ("job", "library", "course")
"""Every projection, in the order in which their views may build on one another."""

_FOLDS: Final = re.compile(r"^-- folds: (.+)$", re.MULTILINE)


class Projection(Struct, frozen=True):
    """A projection as its text says; `schema` is where the generation of this text lives."""

    name: str
    digest: str
    types: tuple[str, ...]
    script: str

    @property
    def schema(self) -> str:
        """The generation schema, named by the digest, so a changed text gets a fresh one."""
        return f"{self.name}_{self.digest[:12]}"


def projection(name: str) -> Projection:
    """Return the projection of ``sql/<name>/projection.sql``.

    Raises KeyError without such a file, ValueError where it does not declare what it folds.
    """
    script = SQL[f"{name}/projection"]
    types = tuple(
        event for line in _FOLDS.findall(script) for event in re.split(r",\s*", line.strip())
    )
    if not types:
        raise ValueError(f"sql/{name}/projection.sql has no line that starts with “-- folds:”")
    return Projection(name, hashlib.sha256(script.encode()).hexdigest(), types, script)


def projections() -> tuple[Projection, ...]:
    """Return every projection that has a text."""
    return tuple(projection(name) for name in PROJECTIONS if f"{name}/projection" in SQL)


def views() -> str:
    """Return the analysts' views of all slices, as one script."""
    return "\n".join(SQL[f"{name}/views"] for name in PROJECTIONS if f"{name}/views" in SQL)
