"""How long a text is: words that a reader reads, and the minutes that takes."""

import math
import re
from typing import Final

WORDS_PER_MINUTE: Final = 180
"""How fast somebody reads who learns."""
FENCED: Final = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
"""A block of code between fences."""
_WORD: Final = re.compile(r"\w+(?:[-'\u2019.]\w+)*")


def words(markdown: str) -> int:
    """Return the number of running words, those of code blocks left out."""
    return len(_WORD.findall(FENCED.sub("", markdown)))


def minutes(word_count: int) -> int:
    """Return the minutes it takes to read so many words, begun ones counted whole."""
    return math.ceil(word_count / WORDS_PER_MINUTE)
