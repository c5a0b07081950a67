"""Meanings: the words inside a sentence that say what a term is, as they stand there."""
# ruff: noqa: E501, RUF001 - word lists and patterns are clearest unbroken, typography is meant

import re
from functools import lru_cache
from typing import Final

from service.generation.offline.reading.language import primary, words
from service.generation.offline.reading.sentence import Sentence

_HEAD: Final = {
    "en": (
        r"(?:(?:an?|the|any)\s+)?",
        r"(?:is|are|refers?\s+to|means?|describes?|consists?\s+of|occurs?\s+when)",
        (
            r"(?!(?:not|also|often|usually|similar|like|different|due|ready|available|found|used|called|known|then|now|very|only|more|in|on|at|to|so|made|able|being|always|never)\b"
            r"|(?:an?|the)\s+(?:major|common|good|great|big|important|useful|critical|crucial|key|main|only|first|most|best|same|next|last|other|bit|little|lot)\b"
            r"|(?:an?|the)\s+(?:[\w-]+\s+)?(?:concern|problem|reason|result|example|case|challenge|matter|question)\b)"
        ),
    ),
    "de": (
        r"(?:(?:eine?|der|die|das)\s+)?",
        r"(?:ist|sind|bezeichnet|bezeichnen|bedeutet|bedeuten|nennt man|versteht man|beschreibt|besteht aus)",
        r"(?!(?:nicht|auch|oft|meist|dann|nun|sehr|nur|mehr|in|im|am|so|immer|nie)\b)",
    ),
    "fr": (r"(?:l['’]|(?:une?|les?|la)\s+)?", r"(?:est|sont|désigne|désignent|signifie)", r"(?!(?:pas|aussi|souvent|très|en|dans)\b)"),
    "es": (r"(?:(?:una?|el|la|los|las)\s+)?", r"(?:es|son|significa|designa|se define como|consiste en)", r"(?!(?:muy|también|en)\b)"),
}  # fmt: skip
_CALLED: Final = {
    "en": r"(?:called|known as|termed|named|referred to as|(?:is|are) (?:its|their))\s+(?:an?\s+|the\s+|“)?",
    "de": r"(?:heißt|heißen|genannt|nennt man|bezeichnet man als|wird als|werden als|spricht man von)\s+(?:auch\s+|eine?n?\s+|die\s+|der\s+|das\s+|„)?",
    "fr": r"(?:appelée?s?|nommée?s?|on appelle)\s+(?:une?\s+|les?\s+|la\s+|l['’]|«\s*)?",
    "es": r"(?:llamad[oa]s?|denominad[oa]s?|conocid[oa]s? como)\s+(?:una?\s+|el\s+|la\s+)?",
}
_ARTICLE: Final = r"(?:an?|the|any|one of|ein|eine|einen|der|die|das|une?|les?|la|una|el|los|las)"
_KIND: Final = re.compile(rf"(?:{_ARTICLE}|one|when|where|if|wenn|cuando|quand)\b", re.IGNORECASE)
_NOUNS: Final = re.compile(
    r"(?!(?:in|on|at|by|as|for|more|less|most)\b)[\w-]+(?:,? [\w-]+){0,4} (?:that|which|who|where|in which)\b",
    re.IGNORECASE,
)
_FINITE: Final = re.compile(
    r"(?:[\w’'-]+ ){1,6}(?:is|are|was|were|has|have|can|will|may|ist|sind|hat|haben)\b"
)
_BENT: Final = re.compile(r"^[^-]*(?:ed|ing|en|own)$")  # a participle, not the head of a meaning
_PLURAL: Final = re.compile(r"\w{3,}s$")
_BEING: Final = frozenset(("is", "are", "was", "were", "ist", "sind", "est", "sont", "es", "son"))
_OUTSIDE: Final = re.compile(
    r"\bthat [\w-]+$|\b(?:it|its|they|them|their|this|these|those|he|she|his|her|others?|such|sie|ihn|ihnen|diese[rsmn]?)\b",
    re.IGNORECASE,
)
_SETTING: Final = re.compile(
    r"(?:as|in|under|with|by|for|at|on|during|after|before|unlike|like|through|from|to|of|als|bei|nach|im|mit)\s+(?:[\w-]+\s+){0,2}$",
    re.IGNORECASE,
)
_ASIDE: Final = re.compile(r"^\([^)]*\)\s*")
_SHORT: Final = 3  # words; less says nothing
_LONG: Final = 26


def _body(name: str) -> str:
    return r"\s+".join(re.escape(word) for word in name.split()) + r"(?:e?s|n|en)?"


@lru_cache(maxsize=4096)
def _head(name: str, language: str) -> re.Pattern[str] | None:
    if language not in _HEAD:
        return None
    article, verb, refused = _HEAD[language]
    between = r"(?:\s*\([^)]*\))?(?P<of>\s+(?:of|in)\s+(?:an?|the)\s+[\w-]+)?(?:,[^,.]{2,90},)?"
    return re.compile(
        rf"^{article}{_body(name)}{between}\s+(?P<verb>{verb})\s+{refused}(?P<meaning>.+)$",
        re.IGNORECASE,
    )


def plainly(name: str, one: Sentence, language: str, *, stressed: bool) -> str:
    """Return what "X is …" says of `name`; empty for a remark ("are attached to …")."""
    pattern = _head(name, primary(language))
    match = pattern.match(one.plain) if pattern else None
    if match is None or (match["of"] and not stressed):
        return ""
    return match["meaning"].rstrip(".") if _says_what(match, language) else ""


