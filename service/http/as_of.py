"""The query of reads that may look back."""

from typing import Annotated, Any, Final

from msgspec import Meta

from service.http.call import Call, Read
from service.http.query import misfit
from service.projection.past import parse, position_of
from service.refusal import Invalid

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


async def position(call: Call[Any, AsOf]) -> int | None:
    """Return the position that a call looks back to, None where it asks for now."""
    if call.query.as_of is None:
        return None
    try:
        moment = parse(call.query.as_of, call.resources.now())
        return await position_of(call.resources.database, moment)
    except Invalid as error:
        raise misfit("as_of", str(error)) from error
