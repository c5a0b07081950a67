"""Which language a text is in, told by the little words that every sentence needs."""

# ruff: noqa: RUF001 - letters of other alphabets are meant

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final

from service.refusal import Invalid

UNKNOWN: Final = "und"  # BCP 47: undetermined
_WORD: Final = re.compile(r"[^\W\d_]+")
_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{2,8})*")
_READ: Final = 50_000  # characters of a text that are looked at
_LEAST: Final = 0.12  # share of a text's words that must be little words of its language
_CLEARER: Final = 1.25  # times as many as the next language has

_LITTLE: Final = {
    "en": "the of and to in is that it was for are with as be this by not or from which have an"
    " they their its has can these but when there into how what you we",
    "de": "der die das und ist nicht ein eine einen zu den von mit sich des auf für im dem als auch"
    " es an werden aus er hat dass sie nach bei einer um am sind noch wie einem über zum wird"
    " aber",
    "fr": "le la les et des est un une dans que qui pour pas sur au avec il ce par sont plus se du"
    " ne elle nous vous mais ou aux cette ces leur être sa son d l",
    "es": "el la los las y que en un una es por con para del se no al lo como más pero sus le ha o"
    " este sí porque esta entre cuando muy sin sobre también hasta son está",
    "it": "il lo la gli le e che di un una è per con non si da in sono del della dei delle nel alla"
    " come più anche ma se al questo questa ha o loro essere nella dal",
    "pt": "o a os as e que um uma é por com para do da dos das no na nos nas não se mais como mas"
    " ao ele foi são seu sua ou também pelo pela entre quando muito está",
    "nl": "de het een en van is dat in op te zijn met voor niet aan er om ook als door maar wordt"
    " bij uit nog naar dan worden deze hij ze heeft hun of over",
    "sv": "och att det som en på är av för med den till inte har de ett om var jag men han från vi"
    " så kan när eller efter också sig hur vid mot alla",
    "da": "og at det som en på er af for med den til ikke har de et om var jeg men han fra vi så"
    " kan når eller efter også sig hvor ved mod alle der blev",
    "no": "og at det som en på er av for med den til ikke har de et om var jeg men han fra vi så"
    " kan når eller etter også seg hvor ved mot alle der ble",
    "fi": "ja on ei se että hän oli ovat joka mutta kun niin myös tai sen kuin mitä ole vain siitä"
    " jos ne sekä jotka tämä tässä olla voi niiden ovat",
    "ru": "и в не на что с по это как он к но из у за от а для же так его то все она или был о если"
    " они мы при их чтобы только бы быть",
    "pl": "i w nie na że się z jest do to jak co o od po za ale przez dla są oraz jego tym ich ze"
    " być który która które może tak był przy lub",
    "tr": "ve bir bu da de için ile olarak çok daha en olan gibi kadar ne var sonra ancak her o ya"
    " ki olduğu ise değil veya göre",
    "hu": "a az és hogy nem is egy van ez de ha meg csak mint el már volt vagy azt ezt lehet amely"
    " aki minden között után",
    "ro": "și de la în a cu pe nu este un o din că se mai care pentru sunt sau al ale prin fi lui"
    " ca au fost această acest",
}


def _speakers() -> Mapping[str, tuple[str, ...]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for tag, words in _LITTLE.items():
        for word in set(words.split()):
            found[word].append(tag)
    return {word: tuple(tags) for word, tags in found.items()}


_SPEAKERS: Final = _speakers()


def detect(text: str, otherwise: str = UNKNOWN, least: int = 3) -> str:
    """Return the language of `text` as ``en``, ``de`` …, or `otherwise` where it is not clear.

    `least` is the number of little words below which nothing is claimed.
    """
    words = Counter(_WORD.findall(text[:_READ].lower()))
    hits: Counter[str] = Counter()
    for word, times in words.items():
        for tag in _SPEAKERS.get(word, ()):
            hits[tag] += times
    ranked = sorted(hits.items(), key=lambda hit: (-hit[1], hit[0]))
    if not ranked:
        return otherwise
    (best, most), (_, next_most) = ranked[0], (*ranked, ("", 0))[1]
    clear = most >= max(least, _LEAST * words.total()) and most >= _CLEARER * next_most
    return best if clear else otherwise


def primary(tag: str) -> str:
    """Return a language tag's first subtag in lower case (RFC 5646): ``en-GB`` gives ``en``.

    Raises `Invalid` for what is no such tag.
    """
    match = _TAG.fullmatch(tag.strip())
    if not match:
        raise Invalid(f"{tag[:40]!r} is not a language. Give a tag such as en, de or pt-BR.")
    return match[1].lower()


def hinted(tag: str) -> str:
    """Return what a file says of its language, or nothing where that is no language tag."""
    match = _TAG.fullmatch(tag.strip())
    return match[1].lower() if match else ""
