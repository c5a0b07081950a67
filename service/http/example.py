"""Examples of request bodies, made from their schemas."""

from typing import Any, Final

Json = dict[str, Any]

BY_FORMAT: Final = {
    "uuid": "0190a6f0-8f7e-7c3e-9d53-0f9a6f4b7a10",
    "date-time": "2026-06-30T12:00:00Z",
    "date": "2026-06-30",
}
BY_TYPE: Final[Json] = {"string": "…", "integer": 1, "number": 1.0, "boolean": True, "null": None}


def resolved(schema: Json, components: Json) -> Json:
    """Return what `schema` refers to, or itself."""
    reference = schema.get("$ref")
    return components[reference.rsplit("/", 1)[1]] if reference else schema


def example_of(schema: Json, components: Json) -> Any:
    """Return a value that fits `schema`: its own example where it has one, else a plain one."""
    schema = resolved(schema, components)
    if "examples" in schema:
        return schema["examples"][0]
    if "default" in schema and schema["default"] not in (None, "", []):
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], components)
    return _by_type(schema, components)


def _by_type(schema: Json, components: Json) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: example_of(field, components) for name, field in fields.items()}
        case "array":
            return [example_of(schema.get("items", {}), components)]
        case "integer" | "number" as kind:
            return schema.get("minimum", BY_TYPE[kind])
        case kind:
            return BY_FORMAT.get(schema.get("format", ""), BY_TYPE.get(str(kind)))
