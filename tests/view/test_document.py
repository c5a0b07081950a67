"""The analysts' manual: what it says of the views is what the database says, and its SQL runs."""

import re

from service.database import Database
from service.view.catalogue import catalogue
from service.view.document import MANUAL, MARK, rewritten
from tests.test_views import seeded

__all__ = ["seeded"]
TEXT = MANUAL.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sql\n(.+?)^```$", TEXT.partition(MARK)[0], re.MULTILINE | re.DOTALL)

STATEMENTS = [statement for text in EXAMPLES for statement in text.split(";") if statement.strip()]


async def test_the_manual_says_what_the_database_says(seeded: Database) -> None:
    assert rewritten(TEXT, await catalogue(seeded)) == TEXT, "run python -m service.view.document"


async def test_every_example_runs_as_an_analyst(seeded: Database) -> None:
    connection = await seeded.connect()
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE daybook_analyst")
            await connection.execute("SET LOCAL search_path = read")
            for statement in STATEMENTS:
                await connection.fetch(statement)
    finally:
        await connection.close()


async def test_the_examples_have_something_to_show(seeded: Database) -> None:
    connection = await seeded.connect()
    try:
        await connection.execute("SET search_path = read")
        rows = {statement: await connection.fetch(statement) for statement in STATEMENTS}
    finally:
        await connection.close()

    empty = [statement for statement, found in rows.items() if not found]
    assert len(rows) > 6
    assert [statement for statement in empty if "cited" not in statement] == []
