"""A view's rows in pages, encoded by the server, each page found by the last row of the one before.

No cursor is held in the database and no transaction stays open, however slow the reader is.
"""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from service.database import Database
from service.http.sse import Streams
from service.sql import SQL
from service.view.question import Question, refused

Encoding = Literal["json", "ndjson", "csv"]
Place = Sequence[str | None]
"""The values by which a row is sorted, as text."""

ROWS: Final = 50_000
BUDGET: Final = 1024 * 1024
"""Characters after which a page is cut, whatever number of rows it was to have."""
BUDGET_MAX: Final = 8 * BUDGET
DEAR_SECONDS: Final = 0.5
"""A page that takes so long is one that the server has to sort all rows for: better few of them."""
SECONDS: Final = 120.0
"""How long one page of a download may take."""


class Part(Struct, frozen=True):
    """A page: its rows encoded, and the place to go on from; `more` tells whether any are left."""

    page: bytes
    rows: int
    last: Place | None
    more: bool
    columns: list[str]


async def read(
    database: Database,
    question: Question,
    encoding: Encoding,
    *,
    after: Place | None = None,
    limit: int = ROWS,
    budget: int = BUDGET,
    timeout: float | None = None,
) -> Part:
    """Return the page after a row. Raises what `refused` raises, and Unavailable."""
    with refused():
        row = await database.queries.fetchrow(
            SQL["view/page"],
            question.view,
            question.tenant_id,
            question.filters,
            question.sort,
            question.columns,
            after,
            limit,
            budget,
            encoding,
            timeout=timeout,
        )
    return Part(**row)


async def all_of(
    database: Database,
    streams: Streams,
    question: Question,
    encoding: Encoding,
    limit: int | None = None,
) -> AsyncIterator[bytes]:
    """Yield every row, a page at a time, up to `limit` rows in all.

    The columns are those of the first page until the end: where a view changes meanwhile, the
    reader gets an error and not another table. Raises what `read` raises.
    """
    after, budget, left = None, BUDGET, ROWS if limit is None else limit
    while True:
        async with streams.turns:
            began = time.monotonic()
            part = await read(
                database,
                question,
                encoding,
                after=after,
                limit=min(left, ROWS),
                budget=budget,
                timeout=SECONDS,
            )
            took = time.monotonic() - began
        yield part.page
        left -= 0 if limit is None else part.rows
        if not part.more or left == 0:
            return
        after = part.last
        question = replace(question, columns=tuple(part.columns))
        budget = min(2 * budget, BUDGET_MAX) if took > DEAR_SECONDS else budget
