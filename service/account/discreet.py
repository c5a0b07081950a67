"""What holds secrets or personal data does not show them when it is printed."""

from typing import Any

from msgspec import Struct


class Discreet(Struct, frozen=True):
    """A struct that prints as its name alone, in logs and in tracebacks."""

    def __repr__(self) -> str:
        """Return the name of the kind, and nothing of what it holds."""
        return f"{type(self).__name__}(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return nothing, for those that print by other means than `repr`."""
        return []
