"""The application on a real database, for the audit."""

import importlib
import pkgutil
import re
from pathlib import Path
from typing import Final

import pytest
from msgspec import Struct

import service
from tests.http.conftest import api, bearer, live, projecting, resources

__all__ = ["api", "bearer", "live", "projecting", "resources"]

ROOT: Final = Path(__file__).parent.parent.parent
TYPE: Final = r"[a-z-]+\.[a-z-]+"
BY_SQL: Final = re.compile(r"""['"]((?:analyst|erasure|projection|tenant)\.[a-z-]+)['"]""")
"""The types of what the database records by itself, such as what operators do."""


def every_struct(kind: type[Struct] = Struct) -> set[type[Struct]]:
    return {kind}.union(*(every_struct(child) for child in kind.__subclasses__()))


@pytest.fixture(scope="session")
def every_event() -> set[str]:
    """The types of all events that the service writes to the log, by Python or by SQL."""
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = [kind for kind in every_struct() if kind.__module__.startswith("service.")]
    tags = {str(kind.__struct_config__.tag) for kind in ours}
    texts = [*ROOT.glob("migrations/*.sql"), *ROOT.glob("service/**/*.py")]
    by_sql = {name for path in texts for name in BY_SQL.findall(path.read_text())}
    return by_sql | {tag for tag in tags if re.fullmatch(TYPE, tag)}
