"""Ids of what has no stream of its own: they follow from whose part it is."""

from hashlib import md5
from uuid import UUID


def part_id(whole: UUID, part: int) -> UUID:
    """Return the id of a part, as the read models have it (``part_id`` of their SQL)."""
    digest = md5(f"{whole}/{part}".encode(), usedforsecurity=False).hexdigest()
    return UUID(whole.hex[:12] + digest[12:])
