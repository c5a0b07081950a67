"""Questions on how a sentence goes on: what its subject is or does, and when, how or what for."""
# ruff: noqa: E501, RUF001 - word lists and patterns are clearest unbroken, typography is meant

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from service.course.content import Check
from service.generation.offline.reading.language import content_stems, primary, words
from service.generation.offline.reading.sentence import Sentence
from service.generation.offline.teaching.distractor import close
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.option import made
from service.generation.offline.textbook.asking import CODE, askable
from service.generation.offline.textbook.saying import saying

_VERBS: Final = (
    "access|achieve|add|allow|apply|avoid|become|begin|bring|build|calculate|call|carry|change|check|choose|combine|compare|"
    "compile|compute|configure|connect|contain|control|convert|copy|create|define|delete|deliver|describe|detect|determine|develop|"
    "display|distinguish|divide|do|download|edit|enable|ensure|enter|examine|execute|explain|express|extract|fetch|fill|find|fix|"
    "follow|form|gain|gather|generate|get|give|grow|handle|have|help|hold|identify|implement|import|improve|include|indicate|inform|"
    "install|introduce|keep|learn|leave|let|list|load|look|lose|maintain|make|manage|measure|merge|modify|move|obtain|open|pass|"
    "perform|prepare|present|prevent|print|process|produce|protect|prove|provide|publish|pull|push|put|reach|read|receive|record|reduce|"
    "release|remove|replace|report|represent|resolve|restore|return|run|save|search|see|select|send|separate|serve|set|share|show|"
    "solve|specify|start|stay|stop|store|submit|supply|support|switch|take|teach|tell|test|track|transfer|treat|try|turn|understand|update|upgrade|use|verify|view|"
    "wait|win|work|write"
)
_RUN: Final = r"(?:[^;:()]|\([^()]{1,60}\))+"
_SUBJECT: Final = r"[A-Z](?:[^,;:()]|\([^()]{1,60}\)){2,70}?"
_MODAL: Final = "can|cannot|may|must|will|should|kann|können|muss|müssen|darf|dürfen"
_CLAUSE: Final = rf"(?:(?!which|that|who)[\w'’-]+ ){{1,6}}(?:is|are|was|were|has|have|had|can|cannot|could|will|would|may|might|must|should|does|do|did|wants?|needs?|goes|go|gets?|(?:{_VERBS})s?)\b"
_ENGLISH: Final = {
    "is": rf"(?P<start>{_SUBJECT}) (?P<joint>is|are|was|were|has|have|provides?|contains?|allows?|means|includes?|consists? of|refers? to|(?:{_VERBS})s|{_MODAL}) (?P<rest>{_RUN})\.$",
    "when": rf"(?P<start>{_RUN}?),? (?P<joint>(?<!even )(?<!as )(?<!only )(?<!what )(?:if|unless|whenever|when|while|so that|although)) (?P<rest>(?!\w+ing\b){_CLAUSE}{_RUN})\.$",
    "which": rf"(?P<start>{_RUN}?), (?P<joint>which|where|who|whose) (?P<rest>{_RUN})\.$",
    "and": rf"(?P<start>(?:[^,;:()]|\([^()]{{1,60}}\))+), (?P<joint>and|but|so) (?P<rest>{_CLAUSE}{_RUN})\.$",
    "how": rf"(?P<start>{_RUN}?),? (?P<joint>by|without|instead of|rather than) (?P<rest>\w+ing\b{_RUN})\.$",
    "what for": rf"(?P<start>{_RUN}?)(?<!has)(?<!have)(?<!had)(?<! is)(?<! are)(?<!push)(?<!pull)(?<!due)(?<!able),? (?P<joint>in order to|to) (?P<rest>(?:{_VERBS})\b{_RUN})\.$",
}
_GERMAN: Final = {
    "is": r"(?P<start>[A-ZÄÖÜ][^,;:()]{2,70}?) (?P<joint>ist|sind|war|waren|hat|haben|kann|können|enthält|besteht aus|bildet|bilden|nimmt|gibt) (?P<rest>[^;:()]+)\.$",
    "when": r"(?P<start>[^;:()]+), (?P<joint>wenn|damit|bevor|nachdem|obwohl|solange|indem|während|sodass|bis) (?P<rest>[^;:()]+)\.$",
}
_SHAPES: Final = {
    language: {name: re.compile(shape) for name, shape in shapes.items()}
    for language, shapes in (("en", _ENGLISH), ("de", _GERMAN))
}
_LEANING: Final = re.compile(
    r"\b(?:this|these|those|above|below|such|here|following|so|dies\w*|jene\w*)\b"
    r"|^(?:not|also|only|always|never|often|usually|now|then|that|it|they|them|nicht|auch|nur)\b",
    re.IGNORECASE,
)
_WEAK: Final = re.compile(
    r"\b(?:it|they|that|which|who|there|what|this|these|you|we|he|she|one|es|sie|er|das|wir|man)$",
    re.IGNORECASE,
)
_BRANCHED: Final = re.compile(
    r"^(?:if|when|while|although|though|since|because|as|after|before|once|unless|until|whenever|wherever|whether|where|in order|wenn|weil|obwohl|da|als)\b"
    r"|\b(?:if|whether|which|that|who|what|how|where|dass|ob)\b|^(?:more|further|some|most|many|other) \w+|^(?:an?|the) (?:first|second|third|next|last|other|same|common|normal|usual|simplest|easiest|best|only|main)\b|^(?:the|an|another|one) (?:other )?(?:example|reason|result|following|problem|idea|point|way|thing|solution|difference)s?\b",
    re.IGNORECASE,
)  # a subject that has clauses of its own, or is one only in its place
_SECOND: Final = re.compile(
    r", (?:and |but |or |so |then )?(?:the|it|you|we|they|he|she|this|that|there|otherwise|then|however|so|die|der|das|es|sie|man)\b|^(?:\S+ ){0,9}(?:is|are|was|were) \w+ing\b|[~{}<>=]|\w/\w",
    re.IGNORECASE,
)
_FINITE: Final = re.compile(r"\b(?:is|are|was|were|has|have|can|will|may|must|should|ist|sind)\b")
_LINKED: Final = re.compile(
    r"\b(?:that|which|who|if|when|where|what|how|while|as|because|so|whether)\b"
)
_WITH_VERBS: Final = ("when", "which", "and")
_TENSES: Final = {"was": "is", "were": "are", "war": "ist", "waren": "sind"}
_STARTS: Final = {"is": range(1, 11)}
_START: Final = range(4, 31)  # words
_REST: Final = range(3, 23)
_RATIO: Final = 1.5


