"""The textbook that the documents of a docs folder make. Pure."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from service.adopt.docusaurus.document import MOST_WORDS, Document
from service.adopt.moving import Unfit
from service.content.title import LONGEST, is_line
from service.library.language import detect
from service.textbook import policy
from service.textbook.content import Policy
from service.textbook.decider import MOST_CHAPTERS
from service.textbook.length import minutes
from service.textbook.slug import slug, stem


class OldTextbook(Struct, frozen=True):
    """A textbook to take over; `documents` are its chapters in their order.

    `base_url` is the address below which the old site shows its documents.
    """

    title: str
    subject: str
    audience: str
    language: str
    user_id: str
    base_url: str
    documents: tuple[Document, ...]

    @property
    def prefix(self) -> str:
        """What the paths of its sources begin with."""
        return f"{stem(self.title)}/"


def textbook_id(tenant_id: UUID, old: OldTextbook) -> UUID:
    """Return the id that a textbook has here, which follows from its title's slug."""
    return uuid5(tenant_id, f"adopted-textbook:{stem(old.title)}")


def job_id(of: UUID) -> UUID:
    """Return the id of the job that stands for the making of a textbook elsewhere."""
    return uuid5(of, "adopted")


def check(old: OldTextbook) -> None:
    """Raise `Unfit`, saying why, where a textbook cannot be taken over."""
    for name in ("title", "subject", "audience", "user_id"):
        if not is_line(getattr(old, name)):
            raise Unfit(f"Its {name} needs a letter or digit, and at most {LONGEST} characters.")
    if not old.documents:
        raise Unfit("The folder has no document to make a chapter of.")
    if len(old.documents) > MOST_CHAPTERS:
        raise Unfit(
            f"The folder has {len(old.documents)} documents; a textbook has at most"
            f" {MOST_CHAPTERS} chapters. Take its folders over one by one, each by its --title."
        )


def language_of(documents: Sequence[Document]) -> str:
    """Return the language that most of the text is in."""
    return detect("\n".join(one.parts.markdown[:5_000] for one in documents), "en")


def slugs(documents: Sequence[Document], taken: Sequence[str] = ()) -> list[str]:
    """Return a slug for each document: its address's last part, or more where that is taken."""
    found: list[str] = list(taken)
    for one in documents:
        last = PurePosixPath(one.address).name or one.title
        wanted = last if stem(last) not in found else one.address
        found.append(slug(wanted, found))
    return found[len(taken) :]


def policy_of(documents: Sequence[Document]) -> Policy:
    """Return the default policy, widened so that it holds what people have read.

    Texts have twice the room that they took: a person may shorten or lengthen any of them. Where a
    quiz would not pass the gate, there is none.
    """
    usual = Policy()
    words = [one.word_count for one in documents]
    fewest = min(usual.words_min, *(count // 2 for count in words))
    most = min(max(usual.words_max, *(count * 2 for count in words)), MOST_WORDS)
    takeaways = [len(one.parts.takeaways) for one in documents]
    questions = [len(one.parts.questions) for one in documents]
    boosters = [len(one.parts.boosters) for one in documents]
    options = (
        len(each) for one in documents for asked in one.parts.questions for each in asked.options
    )
    wide = Policy(
        words_min=fewest,
        words_max=most,
        reading_minutes_min=min(usual.reading_minutes_min, minutes(fewest)),
        reading_minutes_max=max(usual.reading_minutes_max, minutes(most)),
        takeaways_min=min(usual.takeaways_min, *takeaways),
        takeaways_max=max(usual.takeaways_max, *takeaways),
        questions_min=min(usual.questions_min, *questions),
        questions_max=max(usual.questions_max, *questions),
        option_characters_max=max(usual.option_characters_max, *options, 0),
        boosters_min=min(usual.boosters_min, *boosters),
        boosters_max=max(usual.boosters_max, *boosters),
    )
    gated = any(any(policy.questions(wide, one.parts.questions)) for one in documents)
    return replace(wide, quiz_gate="off") if gated else wide
