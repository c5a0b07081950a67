"""Sources to make courses from, and whole courses made of them."""

from pathlib import Path

from service.course.content import Lesson, Outline
from service.generation.generator import Brief
from service.generation.offline.offline import Offline
from service.library.chunk import chunks
from service.library.material import Material

SOURCES = Path(__file__).parent / "sources"


def material(name: str, language: str = "en") -> Material:
    """Return a source of this folder as the library hands it out."""
    return written((SOURCES / name).read_text(encoding="utf-8"), f"school/{name}", language)


def written(text: str, path: str = "school/notes.md", language: str = "en") -> Material:
    """Return `text` as a source."""
    first = text.lstrip().split("\n", 1)[0]
    title = first.removeprefix("# ") if first.startswith("# ") else ""
    return Material(path, path, title, language, text, chunks(text, language))


def brief(topic: str, lessons: int, grade: str = "Grade 8", language: str = "en") -> Brief:
    """Return a request for a course from the folder ``school/``."""
    return Brief(topic, grade, lessons, language, "school/")


async def course(asked: Brief, *sources: Material) -> tuple[Outline, list[Lesson]]:
    """Make a whole course."""
    generator = Offline()
    outline = (await generator.outline(asked, sources)).value
    numbers = range(1, len(outline.lessons) + 1)
    made = [await generator.lesson(asked, outline, n, sources) for n in numbers]
    return outline, [one.value for one in made]
