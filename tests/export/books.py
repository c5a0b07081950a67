"""Textbooks as their readers have them: an ordinary one, a hostile one, one from right to left."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from service.course.content import Citation
from service.textbook.content import Booster, KnownQuestion
from service.textbook.length import minutes, words
from service.textbook.published import PublishedChapter, PublishedTextbook
from tests.export.texts import CODE, HOK, LAWS, PUSHES, QUWA, TABLE, TEXTS, TITLES

TENANT: Final = UUID("00000000-0000-0000-0000-0000000007e7")
FIRST: Final = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def source(quote: str) -> Citation:
    return Citation("7c9e6679-7425-40de-944b-e07fc1f90ae7", "notes/motion.md", 0, len(quote), quote)


def question(
    chapter: UUID, text: str, *options: str, correct: int = 0, why: str = ""
) -> KnownQuestion:
    found = options or ("Yes", "No", "Sometimes", "Nobody knows")
    return KnownQuestion(
        text, found, correct, "medium", "basics", why, id=uuid5(chapter, f"question/{text}")
    )


def chapter(
    book: UUID, number: int, title: str, markdown: str, **parts: object
) -> PublishedChapter:
    """A chapter with what it is given, and ordinary things where nothing is."""
    own = uuid5(book, str(number))
    slug = str(parts.pop("slug", f"chapter-{number}"))
    values: dict[str, object] = {
        "description": "",
        "key_points": (),
        "takeaways": (),
        "questions": (),
        "boosters": (),
        "version": 1,
        **parts,
    }
    return PublishedChapter(
        id=own,
        number=number,
        title=title,
        slug=slug,
        path=f"{number:02d}-{slug}.md",
        markdown=markdown,
        word_count=words(markdown),
        reading_time_minutes=minutes(words(markdown)),
        published_at=FIRST + timedelta(days=number),
        **values,  # type: ignore[arg-type]
    )


def book(
    title: str, language: str, chapters: tuple[PublishedChapter, ...], key: UUID, **more: str
) -> PublishedTextbook:
    return PublishedTextbook(
        id=key,
        tenant_id=TENANT,
        slug=more.get("slug", "book"),
        title=title,
        subject=more.get("subject", "Physics"),
        audience=more.get("audience", "beginners"),
        language=language,
        version=20 + len(chapters),
        published_at=max(each.published_at for each in chapters),
        chapters=chapters,
    )


FORCES: Final = UUID("5f0c7e1a-0000-4000-8000-000000000001")
HOSTILE: Final = UUID("5f0c7e1a-0000-4000-8000-000000000002")
ARABIC: Final = UUID("5f0c7e1a-0000-4000-8000-000000000003")


def forces() -> PublishedTextbook:
    """Two ordinary chapters, with all their parts."""
    one, two = (uuid5(FORCES, str(number)) for number in (1, 2))
    return book(
        "Forces and motion",
        "en",
        (
            chapter(
                FORCES,
                1,
                "What a force is",
                PUSHES,
                slug="what-a-force-is",
                description="Pushes, pulls and their unit.",
                key_points=("A force has a size and a direction.", "Its unit is the newton."),
                takeaways=("A force is a push or a pull.", "It has a direction.", "Its unit is N."),
                questions=(
                    question(
                        one,
                        "What is the unit of force?",
                        "the joule",
                        "the newton",
                        "the watt",
                        "the pascal",
                        correct=1,
                        why="The newton is named after Isaac Newton.",
                    ),
                    question(
                        one, "Does a force have a direction?", "Yes", "No", why="It is a vector."
                    ),
                ),
                boosters=(
                    Booster(
                        "example", "A door opens because it is *pushed*.", "Pushes and pulls", 1
                    ),
                    Booster(
                        "explanation",
                        "One newton speeds up one kilogram by one metre per second each second.",
                        "Units",
                        2,
                        (source("Its unit is the newton."),),
                    ),
                ),
            ),
            chapter(
                FORCES,
                2,
                "Laws of motion",
                LAWS,
                slug="laws-of-motion",
                description="Three laws, and what follows.",
                version=3,
                key_points=("Motion needs no force.",),
                takeaways=("F = m a.", "Actions come in pairs.", "Motion needs no force."),
                questions=(
                    question(
                        two,
                        "What is F, if m = 2 kg and a = 3 m/s²?",
                        "5 N",
                        "1.5 N",
                        "6 N",
                        "9 N",
                        correct=2,
                        why="F = m a = 2 · 3 N.",
                    ),
                ),
                boosters=(
                    Booster(
                        "analogy", "A heavy shopping cart is hard to start.", "The second law", 1
                    ),
                    Booster("example", "A rower pushes the water, the water the boat.", "", 2),
                ),
            ),
        ),
        FORCES,
        slug="forces-and-motion",
    )


def hostile() -> PublishedTextbook:
    """Forty chapters of all that breaks a Markdown, MDX, YAML, XML, GIFT or HTML writer."""
    return book(
        'Sets {x < 3}: "a book" — <T> & #1 🎓',
        "ar",
        tuple(awkward(number) for number in range(1, 41)),
        HOSTILE,
        slug="sets-x-3",
        subject="Sets & <Types>",
        audience='the "brave": {all}',
    )


def awkward(number: int) -> PublishedChapter:
    own = uuid5(HOSTILE, str(number))
    title = TITLES[(number - 1) % len(TITLES)]
    text = TEXTS[(number - 1) % len(TEXTS)]
    sections = (title, "Twice", "Twice", "{x < 3} `code` <T>", "العربية")
    body = "\n\n".join((text, *(f"## {each}\n\n{text}" for each in sections), "### Deep\n\nEnd."))
    return chapter(
        HOSTILE,
        number,
        title,
        body,
        description=f'{title}\n---\nkey: "value" # {{x < 3}} <T> \\',
        version=number,
        key_points=(title, "{x < 3} | <T> <!-- -->", "- a list"),
        takeaways=(text.partition("\n")[0], "~=#{}:\\ ]]> & <b>bold</b>", "مرحبا {x}"),
        questions=(
            question(
                own,
                f"{title}\nIs {{x < 3}} ~ = # : \\ a set of <T>?\n\n```\n{{a}} ]]>\n```",
                "{x < 3}",
                "~=#{}:\\ and ]]>\nnext line",
                "<T> & <b>bold</b> &amp; $x$",
                "العربية עברית 🎓 \\n",
                correct=(number - 1) % 4,
                why="Because {x < 3} ]]> </p> &lt; `code` 'single' \"double\" #~=:",
            ),
            question(own, f"Is {number} right?", "Yes", "No", correct=number % 2),
        ),
        boosters=(
            Booster("analogy", "Like {x < 3} <T> <!-- --> in a $box$.", "Twice", 1),
            Booster("example", text, "no such section", 2),
            Booster("explanation", f"## {title}\n\n{TABLE}\n{CODE}", "", 3, (source("<T> {x}"),)),
        ),
    )


def arabic() -> PublishedTextbook:
    """Two chapters from right to left, with words from left to right inside."""
    one, two = (uuid5(ARABIC, str(number)) for number in (1, 2))
    return book(
        "القوى والحركة",
        "ar",
        (
            chapter(
                ARABIC,
                1,
                "ما هي القوة؟",
                QUWA,
                slug="ما-هي-القوة",
                description="الدفع والسحب ووحدة القوة.",
                key_points=("للقوة مقدار واتجاه.",),
                takeaways=("القوة دفع أو سحب.", "لها اتجاه.", "وحدتها نيوتن."),
                questions=(
                    question(
                        one,
                        "ما وحدة القوة؟",
                        "الجول",
                        "النيوتن (N)",
                        "الواط",
                        correct=1,
                        why="سميت باسم Isaac Newton.",
                    ),
                ),
                boosters=(Booster("example", "يفتح الباب لأنه *يدفع*.", "الدفع والسحب", 1),),
            ),
            chapter(
                ARABIC,
                2,
                "קו ותנועה",
                HOK,
                slug="קו-ותנועה",
                takeaways=("התנועה נמשכת.",),
                questions=(question(two, "האם גוף מתמיד?", "כן", "לא"),),
                boosters=(Booster("explanation", "אין כוח, אין שינוי.", "חוק ראשון", 1),),
            ),
        ),
        ARABIC,
        slug="القوى-والحركة",
        subject="الفيزياء",
        audience="المبتدئون",
    )
