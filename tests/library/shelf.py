"""A library of small documents to search."""

from uuid import UUID, uuid4

from service.library.decider import SOURCE, RemoveSource, source_id
from service.log.commit import Receipt
from service.log.handle import Context, Log
from tests.library.content import add

TENANT = UUID(int=7)
OTHER = UUID(int=8)

DOCUMENTS = {
    "biology/cell.md": """# The cell

Every living thing is made of cells. A cell is wrapped in a membrane, which lets water pass.

## Mitochondria

Mitochondria burn sugar with oxygen and give the cell its energy.

## Photosynthesis

Plants make sugar out of light, water and air. This is called photosynthesis.
""",
    "biology/plants.md": """# Plants

Plants are green because of chlorophyll. Their roots drink water from the ground, and their
leaves turn to the light. A plant without light turns pale, as it cannot make its sugar.
""",
    "biology/zelle.md": """# Die Zelle

Die Zelle ist die kleinste Einheit des Lebens. Sie wird von einer Membran umgeben.

## Kraftwerke

Die Mitochondrien sind die Kraftwerke der Zellen und verbrennen den Zucker mit Sauerstoff.
""",
    "history/rome.md": """# Rome

The Romans built roads, bridges and aqueducts that carried water to the city. At the end of the
republic a senator would write that the state had been a prison cell for its people.
""",
    "history/100%_true.md": "# Legends\n\nThe twins and the wolf are told of in the city of Rome.",
    "history/100x_true.md": "# Tales\n\nThe geese that saved the city are told of in Rome.",
}


def context(tenant: UUID = TENANT) -> Context:
    return Context(tenant, "ada", uuid4())


async def put(log: Log, path: str, text: str, tenant: UUID = TENANT) -> Receipt:
    return await log.handle(SOURCE, source_id(tenant, path), add(path, text), context(tenant))


async def take(log: Log, path: str, tenant: UUID = TENANT) -> Receipt:
    return await log.handle(SOURCE, source_id(tenant, path), RemoveSource(), context(tenant))


async def fill(log: Log) -> None:
    for path, text in DOCUMENTS.items():
        await put(log, path, text)
