"""Whole textbooks made by the offline author, and the sources they are made from."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from service.course.content import Citation
from service.generation.author import TextbookBrief
from service.generation.offline.author import OfflineAuthor
from service.library.material import Material
from service.textbook.content import (
    Boosters,
    Draft,
    KnownQuestion,
    Parts,
    Plan,
    Policy,
    Question,
    Summary,
)

SMALL = Policy(
    words_min=150,
    words_max=420,
    reading_minutes_min=1,
    reading_minutes_max=3,
    takeaways_min=2,
    takeaways_max=4,
    questions_min=3,
    questions_max=5,
    boosters_min=0,
    boosters_max=2,
)


class Chapter(Struct, frozen=True):
    """All that an author makes of one chapter."""

    draft: Draft
    summary: Summary
    questions: tuple[Question, ...]
    boosters: Boosters

    @property
    def parts(self) -> Parts:
        """What a policy is held against."""
        questions = (KnownQuestion(**asdict(one), id=UUID(int=0)) for one in self.questions)
        made, refused = self.boosters.made, self.boosters.refused
        return Parts(self.draft.markdown, self.summary, tuple(questions), made, refused)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every quote of it."""
        boosters = (one for booster in self.boosters.made for one in booster.sources)
        return (*self.draft.sources, *self.summary.sources, *boosters)


def brief(
    title: str, chapters: int, subject: str = "", language: str = "en", policy: Policy = SMALL
) -> TextbookBrief:
    """Return a request for a textbook from the folder ``school/``."""
    return TextbookBrief(title, subject, "Grade 8", chapters, language, "school/", policy)


async def chapter(
    asked: TextbookBrief, plan: Plan, number: int, sources: Sequence[Material]
) -> Chapter:
    """Make one chapter of a textbook."""
    author = OfflineAuthor()
    draft = (await author.chapter(asked, plan, number, sources)).value
    return Chapter(
        draft,
        (await author.summary(asked, draft, sources)).value,
        (await author.quiz(asked, draft, sources)).value,
        (await author.boosters(asked, draft, sources)).value,
    )


async def textbook(asked: TextbookBrief, *sources: Material) -> tuple[Plan, list[Chapter]]:
    """Make a whole textbook."""
    plan = (await OfflineAuthor().plan(asked, sources)).value
    numbers = range(1, len(plan.chapters) + 1)
    return plan, [await chapter(asked, plan, number, sources) for number in numbers]
