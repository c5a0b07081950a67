"""The front matter of a document, and the words of a YAML file: all scalars as they are written."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from service.adopt.moving import Unfit
from service.library.plain import one_line

LARGEST: Final = 65_536
"""Characters of front matter that are still read."""
YEARS: Final = range(1971, 9999)
"""In every zone of time, what these years hold can be told in UTC."""

Matter = Mapping[str, Any]


def split(text: str) -> tuple[Matter, str]:
    """Return a document's front matter and what follows it, word for word.

    Raises `Unfit` where there is one that cannot be read.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return {}, text
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
    if not end:
        raise Unfit("Its front matter has no end: a line of three dashes is missing.")
    return read("\n".join(lines[1:end]), "front matter", 1), "\n".join(lines[end + 1 :])


def read(text: str, what: str, before: int = 0) -> Matter:
    """Return the fields of YAML, `before` lines down its file. Raises `Unfit` for what is none."""
    if len(text) > LARGEST:
        raise Unfit(f"Its {what} has more than {LARGEST:,} characters.")
    try:
        # Every scalar stays a text: a title of “No” or “1.10” is one. No tag makes an object.
        found = yaml.load(text, yaml.BaseLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1 + before}" if error.problem_mark else ""
        raise Unfit(f"Its {what} is no YAML{line}: {error.problem or error.context}.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unfit(f"Its {what} is no YAML: {str(error) or 'it is nested too deep'}.") from error
    if found in (None, ""):
        return {}
    if not isinstance(found, Mapping):
        raise Unfit(f"Its {what} has no fields: each line says “name: value”.")
    return {str(name): value for name, value in found.items()}


def word(matter: Matter, name: str) -> str:
    """Return a field as one line, empty where it is none."""
    found = matter.get(name)
    return one_line(found) if isinstance(found, str) else ""


def number(matter: Matter, name: str, what: str) -> float | None:
    """Return a field as a number. Raises `Unfit` where it is there and none."""
    said = word(matter, name)
    if not said:
        return None
    try:
        found = float(said)
    except ValueError:
        found = float("nan")
    if not abs(found) <= 1e9:  # noqa: PLR2004 - far beyond any position; nan is not
        raise Unfit(f"The {name} of its {what} is no number: {said[:40]}.")
    return found


def moment(matter: Matter) -> datetime | None:
    """Return when a document says that it was written last, else None; a day is its midnight.

    A year that no clock of a computer has shown is a slip, or stands for something else.
    """
    updated = matter.get("last_update")
    said = word(updated, "date") if isinstance(updated, Mapping) else ""
    try:
        found = datetime.fromisoformat(said or word(matter, "date"))
    except ValueError:
        return None
    dated = found if found.tzinfo else found.replace(tzinfo=UTC)
    return dated if found.year in YEARS else None
