"""The few words of a textbook's own, in the languages that the guide of a course speaks."""

from typing import Final

from msgspec import Struct

from service.generation.offline.reading.language import primary


class Saying(Struct, frozen=True):
    """Sentences of a textbook in one language; the names in braces are filled in."""

    described: str
    described_whole: str
    ask_clause: str
    ask_part: str
    ask_statement: str


ENGLISH: Final = Saying(
    described="This chapter goes through {parts}, from {sources}.",
    described_whole="This chapter is drawn from {sources}.",
    ask_clause="How does the text finish this sentence? {start} …",
    ask_part="Under which heading does the chapter say this? “{sentence}”",
    ask_statement="Which of these does the chapter say under “{heading}”?",
)
GERMAN: Final = Saying(
    described="Dieses Kapitel behandelt {parts}, aus {sources}.",
    described_whole="Dieses Kapitel ist aus {sources}.",
    ask_clause="Wie beendet der Text diesen Satz? {start} …",
    ask_part="Unter welcher Überschrift sagt das Kapitel dies? „{sentence}“",
    ask_statement="Was davon sagt das Kapitel unter „{heading}“?",
)
_SAYINGS: Final = {"de": GERMAN}


def saying(language: str) -> Saying:
    """Return the words in `language`; English ones where there are none."""
    return _SAYINGS.get(primary(language), ENGLISH)
