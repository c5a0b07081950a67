"""Spoiling a generation by hand, as nothing of the product ever does."""

from psycopg import sql

from service.database import Database


async def spoil(database: Database, schema: str, statements: str) -> None:
    """Run statements whose tables are those of a generation."""
    path = sql.SQL("SELECT set_config('search_path', {}, true)").format(sql.Literal(schema))
    await database.execute(f"{path.as_string()}; {statements}")