class Clause(Struct, frozen=True):
    """A sentence taken apart: `start` and `joint`, which ask for the `rest`."""

    sentence: Sentence
    start: str
    joint: str
    rest: str


def predicates(draft: Draft) -> Iterator[Check]:
    """Ask what something is or has, what other things are or have beside it."""
    return _asked(draft, ["is"])


def clauses(draft: Draft) -> Iterator[Check]:
    """Ask when, how or what for something is so, conditions and purposes of others beside it."""
    return _asked(draft, ["when", "how", "what for", "which", "and"])


def _asked(draft: Draft, names: Sequence[str]) -> Iterator[Check]:
    language = draft.course.language
    own, shapes = [one for _, one in draft.prose], _SHAPES.get(primary(language), {})
    here, everywhere = frozenset(own), [*own, *_elsewhere(draft)]
    for name in names:
        if name not in shapes:
            continue
        known = [cut for one in everywhere if (cut := apart(one, name, language))]
        mine = [cut for cut in known if cut.sentence in here and askable(cut.sentence, language)]
        for one in mine:
            alike = [other for other in known if _beside(other, one, name, language)]
            near = close(one.rest, list(dict.fromkeys(other.rest for other in alike)), _RATIO)
            question = saying(language).ask_clause.format(start=f"{one.start} {one.joint}")
            reason = draft.say.because.format(sentence=one.sentence.plain)
            if check := made(question, one.rest, near, reason):
                yield check


def _elsewhere(draft: Draft) -> list[Sentence]:
    """Return the sentences of the sources that are not in this chapter."""
    own = {one for unit in draft.group for one in unit.sentences}
    every = (one for group in draft.course.plan for unit in group for one in unit.sentences)
    return [one for one in every if one not in own]


def apart(one: Sentence, name: str, language: str) -> Clause | None:
    """Take a sentence apart; None where it does not fall into two parts of that shape."""
    match = _SHAPES[primary(language)][name].match(one.plain)
    if match is None:
        return None
    start, rest = match["start"], match["rest"]
    measured = len(words(start)) in _STARTS.get(name, _START) and len(words(rest)) in _REST
    whole = not _LEANING.search(rest) and not _WEAK.search(start) and not _SECOND.search(rest)
    branched = name == "is" and _BRANCHED.search(start) is not None
    verb = _FINITE.search(rest)
    single = name in _WITH_VERBS or verb is None or _LINKED.search(rest[: verb.start()]) is not None
    if not (measured and whole and single) or branched or CODE.search(rest):
        return None
    return Clause(one, start, match["joint"], rest)


def _beside(other: Clause, one: Clause, name: str, language: str) -> bool:
    """Tell whether the end of another sentence can stand beside this one's, and be wrong for it."""
    if other.sentence.plain == one.sentence.plain or other.rest.lower() == one.rest.lower():
        return False
    if name == "is" and _sort(other.joint) != _sort(one.joint):
        return False
    theirs, mine = (frozenset(content_stems(each.start, language)) for each in (other, one))
    ends, end = (frozenset(content_stems(each.rest, language)) for each in (other, one))
    akin = not mine or not theirs or mine <= theirs or theirs <= mine
    return not akin and bool(end) and len(end & ends) * 2 < len(end)


def _sort(joint: str) -> str:
    """Return what sentences have in common whose ends can stand for each other."""
    if joint in _MODAL.split("|"):
        return "modal"
    if joint.removesuffix("s") in _VERBS.split("|"):
        return "does"
    return _TENSES.get(joint, joint)
