"""What a Docusaurus site says of itself, as far as that can be read without running it."""

import re
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from service.library.plain import one_line

CONFIGS: Final = tuple(f"docusaurus.config.{suffix}" for suffix in ("ts", "js", "mjs", "cjs"))
LARGEST: Final = 1 << 20
_FIELD: Final = r"^\s*(?:const\s+)?{}\s*[:=]\s*(['\"`])(.+?)\1"


class Site(Struct, frozen=True):
    """A site; what it does not say plainly is empty. `base_url` is that of its documents."""

    title: str = ""
    language: str = ""
    base_url: str = "/docs"


class Category(Struct):
    """A category file, as far as it names the folder."""

    label: str = ""


def read(docs: Path) -> Site:
    """Return what the configuration beside a docs folder says."""
    places = (folder / name for folder in (docs.resolve().parent, docs) for name in CONFIGS)
    place = next((one for one in places if one.is_file()), None)
    if place is None:
        return Site(_label(docs))
    with place.open("rb") as file:
        text = file.read(LARGEST).decode(errors="replace")
    below = _said(text, "url").rstrip("/") + "/" + _said(text, "baseUrl").strip("/")
    route = _said(text, "routeBasePath") or "docs"
    base_url = f"{below.rstrip('/')}/{route.strip('/')}".rstrip("/")
    title = _said(text, "title") or _label(docs)
    return Site(title, _said(text, "defaultLocale"), base_url)


def _label(docs: Path) -> str:
    """Return what the docs folder itself is called as a category, as one of our exports is."""
    try:
        said = msgspec.json.decode((docs / "_category_.json").read_bytes(), type=Category)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return ""
    return one_line(said.label)


def _said(text: str, name: str) -> str:
    found = re.search(_FIELD.format(name), text, re.MULTILINE)
    return found[2].strip() if found and "${" not in found[2] else ""
