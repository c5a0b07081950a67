"""Contents of sources, made as the product makes them."""

from service.library.decider import AddSource, Content
from service.library.intake import prepare

CELL = "# Cell\n\nThe cell is the smallest unit of life. It has a membrane.\n"


def content(path: str = "biology/cell.md", text: str = CELL, **given: str) -> Content:
    return prepare(text.encode(), path, **given)  # type: ignore[arg-type]


def add(path: str = "biology/cell.md", text: str = CELL, **given: str) -> AddSource:
    made = content(path, text, **given)
    return AddSource(**{name: getattr(made, name) for name in made.__struct_fields__})
