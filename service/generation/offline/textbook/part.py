"""Questions on where something stands: under which heading of a chapter."""

from collections.abc import Iterator
from typing import Final

from service.course.content import Check
from service.generation.offline.reading.language import content_stems, words
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.option import made
from service.generation.offline.textbook.asking import askable
from service.generation.offline.textbook.saying import saying

_TELLING: Final = range(10, 31)  # words


def parts(draft: Draft) -> Iterator[Check]:
    """Ask which part of a chapter says a thing, its other parts beside it.

    Sentences that have a word of their heading, or of another one, are left out.
    """
    language, course = draft.course.language, draft.course
    own = list(dict.fromkeys(unit.section.heading for unit in draft.group))
    rest = (unit for at, group in enumerate(course.groups) if at != draft.at for unit in group)
    every = list(dict.fromkeys([*own, *(unit.section.heading for unit in rest)]))
    for at, one in draft.prose:
        key = draft.group[at].section.heading
        said = frozenset(content_stems(one.plain, language))
        if not key or len(words(one.plain)) not in _TELLING or not askable(one, language):
            continue
        others = [
            name for name in every if name and not said & frozenset(content_stems(name, language))
        ]
        if key not in others:
            continue
        others.remove(key)
        question = saying(language).ask_part.format(sentence=one.plain)
        reason = draft.say.because.format(sentence=one.plain)
        if check := made(question, key, others, reason):
            yield check
