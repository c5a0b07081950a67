"""The fold of jobs as a Python loop would do it: a statement an event, 500 events a transaction."""

from typing import Final

import asyncpg

from bench.ratio import CouldNotMeasure
from bench.text import TEXT

A_TRANSACTION: Final = 500
SCHEMA: Final = "job_rows"
TWIN: Final = "job_fold"
"""Where the set-based fold of the same events stands, for comparison."""


async def fold_one_by_one(url: str, types: list[str], events: int) -> int:
    """Fold the first `events` events of `types` into the schema `job_rows`; return how many.

    The schema must be installed and empty. Each transaction moves the checkpoint, as the engine's
    do.
    """
    connection = await asyncpg.connect(url, server_settings={"search_path": f"{SCHEMA}, public"})
    position = done = 0
    while done < events:
        most = min(A_TRANSACTION, events - done)
        rows = await connection.fetch(TEXT["rows/events"], types, position, most)
        if not rows:
            break
        async with connection.transaction():
            for stream, tenant, place, at, data, kind in rows:
                await connection.execute(TEXT[f"rows/{kind}"], stream, tenant, place, at, data)
            position = rows[-1]["position"]
            await connection.execute(TEXT["rows/checkpoint"], SCHEMA, position)
        done += len(rows)
    await connection.close()
    return done


async def same_rows(url: str) -> None:
    """Raise CouldNotMeasure where the loop's rows are not those of the fold in `job_fold`."""
    connection = await asyncpg.connect(url)
    different = await connection.fetchval(TEXT["rows/differences"])
    await connection.close()
    if different:
        raise CouldNotMeasure(f"The loop and the fold disagree on {different} jobs.")
