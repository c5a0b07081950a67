"""``python -m service.view.document``: the manual's part that the database itself can tell."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from service.commands.reach import opened, reachable
from service.settings import Settings
from service.view.catalogue import View, catalogue

MANUAL: Final = Path(__file__).parents[2] / "docs" / "analysts.md"
MARK: Final = (
    "<!-- What follows is written by python -m service.view.document, from the database. -->\n"
)


def rewritten(manual: str, views: Iterable[View]) -> str:
    """Return the manual with what is written of `views` below the mark, in place of what was."""
    prose, _, _ = manual.partition(MARK)
    return prose + MARK + "".join(section(view) for view in views)


def section(view: View) -> str:
    """Return a view as a section of the manual."""
    key = ", ".join(f"`{name}`" for name in view.key)
    lines = ("column", "type", "meaning"), ("---", "---", "---"), *columns(view)
    table = "\n".join(row(cells) for cells in lines)
    return f"\n### {view.name}\n{view.comment or ''}\n\nKey: {key}\n\n{table}\n"


def columns(view: View) -> Iterator[Sequence[str]]:
    """Yield the cells of each column."""
    for column in view.columns:
        yield f"`{column.name}`", column.type, column.comment or ""


def row(cells: Sequence[str]) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


async def views_of(settings: Settings) -> list[View]:
    """Return the views of the database that the settings name."""
    async with opened(settings) as database:
        return await catalogue(database)


def main() -> None:
    """Write the manual anew."""
    with reachable() as settings:
        views = asyncio.run(views_of(settings))
    text = MANUAL.read_text(encoding="utf-8")
    MANUAL.write_text(rewritten(text, views), encoding="utf-8")


if __name__ == "__main__":
    main()
