"""Old courses as they are found: in whichever words and shapes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.adopt import files, loose, old
from service.adopt.moving import Unfit
from service.adopt.old import OldCourse, OldLesson
from service.course.content import Check, Citation, Section

ID = "c0000000-0000-4000-8000-000000000001"


def lesson(**data: Any) -> OldLesson:
    return old.lesson(1, data)


def written(folder: Path, name: str, data: Any) -> Path:
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data if isinstance(data, bytes) else msgspec.json.encode(data))
    return place


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7, 7), ("007", 7), (" 7 ", 7), ("7.5", None), (True, None), (-1, None), ("²", None),
     ("9" * 7, None), (None, None)],
)  # fmt: skip
def test_a_number_is_a_number(value: Any, expected: int | None) -> None:
    assert loose.number({"n": value}, "n") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2025-11-03T09:00:00", datetime(2025, 11, 3, 9, tzinfo=UTC)),
     ("2025-11-03 10:00:00+01:00", datetime(2025, 11, 3, 9, tzinfo=UTC)),
     ("2025-11-03T09:00:00Z", datetime(2025, 11, 3, 9, tzinfo=UTC)),
     ("soon", None), (None, None)],
)  # fmt: skip
def test_a_time_without_a_zone_is_utc(value: Any, expected: datetime | None) -> None:
    assert loose.time({"at": value}, "at") == expected


def test_sections_come_in_many_shapes() -> None:
    expected = (Section("Parts", "It has parts."),)

    assert lesson(sections=[{"heading": "Parts", "markdown": "It has parts."}]).sections == expected
    assert (
        lesson(content_json=[{"title": "Parts", "content": "It has parts."}]).sections == expected
    )
    assert (
        lesson(content_json={"sections": [{"title": "Parts", "text": "It has parts."}]}).sections
        == expected
    )
    assert lesson(content_json='[{"title": "Parts", "body": "It has parts."}]').sections == expected
    assert lesson(content="## Parts\n\nIt has parts.").sections == expected


def test_sections_that_were_not_kept_follow_from_the_text() -> None:
    text = "Before.\n\n# One\n\n```\n# no heading\n```\n\n## Two ##\nText."

    assert lesson(content_md=text).sections == (
        Section("", "Before."),
        Section("One", "```\n# no heading\n```"),
        Section("Two", "Text."),
    )


def test_a_text_that_was_not_kept_follows_from_the_sections() -> None:
    made = lesson(sections=[{"title": "One", "content": "First."}, {"content": "Second."}])

    assert made.content_md == "## One\n\nFirst.\n\nSecond."


def test_sources_are_named_or_quoted() -> None:
    made = lesson(
        sources=["a.pdf", {"filename": "b.pdf", "quote": "So.", "start": 3, "end": 6}, "", None]
    )

    assert made.sources == (
        Citation("", "a.pdf", 0, 0, ""),
        Citation("", "b.pdf", 3, 6, "So."),
    )


def test_checks_are_in_order() -> None:
    made = lesson(
        checks=[
            {"q_order": 2, "question": "Two?", "answer": "2"},
            {"q_order": 1, "question": "One?", "answer": "1", "options": ["1", "2"]},
            {"answer": "nothing asked"},
        ]
    )

    assert made.checks == (Check("One?", "1", ("1", "2")), Check("Two?", "2"))


def test_concepts_may_be_lines_of_a_text() -> None:
    assert lesson(key_concepts="cell\nmembrane\n").key_concepts == ("cell", "membrane")
    assert lesson(key_concepts='["cell"]').key_concepts == ("cell",)


def test_nothing_brings_a_nul_along() -> None:
    made = lesson(title="a\0b", content_md="c\0d", key_concepts=["e\0f"], sources=["g\0h"])

    assert "\0" not in repr(made).replace("\\x00", "\0")


def test_an_outline_fills_what_lessons_do_not_say() -> None:
    made = old.course(
        "x",
        {
            "title": "Light",
            "outline": [{"title": "One", "description": "About one."}, {"title": "Two"}],
        },
        [{"lesson_number": 1, "title": "Number one", "content": "Text."}],
    )

    assert [(one.number, one.title, one.description) for one in made.lessons] == [
        (1, "Number one", "About one."),
        (2, "Two", ""),
    ]
    assert made.total_lessons == 2


def test_a_course_may_keep_its_facts_apart(tmp_path: Path) -> None:
    data = {
        "metadata": {"title": "Light", "topic": "Optics", "course_id": ID, "user_id": "ann"},
        "lessons": [{"number": 1, "title": "One", "content": "Text."}],
    }

    found = files.read(written(tmp_path, "light/course.json", data), tmp_path)

    assert isinstance(found, OldCourse)
    assert (found.id, found.slug, found.title, found.topic) == (
        UUID(ID),
        "light",
        "Light",
        "Optics",
    )
    assert (found.user_id, found.known_as, found.total_lessons) == ("ann", "light/course.json", 1)


def test_a_lessons_text_may_stand_beside_it(tmp_path: Path) -> None:
    data = {"course_title": "Light", "lessons": [{"lesson_number": 1, "title": "One"}]}
    (tmp_path / "light").mkdir()
    (tmp_path / "light" / "lesson_01_one.md").write_text("# One\n\nText.")

    found = files.read(written(tmp_path, "light/light.json", data), tmp_path)

    assert found is not None
    assert found.lessons[0].content_md == "# One\n\nText."


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"title": "a", "title'])
def test_what_cannot_be_read_says_why(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Unfit, match="no JSON"):
        files.read(written(tmp_path, "x/course.json", data), tmp_path)


@pytest.mark.parametrize("data", [[], 1, {}, {"title": "Light"}, {"lessons": []}, {"name": "x"}])
def test_what_is_no_course_is_none(tmp_path: Path, data: Any) -> None:
    assert files.read(written(tmp_path, "x/package.json", data), tmp_path) is None


def test_files_are_looked_for_where_courses_are_kept(tmp_path: Path) -> None:
    for name in ("a.json", "b/course.json", "@7/c/course.json", ".git/x.json", "b/course.md"):
        written(tmp_path, name, b"{}")

    found = [place.relative_to(tmp_path).as_posix() for place in files.places(tmp_path)]

    assert found == ["@7/c/course.json", "a.json", "b/course.json"]
