from collections.abc import Sequence

import pytest

from service.course.content import Lesson, Outline
from service.course.recipe import Progress, Step, Tools, recipe
from service.generation.generator import Brief, NoSources
from service.generation.offline.offline import Offline
from service.library.material import Material
from tests.generation.shelf import brief, material


def _tools(*sources: Material) -> Tools:
    async def found(asked: Brief) -> Sequence[Material]:
        return sources

    return Tools(Offline(), found)


async def _steps(progress: Progress, tools: Tools) -> list[Step]:
    return [step async for step in recipe(progress, tools)]


async def test_a_course_is_outlined_and_then_made_lesson_by_lesson() -> None:
    steps = await _steps(Progress(brief("cells", 3)), _tools(material("cells.md")))

    assert [one.note for one in steps] == [
        "outline of 3 lessons",
        "lesson 1 of 3",
        "lesson 2 of 3",
        "lesson 3 of 3",
    ]
    assert [(one.step, one.of) for one in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert isinstance(steps[0].made, Outline)
    assert [one.made.number for one in steps[1:] if isinstance(one.made, Lesson)] == [1, 2, 3]


async def test_a_course_goes_on_after_the_lessons_it_has() -> None:
    tools = _tools(material("cells.md"))
    whole = await _steps(Progress(brief("cells", 4)), tools)
    outline = whole[0].made
    assert isinstance(outline, Outline)

    rest = await _steps(Progress(brief("cells", 4), outline, frozenset({1, 2, 3})), tools)

    assert rest == whole[4:]
    assert (rest[0].note, rest[0].step, rest[0].of) == ("lesson 4 of 4", 5, 5)


async def test_a_lesson_that_is_missing_in_the_middle_is_made_first() -> None:
    tools = _tools(material("cells.md"))
    whole = await _steps(Progress(brief("cells", 3)), tools)
    assert isinstance(whole[0].made, Outline)

    rest = await _steps(Progress(brief("cells", 3), whole[0].made, frozenset({1, 3})), tools)

    assert [one.note for one in rest] == ["lesson 2 of 3"]


async def test_a_finished_course_asks_for_nothing() -> None:
    async def nothing(asked: Brief) -> Sequence[Material]:
        pytest.fail("sources were read for a finished course")

    outline = (await Offline().outline(brief("cells", 1), [material("cells.md")])).value
    progress = Progress(brief("cells", 1), outline, frozenset({1}))

    assert await _steps(progress, Tools(Offline(), nothing)) == []


async def test_a_course_without_sources_fails_before_its_first_step() -> None:
    with pytest.raises(NoSources, match="speak of “osmosis”"):
        await _steps(Progress(brief("osmosis", 2)), _tools())
