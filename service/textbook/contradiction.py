"""Policies that contradict themselves: no chapter could ever keep them."""

from collections.abc import Iterator

from service.refusal import Invalid
from service.textbook.content import Policy
from service.textbook.length import WORDS_PER_MINUTE, minutes


class PolicyContradictsItself(Invalid):
    """No chapter could keep this policy, since parts of it exclude one another."""


def contradictions(policy: Policy) -> Iterator[str]:
    """Yield what excludes what in a policy, each a sentence that says what to change."""
    ranges = {
        "words": (policy.words_min, policy.words_max),
        "reading_minutes": (policy.reading_minutes_min, policy.reading_minutes_max),
        "takeaways": (policy.takeaways_min, policy.takeaways_max),
        "questions": (policy.questions_min, policy.questions_max),
        "boosters": (policy.boosters_min, policy.boosters_max),
    }
    for name, (least, most) in ranges.items():
        if least > most:
            yield f"{name}_min is {least} and {name}_max {most}; the first must not be larger."
    yield from _paces(policy)
    if policy.analogies == "required" and not policy.boosters_max:
        yield "Analogies are required and boosters_max is 0; an analogy is a booster."
    if policy.questions_max and not policy.option_characters_max:
        yield "option_characters_max is 0; an option of a question must be able to say something."


def _paces(policy: Policy) -> Iterator[str]:
    """Yield why no text is as long in words as it is in minutes."""
    fewest, most = minutes(policy.words_min), minutes(policy.words_max)
    least, longest = policy.reading_minutes_min, policy.reading_minutes_max
    if policy.words_min <= policy.words_max and least <= longest:
        if most < least:
            words = f"At most {policy.words_max} words take at most {most} minutes"
            asked = f"reading_minutes_min is {least}"
        elif fewest > longest:
            words = f"At least {policy.words_min} words take at least {fewest} minutes"
            asked = f"reading_minutes_max is {longest}"
        else:
            return
        yield f"{words} to read, at {WORDS_PER_MINUTE} words a minute, and {asked}."
