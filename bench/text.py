"""The bench's SQL, from ``bench/sql/``, named as the product's is."""

from pathlib import Path
from typing import Final

from service.sql import load

TEXT: Final = load(Path(__file__).resolve().parent / "sql")
