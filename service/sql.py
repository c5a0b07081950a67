"""The product's SQL, read once from ``sql/`` and named by its path without suffix."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent / "sql"


def load(root: Path = ROOT) -> Mapping[str, str]:
    """Return the text of every file below `root`: ``{"log/append": "-- Append …"}``."""
    return MappingProxyType(
        {
            path.relative_to(root).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(root.rglob("*.sql"))
        }
    )


SQL: Final = load()