def _says_what(match: re.Match[str], language: str) -> bool:
    """Tell a definition ("are catalysts of …") from a remark ("is critical")."""
    said = match["meaning"]
    if said.lower().startswith("where "):
        return False
    if _KIND.match(said) or match["verb"].lower() not in _BEING:
        return True
    first = words(said)[:4]
    if not first or _BENT.search(first[0].lower()):
        return False
    if primary(language) == "de":
        return match["verb"].lower() == "sind" and any(word[0].isupper() for word in first[:3])
    plural = match["verb"].lower() in ("are", "were", "sont", "son")
    return plural and any(_PLURAL.match(word) for word in first)


def kind(said: str) -> bool:
    """Tell whether a meaning begins as one does: "a …", "the …", "when …"."""
    return _KIND.match(said) is not None


def leans(said: str) -> bool:
    """Tell whether a meaning points back at words it was cut from ("… meet at that vertex")."""
    return re.search(r"\b(?:that|this|these|those) [\w-]+$", said) is not None


def one_of_many(said: str) -> bool:
    """Tell whether a meaning names a kind ("a female bee that …"), not one thing ("the son of …")."""
    return re.match(r"(?:an?|any|eine?|une?|una)\b", said, re.IGNORECASE) is not None


def entry(said: str) -> str:
    """Return what an entry says, without brackets before it and the stop behind it."""
    return _ASIDE.sub("", said.rstrip("."))


def labelled(name: str, one: Sentence) -> str:
    """Return what stands behind "X:" or "X -" at the start of a sentence."""
    match = re.match(
        rf"{re.escape(name)}s?(?:\s*\([^)]*\))?\s*(?::|\s[–—-])\s+(?P<meaning>\S.+)$",
        one.plain,
        re.IGNORECASE,
    )
    if match is None:
        return ""
    first = re.split(r"[.!?] (?=[A-ZÀ-Þ])", match["meaning"])[0].rstrip(".")
    cut = first.count("(") == first.count(")") and not first.lower().startswith("when ")
    said = entry(first if cut else match["meaning"])
    return said if len(words(said)) >= _SHORT else ""


def defines(name: str, said: str) -> bool:
    """Tell whether what stands behind a label says what it means, not something about it."""
    if re.search(rf"\b(?:you|we|{re.escape(name)})", said, re.IGNORECASE):
        return False
    whole = said.split(". ", maxsplit=1)[0]
    if whole.lower().startswith(("when ", "where ", "if ")):
        return True
    return bool(_KIND.match(whole) or _NOUNS.match(whole)) and not _FINITE.match(whole)


def apposed(name: str, one: Sentence) -> str:
    """Return "a layer of wax" of "a **cuticle**, a layer of wax, …"; empty where there is none."""
    found = re.search(
        rf"(?<![\w-]){_body(name)}(?:\s*\([^)]*\))?(?:,\s+(?:which (?:is|are)\s+)?|\s*[—–]\s*|\s--\s)"
        rf"(?P<meaning>(?:{_ARTICLE}\s|(?:[\w-]+ ){{1,3}}(?:in|inside|of|that|which|from|with)\s)[^;:—–()]+)",
        one.plain,
        re.IGNORECASE,
    )
    if found is None or _SETTING.match(one.plain[: found.start()]):
        return ""
    said, comma, rest = found["meaning"].partition(", ")
    if comma and re.match(r"(?:and|or|und|oder)\b", rest):
        return ""
    bare = not re.match(rf"{_ARTICLE}\s", said, re.IGNORECASE)
    plural = name.endswith("s") and any(_PLURAL.match(word) for word in words(said)[:4])
    if bare and (comma or not plural):
        return ""
    return _whole(said) if len(words(said)) > _SHORT else ""


def set_apart(name: str, one: Sentence) -> bool:
    """Tell whether a comma, a dash or brackets set a term off, as when a text brings it in."""
    body = _body(name)
    found = rf"(?<![\w-]){body}(?:,|\s*[—–(])|(?:[,—–]|\bor)\s(?:the\s|an?\s)?{body}(?![\w-])"
    return re.search(found, one.plain, re.IGNORECASE) is not None


def called(name: str, one: Sentence, language: str) -> re.Match[str] | None:
    """Find "… called X"."""
    code = primary(language)
    return (
        re.search(rf"\b{_CALLED[code]}{_body(name)}(?![\w’'-])", one.plain, re.IGNORECASE)
        if code in _CALLED
        else None
    )


def subject(name: str, one: Sentence) -> str:
    """Return "Organisms that make their own food" of "… are called **producers**."."""
    found = re.match(
        rf"(?P<meaning>(?:{_ARTICLE} )?[^,;:]+?) (?:is|are) (?:also |often |commonly )?(?:called|known as|termed|named)"
        rf" (?:an?\s+|the\s+|its )?{_body(name)}(?![\w’'-])",
        one.plain,
        re.IGNORECASE,
    )
    if found is None or re.search(rf"\b{re.escape(name)}", found["meaning"], re.IGNORECASE):
        return ""
    return _whole(found["meaning"], its_own=True)


def _whole(said: str, *, its_own: bool = False) -> str:
    """Return a meaning that can be read on its own, or nothing."""
    said = said.strip().rstrip(".")
    outside = _OUTSIDE.search(said) if not its_own else _OUTSIDE.match(said)
    fits = _SHORT <= len(words(said)) <= _LONG and said.count("(") == said.count(")")
    return said if fits and not outside and said.count('"') % 2 == 0 else ""
