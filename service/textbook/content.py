"""What a textbook is made of: the artefacts that recipes make and events carry."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from service.course.content import Citation

BoosterKind = Literal["analogy", "example", "explanation"]
Difficulty = Literal["easy", "medium", "hard"]
Analogies = Literal["optional", "required"]
QuizGate = Literal["required", "off"]

Count = Annotated[int, Meta(ge=0, le=1000)]
Words = Annotated[int, Meta(ge=0, le=100_000)]


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """What a chapter must be so that it may be published; all ranges include their ends.

    `option_characters_max` is the longest an option of a question may be. Where analogies are
    `required` a chapter without one is rejected; where they are `optional` it may go without.
    The quiz gate wants four options of which one is right and none tells, and no question twice;
    where it is `off`, questions need but words and an option that is right.
    """

    words_min: Words = 800
    words_max: Words = 1200
    reading_minutes_min: Count = 5
    reading_minutes_max: Count = 7
    takeaways_min: Count = 3
    takeaways_max: Count = 5
    questions_min: Count = 5
    questions_max: Count = 7
    option_characters_max: Count = 200
    boosters_min: Count = 2
    boosters_max: Count = 3
    analogies: Analogies = "optional"
    quiz_gate: QuizGate = "required"


class ChapterPlan(Struct, frozen=True):
    """One line of a textbook's plan; title and description are plain text, key points Markdown."""

    title: str
    description: str
    key_points: tuple[str, ...]


class Plan(Struct, frozen=True):
    """The chapters that a textbook promises, in teaching order."""

    chapters: tuple[ChapterPlan, ...]


class Draft(Struct, frozen=True):
    """A chapter's text as an author hands it over.

    `markdown` begins below the chapter's title, its sections at level two (``## …``).
    """

    number: int
    title: str
    markdown: str
    key_points: tuple[str, ...]
    sources: tuple[Citation, ...]


class Summary(Struct, frozen=True):
    """What to take away from a chapter; `sources` are the quotes that it rests on."""

    takeaways: tuple[str, ...]
    sources: tuple[Citation, ...] = ()


class Question(Struct, frozen=True):
    """A question with options, of which ``options[correct_index]`` (from 0) is right.

    Its text, its options and why the right one is right are plain text, in every format: nothing in
    them is markup, and a gap of ``_____`` is a gap.
    """

    text: str
    options: tuple[str, ...]
    correct_index: int
    difficulty: Difficulty
    topic: str
    explanation: str = ""


class KnownQuestion(Question, frozen=True, kw_only=True):
    """A question with its id, which it keeps through every version in which it asks the same."""

    id: UUID


class Booster(Struct, frozen=True):
    """Help with one section: `section_ref` is the section's heading, '' the chapter as a whole.

    `position` counts a chapter's boosters from 1.
    """

    kind: BoosterKind
    content: str
    section_ref: str
    position: int
    sources: tuple[Citation, ...] = ()


class Refused(Struct, frozen=True):
    """A kind of booster that an author cannot make honestly, and why: a sentence for a person."""

    kind: BoosterKind
    reason: str


class Boosters(Struct, frozen=True):
    """The boosters of a chapter, and what was refused."""

    made: tuple[Booster, ...]
    refused: tuple[Refused, ...] = ()


class Parts(Struct, frozen=True):
    """All that a version of a chapter has by now; `refused` are the author's reasons."""

    markdown: str
    summary: Summary | None = None
    questions: tuple[KnownQuestion, ...] = ()
    boosters: tuple[Booster, ...] = ()
    refused: tuple[Refused, ...] = ()
