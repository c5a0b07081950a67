"""The rows of a view that have changed since a place in the log, for many readers at once."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from service.database import Database
from service.refusal import Malformed
from service.sql import SQL
from service.view.question import Question, refused

PAGE: Final = 500
"""Rows that are read at once."""

_ID: Final = re.compile(r"(?P<position>[0-9]{1,18})(?:\.(?P<key>[A-Za-z0-9_-]+))?")


class Place(Struct, frozen=True):
    """A place among the changed rows, which are in order of position and key.

    It is the end of all rows of `position`, or the row of it that has `key`.
    """

    position: int
    key: tuple[str | None, ...] | None = None

    @property
    def id(self) -> str:
        """The place as a follower sends it back: ``7``, or ``7.WyJhIl0`` amid rows of one event."""
        if self.key is None:
            return str(self.position)
        key = urlsafe_b64encode(msgspec.json.encode(self.key)).rstrip(b"=").decode()
        return f"{self.position}.{key}"


class Change(Struct, frozen=True):
    """A changed row as one reader sees it, and the place right after it."""

    place: Place
    body: bytes


class Reading(Struct, frozen=True):
    """Changed rows, for each reader by number; complete up to `upto`, or to `more` if that is."""

    upto: int
    changes: dict[int, list[Change]]
    more: Place | None


async def read(
    database: Database,
    view: str,
    questions: Sequence[Question],
    after: Place | None,
    upto: int | None = None,
) -> Reading:
    """Return what has changed after a place, and up to a position, in one reading for all.

    With `after` None the reading holds nothing but where the view stands. Raises what `refused`
    raises, and Unavailable.
    """
    interests = [Interest(q.tenant_id, dict(q.filters), q.columns) for q in questions]
    position, key = (after.position, after.key) if after else (None, None)
    with refused():
        first, *rows = await database.queries.fetch(
            SQL["view/changes"], view, interests, position, key, upto, PAGE
        )
    return Reading(first["position"], *_spread(rows))


class Interest(Struct, frozen=True):
    """What of a view one reader wants to see, as the server is told."""

    tenant: UUID
    filters: dict[str, str]
    columns: tuple[str, ...]


def place_of(text: str) -> Place:
    """Return the place that `Place.id` made `text` of. Raises `Malformed`."""
    found = _ID.fullmatch(text)
    try:
        if found and found["key"]:
            padded = found["key"] + "=" * (-len(found["key"]) % 4)
            key = msgspec.json.decode(urlsafe_b64decode(padded), type=tuple[str | None, ...])
            return Place(int(found["position"]), key)
        if found:
            return Place(int(found["position"]))
    except (ValueError, msgspec.DecodeError):
        pass
    raise Malformed("Last-Event-ID takes the id of an event of this stream.")


def _spread(rows: Sequence[Any]) -> tuple[dict[int, list[Change]], Place | None]:
    """Return rows by reader, and where to go on if there were as many as are read at once.

    The last row of a position is a place without a key, and only then known to be the last when
    a later row has been read, or all.
    """
    places = [(row["position"], tuple(row["key"])) for row in rows]
    more = Place(*places[-1]) if len(set(places)) >= PAGE else None
    changes: dict[int, list[Change]] = {}
    for reader, group in groupby(sorted(rows, key=_reader), key=_reader):
        own = list(group)
        following = [*(row["position"] for row in own[1:]), more.position if more else None]
        changes[reader] = [
            Change(Place(row["position"], tuple(row["key"]) if row["position"] == then else None),
                   row["body"])
            for row, then in zip(own, following, strict=True)
        ]  # fmt: skip
    return changes, more


def _reader(row: Any) -> int:
    return int(row["interest"])
