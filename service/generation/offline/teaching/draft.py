"""A draft: one lesson of a curriculum on its way to the page."""

from functools import cached_property

from service.course.content import LessonPlan, Outline
from service.generation.offline.reading.language import content_stems
from service.generation.offline.reading.sentence import Sentence
from service.generation.offline.teaching import rank
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.definition import Definition
from service.generation.offline.teaching.plan import Group, stems
from service.generation.offline.teaching.term import pattern
from service.generation.offline.teaching.title import titles
from service.generation.offline.teaching.wording import Wording, wording


class Draft:
    """Lesson `number` (from 1) of `outline`, with what the curriculum has for it."""

    def __init__(self, course: Curriculum, outline: Outline, number: int) -> None:
        self.course = course
        self.outline = outline
        self.number = number
        self.at = _places(course, outline)[number - 1]

    @property
    def plan(self) -> LessonPlan:
        """What the outline promises."""
        return self.outline.lessons[self.number - 1]

    @property
    def group(self) -> Group:
        """What is taught."""
        return self.course.groups[self.at]

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """What is said of the lesson's terms."""
        return self.course.definitions[self.at]

    @property
    def say(self) -> Wording:
        """The guide's own words."""
        return wording(self.course.language)

    def reason(self, one: Definition) -> str:
        """Point to the words that define a term; a glossary sets the term before them."""
        lead = f"{one.lead.plain} " if one.lead else ""
        if pattern(one.term.name).search(one.sentence.plain):
            return self.say.because.format(sentence=f"{lead}{one.sentence.plain}")
        meaning = one.meaning or one.sentence.plain
        return self.say.because_term.format(term=one.term.name, meaning=meaning)

    @cached_property
    def prose(self) -> list[tuple[int, Sentence]]:
        """The sentences of its prose, each with the number of the unit it stands in."""
        return [
            (at, one)
            for at, unit in enumerate(self.group)
            for passage in unit.passages
            for part in passage.parts
            if part.form == "prose"
            for one in part.sentences
        ]


def _places(course: Curriculum, outline: Outline) -> list[int]:
    """Return which part of the curriculum serves each lesson of `outline`.

    They go together one by one, unless sources have changed since the outline was made, or another
    generator made it: then each lesson takes what speaks most of its title and concepts.
    """
    if [one.title for one in outline.lessons] == titles(course):
        return list(range(len(course.groups)))
    texts = [stems(group, course.language) for group in course.groups]
    free, places = list(range(len(texts))), []
    for plan in outline.lessons:
        wanted = content_stems(" ".join([plan.title, *plan.key_concepts]), course.language)
        best = max(free, key=lambda at: (rank.weight(wanted, texts[at]), -at))
        places.append(best)
        free.remove(best)
    return places
