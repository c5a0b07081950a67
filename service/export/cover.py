"""A textbook's cover: quarter discs whose turns and colours follow from the textbook's id."""

import colorsys
import hashlib
import unicodedata
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from msgspec import Struct

WIDTH, HEIGHT = 1200, 1800
TILE: Final = 300
ACROSS, DOWN = WIDTH // TILE, 3
MARGIN: Final = 90
SIZES: Final = (120, 104, 90, 78, 66, 56, 48)
"""Letters' sizes of a title, from that of a short one to that of the longest."""
SMALL: Final = 42
LINES: Final = 5
SHADES: Final = ((0.0, 0.20, 0.35), (0.0, 0.34, 0.40), (0.04, 0.62, 0.42), (0.53, 0.68, 0.44))
"""Turn of the hue, lightness and saturation of each colour; the first is the ground."""
NARROW: Final = frozenset("fijlrtI.,:;'!|()[] ")
WIDE: Final = frozenset("mwMW@%—")


class Tile(Struct, frozen=True):
    """A square at `x`, `y` of one colour, and on it a quarter disc of another, as a path."""

    x: int
    y: int
    ground: str
    disc: str
    path: str


def ground(of: UUID) -> str:
    """Return the colour on which a textbook's title stands: dark enough for white letters."""
    return _colours(of)[0]


def tiles(of: UUID) -> list[Tile]:
    """Return the pattern of a textbook."""
    colours, digest = _colours(of), hashlib.sha256(of.bytes).digest()
    return [
        _tile(place, digest[place * 2], digest[place * 2 + 1], colours)
        for place in range(ACROSS * DOWN)
    ]


def lines(title: str) -> tuple[int, list[str]]:
    """Return the size of a title's letters and its lines, the last cut where it is too long."""
    title = " ".join(title.split())
    for size in SIZES:
        found = list(_wrapped(title, (WIDTH - 2 * MARGIN) / size))
        if len(found) <= LINES:
            return size, found
    return SIZES[-1], [*found[: LINES - 1], found[LINES - 1].rstrip(" .,;:") + " …"]


def line(text: str) -> str:
    """Return a text that stands above or below the title, cut where it is too long."""
    text = " ".join(text.split())
    whole, *more = *_wrapped(text, (WIDTH - 2 * MARGIN) / SMALL), ""
    return f"{whole} …" if any(more) else whole


def _colours(of: UUID) -> list[str]:
    hue = hashlib.sha256(of.bytes).digest()[-1] / 256
    found = []
    for turn, lightness, saturation in SHADES:
        rgb = colorsys.hls_to_rgb((hue + turn) % 1, lightness, saturation)
        found.append("#" + "".join(f"{round(each * 255):02x}" for each in rgb))
    return found


def _tile(place: int, turn: int, colour: int, colours: list[str]) -> Tile:
    x, y = place % ACROSS * TILE, place // ACROSS * TILE
    below = colour % len(colours)
    above = (below + 1 + colour // len(colours) % (len(colours) - 1)) % len(colours)
    left, top, right, bottom = x, y, x + TILE, y + TILE
    corner, start, end = (
        ((left, top), (right, top), (left, bottom)),
        ((right, top), (right, bottom), (left, top)),
        ((right, bottom), (left, bottom), (right, top)),
        ((left, bottom), (left, top), (right, bottom)),
    )[turn % 4]
    path = f"M{corner[0]} {corner[1]}L{start[0]} {start[1]}A{TILE} {TILE} 0 0 1 {end[0]} {end[1]}Z"
    return Tile(x, y, colours[below], colours[above], path)


def _wrapped(text: str, widest: float) -> Iterator[str]:
    """Yield lines no wider than `widest` ems; words that are wider themselves are broken."""
    line = ""
    for word in text.split(" "):
        if line and _width(f"{line} {word}") <= widest:
            line = f"{line} {word}"
            continue
        if line:
            yield line
        line = ""
        for letter in word:
            if line and _width(line + letter) > widest:
                yield line
                line = ""
            line += letter
    if line:
        yield line


def _width(text: str) -> float:
    """Return about how wide a text is, in ems."""
    return sum(_letter(letter) for letter in text)


def _letter(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if letter in WIDE or unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in NARROW:
        return 0.34
    return 0.72 if letter.isupper() else 0.55
