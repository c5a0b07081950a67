"""Decimals in the document: what a client may send for an exact number."""

from typing import Any, Final

EXACT: Final = r"^[0-9]{1,12}(\.[0-9]{1,12})?$"


def widened(schema: Any) -> None:
    """Let every decimal within `schema` be a JSON number too, in place: both are decoded.

    Answers always have a text, which no reader of JSON rounds.
    """
    if isinstance(schema, list):
        for item in schema:
            widened(item)
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            schema |= {"type": ["string", "number"], "pattern": EXACT}
        for item in schema.values():
            widened(item)
