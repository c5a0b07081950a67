"""How long a text is: words that a reader reads, and the minutes that takes."""

import math
import re
import unicodedata
from typing import Final

WORDS_PER_MINUTE: Final = 180
"""How fast somebody reads who learns."""
FENCED: Final = re.compile(
    r"^ {0,3}(`{3,}(?=[^`\n]*$)|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
"""A block of code between fences, or to the end where nothing closes it (CommonMark 0.31, 4.5)."""
_WORD: Final = re.compile(r"\w+(?:[-'\u2019.]\w+)*")
_UNSPACED: Final = (
    (re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"), 2),
    (re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"), 4),
)
"""Letters of scripts that part no words (Chinese and Japanese; Thai, Lao, Burmese, Khmer), and how
many of them are counted as a word."""


def words(markdown: str) -> int:
    """Return the number of running words, those of code blocks left out."""
    text = FENCED.sub("", markdown)
    if text.isascii():
        return len(_WORD.findall(text))
    text = "".join(one for one in text if unicodedata.category(one)[0] != "M")  # no word ends there
    count = 0
    for letter, of_a_word in _UNSPACED:
        text, letters = letter.subn(" ", text)
        count += math.ceil(letters / of_a_word)
    return count + len(_WORD.findall(text))


def minutes(word_count: int) -> int:
    """Return the minutes it takes to read so many words, begun ones counted whole."""
    return math.ceil(word_count / WORDS_PER_MINUTE)
