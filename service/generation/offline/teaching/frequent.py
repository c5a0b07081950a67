"""Names and nouns that a text keeps coming back to: its terms where nothing is stressed."""
# ruff: noqa: E501, RUF001 - word lists and patterns are clearest unbroken, typography is meant

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal

from service.generation.offline.reading.language import primary, stop_words, words

_ARTICLES: Final = {
    "en": "the a an of this each", "fr": "le la les un une du des l", "es": "el la los las un una del",
    "it": "il lo la i gli le un una", "pt": "o a os as um uma", "nl": "de het een", "de": "der die das ein eine des dem den",
}  # fmt: skip
_PROPER: Final = re.compile(
    r"(?<![.!?:“\"] )(?<!^)\b[A-ZÀ-Þ][\w’'-]+(?: (?:(?:of|the|de|la|du|del|von) ){0,2}[A-ZÀ-Þ][\w’'-]+){0,3}"
)
_SUBJECT: Final = {
    "en": re.compile(
        r"(?:An?|The)?\s*(?P<name>[A-Za-z-]+(?: [a-z-]+)?) (?:is|are) (?:an?|the) (?!same|only|best|better|most|first|last|next|main|key|good|great|common)"
    ),
    "de": re.compile(
        r"(?:Eine?|Der|Die|Das) (?P<name>[A-ZÄÖÜ][\w-]+) (?:ist|sind) (?:eine?|der|die|das) "
    ),
    "fr": re.compile(
        r"(?:L['’]|Une? |Les? |La )(?P<name>[\w-]+(?: [\w-]+)?) (?:est|sont) (?:une?|les?|la|l['’])\s?"
    ),
    "es": re.compile(
        r"(?:El|La|Los|Las|Una?) (?P<name>[\w-]+(?: [\w-]+)?) (?:es|son) (?:una?|el|la|los|las) "
    ),
}
_OFTEN: Final = 3


def names(text: str, language: str) -> Iterator[tuple[str, float, Literal["term", "name"]]]:
    """Yield names, and nouns and pairs of words that keep coming back; the least sure of all."""
    if primary(language) != "de":
        for name, count in Counter(_PROPER.findall(text)).items():
            if len(set(name.split())) < len(name.split()):
                continue  # letters of a diagram
            if count > 1 and name.lower() not in text and not _tail(name, count, text):
                yield name, 1.2 if " " in name else 0.8, "name"
    for name in _subjects(text, language):
        yield name, 1.6, "term"
    counted = Counter(_nouns(text, language))
    for name, count in counted.items():
        if count >= _OFTEN:
            yield name, 0.9 if " " in name else 0.6, "term"


def _tail(name: str, count: int, text: str) -> bool:
    """Tell whether a name is mostly the end of a longer one ("Indian War", "French and Indian War")."""
    return 2 * len(re.findall(rf"[A-ZÀ-Þ][\w’'-]+ and {re.escape(name)}", text)) > count


def _subjects(text: str, language: str) -> Iterator[str]:
    """Yield what sentences of the form "An X is a …" are about."""
    found = _SUBJECT.get(primary(language))
    return (match["name"] for line in text.split("\n") if found and (match := found.match(line)))


def _nouns(text: str, language: str) -> Iterator[str]:
    code = primary(language)
    stop, articles = stop_words(code), frozenset(_ARTICLES.get(code, "").split())
    for line in text.split("\n"):
        row = words(line)
        for at, word in enumerate(row[1:], 1):
            before, after = row[at - 1].lower(), row[at + 1].lower() if at + 1 < len(row) else ""
            if word.lower() in stop or len(word) < 4 or word[0].isdigit():  # noqa: PLR2004
                continue
            if code == "de":
                if word[0].isupper():
                    yield word
            elif before in articles and (not after or after in stop):
                yield word
            elif (
                at > 1
                and before not in stop
                and row[at - 2].lower() in articles
                and (not after or after in stop)
            ):
                yield f"{row[at - 1]} {word}"
