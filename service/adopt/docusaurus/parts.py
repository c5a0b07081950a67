"""The parts that an old chapter's document holds beside its text. Pure.

Recognised is what the old generator wrote, and what says by its title that it is such a part. What
is not recognised to the last word stays in the text.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from msgspec import Struct, ValidationError, convert

from service.adopt.docusaurus.code import masked
from service.adopt.docusaurus.jsx import elements
from service.adopt.docusaurus.layout import (
    Section,
    Span,
    admonitions,
    is_import,
    sections,
    seen,
    without,
    words,
)
from service.adopt.docusaurus.ours import CHOICE, KINDS, TAKEAWAYS
from service.textbook import section
from service.textbook.content import Booster, BoosterKind, Question

SUMMARIES: Final = ("chapter summary", "summary", "key takeaways", "takeaways", *TAKEAWAYS)
QUIZZES: Final = ("test your knowledge", "quiz", "chapter quiz", "check your understanding")
KNOWN: Final = {"question_text", "question", "question_number", *Question.__struct_fields__}
"""What a question may be told by; one that says more is not recognised."""
_ITEM: Final = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]+(\S.*)")
_ELEMENT: Final = re.compile(r"<(ChapterQuiz|LearningBooster)(?=[\s/>])")
_MADE: Final = re.compile(r"\*(?:Summary|Quiz) generated on [\d-]+\*")


class Parts(Struct, frozen=True):
    """A document's text, and the parts that were found in it."""

    markdown: str
    takeaways: tuple[str, ...]
    questions: tuple[Question, ...]
    boosters: tuple[Booster, ...]
    key_points: tuple[str, ...] = ()


def parts(text: str) -> Parts:
    """Return the parts of a document's text, which begins below its title."""
    text, boosters = _boosters(text)
    text, questions = _quiz(text)
    text, takeaways = _summary(text)
    text = seen(text).strip("\n")
    headings = section.headings(text)
    placed = tuple(_placed(one, number, headings) for number, one in enumerate(boosters, 1))
    return Parts(text, takeaways, questions, placed)


def unread(markdown: str) -> Iterator[str]:
    """Yield what stays in a text although it was written to be a part, each a sentence."""
    for name, count in Counter(_ELEMENT.findall(masked(markdown))).items():
        yield (
            f"A {name} cannot be read and stays in the text."
            if count == 1
            else f"{count} {name}s cannot be read and stay in the text."
        )


def _boosters(text: str) -> tuple[str, list[Booster]]:
    """Take the boosters out; one that a section has twice is one."""
    found = [
        (element.start, element.end, _booster(element.given))
        for element in elements(text, "LearningBooster")
    ]
    for one in admonitions(text):
        kind = KINDS.get(words(one.title))
        made = Booster(kind, one.content, "", 0) if kind and one.content else None
        found.append((one.start, one.end, made))
    listed: list[Booster] = []
    spans: list[Span] = []
    known = [one for one in sections(text) if one.level <= 2] if found else []  # noqa: PLR2004
    for start, end, made in sorted(found, key=lambda one: one[:2]):
        if made is not None:
            spans.append((start, end))
            where = made.section_ref or _section(known, start)
            placed = Booster(made.kind, made.content, where, 0)
            listed += [placed] if placed not in listed else []
    return without(text, spans) if spans else text, listed


def _booster(given: Mapping[str, Any]) -> Booster | None:
    names = {"type", "booster_type", "content", "children", "section_ref"}
    kind = given.get("type", given.get("booster_type"))
    content = given.get("content", given.get("children"))
    where = given.get("section_ref", "")
    told = len(given) == 2 + ("section_ref" in given) and given.keys() <= names
    texts = isinstance(content, str) and content.strip() and isinstance(where, str)
    return (
        Booster(kind, content.strip(), where, 0)
        if told and texts and kind in get_args(BoosterKind)
        else None
    )


def _section(known: Sequence[Section], at: int) -> str:
    """Return the heading of the section that `at` stands in."""
    within = [one.heading for one in known if one.body <= at < one.end]
    return within[-1] if within else ""


def _placed(one: Booster, number: int, headings: Sequence[str]) -> Booster:
    known = any(section.same(one.section_ref, heading) for heading in headings)
    return Booster(one.kind, one.content, one.section_ref if known else "", number)


def _quiz(text: str) -> tuple[str, tuple[Question, ...]]:
    """Take the quizzes out, each with its heading where nothing else stands below that."""
    questions: list[Question] = []
    spans: list[Span] = []
    for element in elements(text, "ChapterQuiz"):
        read = _questions(element.given)
        if read:
            questions += read
            spans.append((element.start, element.end))
    if not spans:
        return text, ()
    spans += _emptied(text, spans, QUIZZES)
    return without(text, spans), tuple(questions)


def _questions(given: Mapping[str, Any]) -> list[Question]:
    """Return the questions of a quiz, none where one of them is not whole."""
    listed = given.get("questions") if given.keys() == {"questions"} else None
    read = [_question(one) for one in listed] if isinstance(listed, list) else []
    return [one for one in read if one] if all(read) else []


def _question(said: Any) -> Question | None:
    if not isinstance(said, Mapping) or not said.keys() <= KNOWN:
        return None
    asked = said.get("question_text", said.get("question", said.get("text")))
    try:
        question = convert({"topic": "", **said, "text": asked}, Question)
    except ValidationError:
        return None
    count = len(question.options)
    whole = all(one.strip() for one in (question.text, *question.options)) and count in CHOICE
    return question if whole and 0 <= question.correct_index < count else None


def _summary(text: str) -> tuple[str, tuple[str, ...]]:
    """Take the first summary out that is nothing but a list, with its heading."""
    for one in admonitions(text):
        takeaways = _listed(one.content) if words(one.title) in SUMMARIES else ()
        if takeaways:
            spans = [(one.start, one.end)]
            return without(text, [*spans, *_emptied(text, spans, SUMMARIES)]), takeaways
    for each in sections(text):
        takeaways = _listed(text[each.body : each.end]) if _called(each, SUMMARIES) else ()
        if takeaways:
            return without(text, [(each.start, each.end)]), takeaways
    return text, ()


def _listed(text: str) -> tuple[str, ...]:
    """Return the items of a list, none where anything else stands beside it."""
    items: list[str] = []
    for line in seen(text).split("\n"):
        item = _ITEM.fullmatch(line.rstrip())
        if item:
            items.append(item[1])
        elif items and line[:1] in (" ", "\t") and line.strip() and not _ITEM.match(line.strip()):
            items[-1] += " " + line.strip()
        elif not _is_nothing(line) and (items or words(line) not in SUMMARIES):
            return ()
    return tuple(items)


def _emptied(text: str, spans: Sequence[Span], called: Sequence[str]) -> Iterator[Span]:
    """Yield the sections of such a name in which nothing is left without `spans`."""
    for one in sections(text):
        inside = [span for span in spans if one.body <= span[0] and span[1] <= one.end]
        if inside and _called(one, called):
            within = [(start - one.body, end - one.body) for start, end in inside]
            left = seen(without(text[one.body : one.end], within))
            if all(_is_nothing(line) for line in left.split("\n")):
                yield one.start, one.end


def _called(one: Section, names: Sequence[str]) -> bool:
    return one.level > 1 and words(one.heading) in names


def _is_nothing(line: str) -> bool:
    line = line.strip()
    return not line or line == "---" or is_import(line) or bool(_MADE.fullmatch(line))
