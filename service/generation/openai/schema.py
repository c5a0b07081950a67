"""JSON Schemas of what models answer, as strict servers take them."""

from hashlib import sha256
from typing import Any, Final

import msgspec

_SIZES: Final = {"array": ("minItems", "maxItems", "item"), "string": ("", "maxLength", "letter")}
_KEPT: Final = frozenset({"type", "enum", "const", "description", "items", "anyOf"})


def schema(kind: type) -> dict[str, Any]:
    """Return the schema of a struct, in the words that every server knows.

    Every field is required and no other is allowed, nothing refers to anything, and sizes are
    told in descriptions: servers differ in the keywords that they refuse.
    """
    raw = msgspec.json.schema(kind)
    return _plain(raw, raw.get("$defs", {}))


def sized(kind: type, field: str, told: str) -> dict[str, Any]:
    """Return the schema of a struct that says of one field how many there are to be."""
    made = schema(kind)
    made["properties"][field]["description"] = told[:1].upper() + told[1:]
    return made


def schema_hash(made: dict[str, Any]) -> str:
    """Return the SHA-256 of a schema in hexadecimal."""
    return sha256(msgspec.json.encode(made, order="sorted")).hexdigest()


def _plain(raw: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in raw:
        target = named[raw["$ref"].rsplit("/", 1)[-1]]
        return _plain({**target, **{key: raw[key] for key in raw.keys() & {"description"}}}, named)
    made = {key: value for key, value in raw.items() if key in _KEPT}
    if said := ". ".join(filter(None, (raw.get("description", "").rstrip("."), _sizes(raw)))):
        made["description"] = said
    if "items" in raw:
        made["items"] = _plain(raw["items"], named)
    if "anyOf" in raw:
        made["anyOf"] = [_plain(one, named) for one in raw["anyOf"]]
    if raw.get("type") == "object":
        fields = {name: _plain(one, named) for name, one in raw.get("properties", {}).items()}
        made |= {"properties": fields, "required": list(fields), "additionalProperties": False}
    return made


def _sizes(raw: dict[str, Any]) -> str:
    least, most, unit = _SIZES.get(raw.get("type", ""), ("", "", ""))
    few, many = raw.get(least), raw.get(most)
    if few is not None and few == many:
        return f"Exactly {few} {unit}s"
    if few is not None and many is not None:
        return f"{few} to {many} {unit}s"
    return f"At most {many} {unit}s" if many is not None else ""
