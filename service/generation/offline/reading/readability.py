"""How hard a text is to read, and how hard it was asked to be."""

import re
from statistics import fmean
from typing import Final

from service.course.content import Readability
from service.generation.offline.reading import language as tongue

_VOWELS: Final = re.compile(r"[aeiouyäöüáéíóúàèùâêîôû]+", re.IGNORECASE)
_ENDS: Final = re.compile(r"[.!?:;]+(?:\s|$)")
_NUMBER: Final = re.compile(r"\d+")
_BRITISH: Final = re.compile(r"\byear\b", re.IGNORECASE)
_AGE: Final = re.compile(r"\bage[ds]?\b|\bjahre\b|\balter\b", re.IGNORECASE)
_STAGES: Final = (
    (("kindergarten", "preschool", "vorschule"), 1.0),
    (("postgraduate", "graduate school", "master", "phd", "doctora"), 16.0),
    (("university", "college", "undergraduate", "bachelor", "universi", "hochschul"), 14.0),
    (("adult", "advanced", "professional", "fortgeschritten", "erwachsen"), 13.0),
    (("a-level", "a level", "sixth form", "oberstufe", "abitur", "lycée", "bachillerato"), 12.0),
    (("high school", "secondary", "intermediate", "gcse", "sekundar"), 10.0),
    (("middle school", "mittelstufe", "mittelschule", "collège"), 7.0),
    (("beginner", "anfänger", "einsteiger"), 7.0),
    (("elementary", "primary", "grundschule", "primaire", "primaria"), 4.0),
)  # fmt: skip
_HIGHEST: Final = 18.0


def target(grade_level: str) -> float | None:
    """Return the US school grade that `grade_level` asks for, None where it names none.

    Understood are "Grade 8", "8", "Klasse 8", "Year 9" (one grade lower), "age 13" (five lower)
    and stages such as "university".
    """
    text = grade_level.lower()
    if number := _NUMBER.search(text):
        shift = 5 if _AGE.search(text) else 1 if _BRITISH.search(text) else 0
        return min(max(float(number[0]) - shift, 1.0), _HIGHEST)
    return next((grade for names, grade in _STAGES if any(name in text for name in names)), None)


def measure(text: str, language: str) -> Readability:
    """Return how hard `text` (plain words) reads, as a US school grade, never below 0.

    English: the mean of Flesch-Kincaid (1975), ARI (1967) and Coleman-Liau (1975). German: the
    first Wiener Sachtextformel (Bamberger and Vanecek, 1984), whose figure is a German school year.
    Others: the mean of ARI and Coleman-Liau, which count letters; use it to compare, not to grade.
    """
    words = tongue.words(text)
    if not words:
        return Readability(0.0, 0)
    sentences = max(len(_ENDS.findall(text)), 1)
    grade = _grade(words, sentences, tongue.primary(language))
    return Readability(round(min(max(grade, 0.0), _HIGHEST), 1), len(words))


def _grade(words: list[str], sentences: int, language: str) -> float:
    length = len(words) / sentences
    letters = sum(map(len, words)) / len(words)
    if language == "de":
        return _wiener(words, length)
    automated = 4.71 * letters + 0.5 * length - 21.43
    coleman = 5.88 * letters - 29.6 / length - 15.8
    if language != "en":
        return fmean((automated, coleman))
    beats = sum(map(_syllables, words)) / len(words)
    return fmean((automated, coleman, 0.39 * length + 11.8 * beats - 15.59))


def _wiener(words: list[str], length: float) -> float:
    beats = [len(_VOWELS.findall(word)) for word in words]
    share = 100 / len(words)
    long, single = sum(n > 2 for n in beats) * share, sum(n <= 1 for n in beats) * share  # noqa: PLR2004
    wide = sum(len(word) > 6 for word in words) * share  # noqa: PLR2004
    return 0.1935 * long + 0.1672 * length + 0.1297 * wide - 0.0327 * single - 0.875


def _syllables(word: str) -> int:
    """Count English syllables by groups of vowels; the silent e does not sound."""
    low = word.lower()
    silent = low.endswith(("e", "es", "ed")) and not low.endswith(
        ("le", "ted", "ded", "ses", "zes")
    )
    return max(len(_VOWELS.findall(low)) - silent, 1)
