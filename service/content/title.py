"""Titles and topics: one line that says something."""

from typing import Final

from service.refusal import Invalid

LONGEST: Final = 300


class TitleMissing(Invalid):
    """A title needs at least one letter or digit and at most 300 characters."""


def is_line(text: str) -> bool:
    """Tell whether a text can be a title or a topic."""
    return len(text) <= LONGEST and any(character.isalnum() for character in text)
