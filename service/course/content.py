"""What a course is made of: the artefacts that recipes make and events carry."""

from msgspec import Struct


class LessonPlan(Struct, frozen=True):
    """One line of a course's outline."""

    title: str
    description: str
    key_concepts: tuple[str, ...]
    learning_objectives: tuple[str, ...]


class Outline(Struct, frozen=True):
    """A course's title and the lessons it promises, in teaching order."""

    title: str
    lessons: tuple[LessonPlan, ...]


class Section(Struct, frozen=True):
    """One part of a lesson; the lesson's `content_md` holds the same text under the heading."""

    heading: str
    markdown: str


class Citation(Struct, frozen=True):
    """A verbatim quote: ``source text[start:end] == quote`` (code points of the stored text)."""

    source_id: str
    path: str
    start: int
    end: int
    quote: str


class Check(Struct, frozen=True):
    """A question that lets learners see whether they followed; `options` is empty when open."""

    question: str
    answer: str
    options: tuple[str, ...] = ()
    explanation: str = ""


class Readability(Struct, frozen=True):
    """How hard a text is to read: `grade` is a US school grade, `words` counts running words."""

    grade: float
    words: int


class Lesson(Struct, frozen=True):
    """A finished lesson."""

    number: int
    title: str
    description: str
    content_md: str
    sections: tuple[Section, ...]
    key_concepts: tuple[str, ...]
    learning_objectives: tuple[str, ...]
    sources: tuple[Citation, ...]
    checks: tuple[Check, ...]
    readability: Readability
