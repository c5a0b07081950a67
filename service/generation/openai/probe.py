"""What a look at an endpoint tells its operator before the first job needs it."""

from collections.abc import Sequence

from msgspec import Struct


class Probed(Struct, frozen=True):
    """Whether an endpoint is of use; `said` is a sentence for its operator."""

    good: bool
    said: str


def probed(where: str, models: Sequence[str], wanted: Sequence[str]) -> Probed:
    """Return what it means that a server lists `models`; many list few of those they have."""
    missing = [name for name in wanted if not _listed(name, models)]
    if missing:
        few = ", ".join(sorted(models)[:5]) or "none at all"
        return Probed(False, f"{where} does not list {', '.join(missing)}; it lists {few}.")
    return Probed(True, f"{where} is there and has {', '.join(wanted)}.")


def _listed(name: str, models: Sequence[str]) -> bool:
    """Tell whether a model is listed; Ollama's names end in ``:latest``."""
    return name in models or f"{name}:latest" in models
