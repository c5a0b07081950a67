"""Any commands that a course may be given, valid or not, likely enough to get somewhere."""

from typing import Final

from hypothesis import strategies as st

from service.course.commands import (
    ArchiveCourse,
    Command,
    Finish,
    GiveUp,
    PinLesson,
    PromoteLesson,
    RecordDraft,
    RecordLesson,
    RecordOutline,
    RenameCourse,
    RequestCourse,
    ReviseLesson,
    RollBackLesson,
    UnpinLesson,
)
from service.course.content import Lesson, LessonPlan, Outline
from tests.shapes import LINES, structs

TITLES: Final = st.one_of(
    st.sampled_from(
        ["Light", "light!", "LIGHT", "Überblick", "광합성", "हिन्दी", "--", "Light 2", "Light--2"]
    ),
    LINES,
)
"""Titles that collide once they are slugs, titles in other scripts, and any others."""
NUMBERS: Final = st.sampled_from([1, 1, 2, 2, 3, 0, 4])
LESSONS: Final = structs(Lesson, number=NUMBERS, title=TITLES)
OUTLINES: Final = structs(
    Outline,
    title=TITLES,
    lessons=st.lists(structs(LessonPlan, title=TITLES), max_size=3).map(tuple),
)

REQUESTS: Final[st.SearchStrategy[Command]] = structs(
    RequestCourse, topic=TITLES, num_lessons=st.integers(0, 4)
)
CHANGES: Final[st.SearchStrategy[Command]] = st.one_of(
    structs(RecordOutline, outline=OUTLINES),
    structs(RecordLesson, lesson=LESSONS),
    structs(RecordDraft, lesson=LESSONS),
    structs(Finish),
    structs(GiveUp),
    structs(PromoteLesson, number=NUMBERS, revision=st.none()),
    structs(ReviseLesson, number=NUMBERS, title=st.none() | TITLES),
    structs(RollBackLesson, number=NUMBERS, revision=st.integers(1, 5)),
    structs(PinLesson, number=NUMBERS),
    structs(UnpinLesson, number=NUMBERS),
    structs(RenameCourse, title=TITLES),
)
COMMANDS: Final[st.SearchStrategy[Command]] = st.one_of(
    REQUESTS, CHANGES, CHANGES, CHANGES, structs(ArchiveCourse)
)
