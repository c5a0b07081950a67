"""JSON of others, read loosely: under whichever name, in whichever shape a value comes. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

Loose = Mapping[str, Any]

WHOLE: Final = re.compile(r"[0-9]{1,6}")


def first(data: Loose, *names: str) -> Any:
    """Return the first value among `names` that is there and not empty, else None."""
    return next((data[name] for name in names if data.get(name) not in (None, "", [], {})), None)


def text(data: Loose, *names: str) -> str:
    """Return the first of `names` as a text, without the NULs that a database cannot store."""
    found = first(data, *names)
    return "" if found is None else str(found).replace("\0", "").strip("\n")


def line(data: Loose, *names: str) -> str:
    """Return the first of `names` as one line."""
    return " ".join(text(data, *names).split())


def number(data: Loose, *names: str) -> int | None:
    """Return the first of `names` as a whole number, None where it is none."""
    found = first(data, *names)
    digits = str(found).strip()
    return int(digits) if WHOLE.fullmatch(digits) else None


def time(data: Loose, *names: str) -> datetime | None:
    """Return the first of `names` as a time; one that names no zone is UTC."""
    found = first(data, *names)
    try:
        read = datetime.fromisoformat(str(found).strip())
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def uuid(data: Loose, *names: str) -> UUID | None:
    """Return the first of `names` as a UUID, None where it is none."""
    try:
        return UUID(text(data, *names))
    except ValueError:
        return None


def opened(value: Any) -> Any:
    """Return JSON that was stored as a text as what it says, all else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def lines(data: Loose, *names: str) -> tuple[str, ...]:
    """Return the first of `names` as lines: of a list, of a JSON text, or of a text's own lines."""
    found = opened(first(data, *names))
    if isinstance(found, str):
        found = found.splitlines()
    listed = (" ".join(str(one).replace("\0", "").split()) for one in many(found))
    return tuple(one for one in listed if one)


def objects(value: Any) -> list[Loose]:
    """Return the objects of a list, or of the list that an object or a JSON text holds."""
    return [one for one in many(opened(value)) if isinstance(one, Mapping)]


def many(value: Any) -> Iterable[Any]:
    """Return a list as it is, the only list in an object, and nothing of all else."""
    if isinstance(value, Mapping):
        lists = [one for one in value.values() if isinstance(one, list)]
        return lists[0] if len(lists) == 1 else []
    return [one for one in value if one is not None] if isinstance(value, list) else []
