"""A course as files: what they say, and that equal courses give equal bytes."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from service.course.content import Check, Citation, LessonPlan, Readability, Section
from service.gateway.course_file import (
    Metadata,
    WrittenCourse,
    WrittenLesson,
    folder_name,
    rendered,
)

NOON = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
ABOUT = Metadata(
    UUID(int=7), "cell-biology", "ann", "Cell  Biology", "Cells", "Grade 8", "en", "biology/", 2,
    NOON, None, None,
)  # fmt: skip
PLANS = (
    LessonPlan("The cell", "What a cell is.", ("cell",), ("Say what a cell is.",)),
    LessonPlan("The membrane", "What surrounds it.", (), ()),
)
LESSON = WrittenLesson(
    UUID(int=8), 1, "The cell", "What a cell is.", ("cell",), ("Say what a cell is.",),
    "# The cell\n\nA cell is *small*.\n", (Section("", "A cell is *small*."),),
    (Citation("s", "biology/cell.md", 0, 16, "A cell is small."),
     Citation("s", "biology/a.md", 0, 1, "A")),
    (Check("How large\nis it?", "Small.", ("Small.", "Large."), "See above."),),
    Readability(3.5, 4), 2, True, False, NOON,
)  # fmt: skip
COURSE = WrittenCourse(ABOUT, PLANS, (LESSON,))


def test_the_json_has_all_of_the_course() -> None:
    held = msgspec.json.decode(rendered(COURSE)["course.json"])

    assert list(held) == ["metadata", "outline", "lessons", "all_sources"]
    assert held["metadata"]["created_at"] == "2026-06-30T12:00:00Z"
    assert held["lessons"][0]["content_md"] == LESSON.content_md
    assert held["all_sources"] == ["biology/a.md", "biology/cell.md"]
    assert msgspec.convert(held, WrittenCourse) == COURSE


def test_the_markdown_can_be_read() -> None:
    assert (
        rendered(COURSE)["course.md"].decode()
        == """\
# Cell Biology

- Topic: Cells
- Grade level: Grade 8
- Lessons: 1 of 2

1. **The cell**: What a cell is.
2. **The membrane**: What surrounds it.

---

# The cell

A cell is *small*.

## Questions

1. How large is it?
   - Small.
   - Large.

   Answer: Small.

   See above.

---

## Sources

- biology/a.md
- biology/cell.md
"""
    )


def test_a_lesson_without_a_heading_is_given_one() -> None:
    lesson = replace(LESSON, content_md="Just text.", checks=(), sources=())

    text = rendered(replace(COURSE, lessons=(lesson,)))["course.md"].decode()

    assert "---\n\n# The cell\n\nJust text.\n" in text
    assert "Sources" not in text


def test_where_the_server_has_its_clock_does_not_matter() -> None:
    elsewhere = replace(ABOUT, created_at=NOON.astimezone(timezone(timedelta(hours=5.5))))

    assert rendered(replace(COURSE, metadata=elsewhere)) == rendered(COURSE)


@pytest.mark.parametrize("slug", ["cell-biology", "größe", "광합성", "foo--2", "हिन्दी"])
def test_a_folder_is_called_by_its_slug(slug: str) -> None:
    assert folder_name(replace(ABOUT, slug=slug)) == slug


@pytest.mark.parametrize(
    "slug",
    [None, "", ".", "..", "../x", "a/b", "a\\b", "/etc", ".hidden", "@7", "a\0b", "a b", "a\nb",
     "a:b", "\u202eb", "\ud800", "x" * 201, "𠀀" * 80],
    ids=repr,
)  # fmt: skip
def test_what_is_no_name_of_a_folder_never_becomes_one(slug: str | None) -> None:
    assert folder_name(replace(ABOUT, slug=slug)) == str(ABOUT.id)
