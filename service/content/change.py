"""What differs between two JSON values, told place by place. Pure."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct


class Change(Struct, frozen=True):
    """One thing that differs: where it stands (RFC 6901 pointer), what it was and what it became.

    A text is told by its characters and digest; what was not there is null.
    """

    path: str
    before: Any
    after: Any


def differing(path: str, before: Any, after: Any) -> Iterator[Change]:
    """Yield the differences of two JSON values, member by member, a text as a whole."""
    nested = isinstance(before, dict) and isinstance(after, dict) and "md5" not in before
    if not nested:
        if before != after:
            yield Change(path, before, after)
        return
    for name in sorted(before.keys() | after.keys(), key=lambda name: (len(name), name)):
        yield from differing(f"{path}/{name}", before.get(name), after.get(name))
