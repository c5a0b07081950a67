"""The query of reads that may look back."""

from typing import Annotated, Final

from msgspec import Meta

from service.http.call import Read

EXAMPLE: Final = "2026-06-30T12:00:00Z"


class AsOf(Read, frozen=True):
    """The query of a read that may look back: to a time (ISO 8601) or a position in the log."""

    as_of: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=40,
                examples=[EXAMPLE],
                description="A time (ISO 8601) or a position to show it as of.",
            ),
        ]
        | None
    ) = None
