"""Old courses in files: the folder that the old generator wrote, or one that this service keeps."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from service.adopt import loose
from service.adopt.loose import Loose
from service.adopt.moving import Unfit
from service.adopt.old import TEXTS, OldCourse, course

LARGEST: Final = 64 << 20
"""Bytes of a file that is still read."""
NUMBERED: Final = re.compile(
    r"^(?:lesson|chapter|part)?[ _-]*0*([0-9]{1,3})(?![0-9])", re.IGNORECASE
)


def places(folder: Path) -> list[Path]:
    """Return the JSON files in `folder` and in its folders, in order; hidden ones are left out."""
    found = {
        path for pattern in ("*.json", "*/*.json", "*/*/*.json") for path in folder.glob(pattern)
    }
    shown = (path for path in found if not _hidden(path.relative_to(folder)))
    return sorted(path for path in shown if path.is_file())


def read(place: Path, folder: Path) -> OldCourse | None:
    """Return the course of a file below `folder`; None where it holds no course at all.

    Raises `Unfit` where it cannot be read.
    """
    try:
        if place.stat().st_size > LARGEST:
            raise Unfit(f"It has more than {LARGEST:,} bytes.")
        data = msgspec.json.decode(place.read_bytes())
    except OSError as error:
        raise Unfit(f"It cannot be read: {error.strerror or error}.") from error
    except msgspec.DecodeError as error:
        raise Unfit(f"It is no JSON: {error}.") from error
    if not isinstance(data, Mapping) or not _is_course(data):
        return None
    texts = _texts(place.parent)
    lessons = [_with_text(one, texts) for one in loose.objects(data.get("lessons"))]
    known_as = place.relative_to(folder).as_posix()
    return course(known_as, _placed(data, place), lessons)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _is_course(data: Loose) -> bool:
    """Tell a course from other JSON: it has lessons, or an outline, and a title."""
    parts = [data, *(one for one in data.values() if isinstance(one, Mapping))]
    listed = any(
        isinstance(one.get(name), list) for one in parts for name in ("lessons", "outline")
    )
    titled = any(loose.line(one, "title", "course_title", "topic") for one in parts)
    return listed and titled


def _placed(data: Loose, place: Path) -> dict[str, Any]:
    """Return `data` with what only the file's place says: a slug, where the folder is called so."""
    name = place.parent.name if place.stem == "course" else place.stem
    return {"slug": name, **data}


def _texts(folder: Path) -> dict[int, Path]:
    """Return the Markdown files of a folder that are called by a number."""
    found = ((NUMBERED.match(path.stem), path) for path in sorted(folder.glob("*.md")))
    return {int(match[1]): path for match, path in found if match}


def _with_text(lesson: Loose, texts: Mapping[int, Path]) -> Loose:
    """Return a lesson with its text, which may be kept in a Markdown file beside the JSON."""
    number = loose.number(lesson, "lesson_number", "number")
    if number is None or number not in texts or loose.text(lesson, *TEXTS, "sections"):
        return lesson
    return {**lesson, "content_md": texts[number].read_text("utf-8", "replace")}
