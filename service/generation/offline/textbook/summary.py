"""A chapter's summary: what its authors say in short, and the sentences that say most of it."""

from typing import Final

from service.generation.generator import TooLittle
from service.generation.offline.reading.sentence import Sentence
from service.generation.offline.teaching import closing, setting
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.textbook.outline import main
from service.generation.offline.textbook.telling import telling
from service.textbook.content import Policy, Summary

_WANTED: Final = 4


def summary(lesson: Draft, number: int, policy: Policy) -> Summary:
    """Return the takeaways of a chapter, none of them one of its key points. Raises `TooLittle`."""
    most = max(policy.takeaways_min, min(_WANTED, policy.takeaways_max))
    own = closing.summary(lesson)[:most]
    points, told = main(lesson), frozenset(one for _, one in own)
    rest = telling(lesson, most - len(own), without=told | frozenset(points))
    lacking = max(policy.takeaways_min - len(own) - len(rest), 0)
    rest += [one for one in points if one not in told][:lacking]  # better said twice than not
    if (count := len(own) + len(rest)) < policy.takeaways_min:
        raise TooLittle(
            f"Chapter {number}, “{lesson.plan.title}”, has {count} sentences that sum it up and "
            f"can be read on their own; its summary is to have at least {policy.takeaways_min}.",
            "Ask for a smaller takeaways_min, or add sources.",
        )
    sources = lesson.course.sources
    cited = [setting.cite(one, sources[at].material) for at, one in own]
    cited += [setting.cite(one, sources[_home(lesson, one)].material) for one in rest]
    return Summary(tuple(one.plain for one in [*(one for _, one in own), *rest]), tuple(cited))


def _home(lesson: Draft, one: Sentence) -> int:
    """Return the number of the source that a sentence of a chapter stands in."""
    unit = next(at for at, own in lesson.prose if own is one)
    return lesson.group[unit].section.source
