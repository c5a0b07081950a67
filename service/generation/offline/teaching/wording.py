"""The guide's own words: short, honest framing around what the sources say."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from service.generation.offline.reading.language import primary


class Wording(Struct, frozen=True):
    """Sentences of the guide in one language; the names in braces are filled in."""

    conjunction: str
    opens: str
    closes: str
    about: str
    learn: str
    continued: str
    terms: str
    worth: str
    recap: str
    introduces: str
    works_through: str
    minutes: str
    builds_on: str
    taken_from: str
    been_through: str
    can_say: str
    in_short: str
    coming: str
    last: str
    described: str
    objective_terms: str
    objective_names: str
    objective_question: str
    objective_steps: str
    objective_table: str
    objective_section: str
    ask_gap: str
    ask_meaning: str
    ask_term: str
    ask_next: str
    ask_table: str
    ask_year: str
    ask_open_term: str
    ask_open_section: str
    ask_rest: str
    because: str
    because_term: str
    because_steps: str
    because_table: str


ENGLISH: Final = Wording(
    conjunction="and",
    opens="“",
    closes="”",
    about="What this lesson is about",
    learn="What you will learn",
    continued="{heading} (continued)",
    terms="Key terms",
    worth="Worth remembering",
    recap="Recap",
    introduces="This lesson is about {terms}.",
    works_through="It has {count} parts: {headings}.",
    minutes="Reading it takes about {minutes} min.",
    builds_on="It follows on from lesson {number}, {title}.",
    taken_from="Source: {sources}",
    been_through="You have read about {headings}.",
    can_say="Before you go on, say in your own words what is meant by {terms}.",
    in_short="In the words of the source:",
    coming="Next comes lesson {number}, {title}.",
    last="This is the last lesson of the course.",
    described="{headings}, from {sources}.",
    objective_terms="Explain what is meant by {terms}",
    objective_names="Say what part is played by {terms}",
    objective_question="Answer the question {heading}",
    objective_steps="Put the steps under {heading} in the right order",
    objective_table="Read off and compare what the table under {heading} shows",
    objective_section="Sum up the main points of {heading}",
    ask_gap="Fill the gap: {sentence}",
    ask_meaning="What does the text say about “{term}”?",
    ask_term="Which term is described here? {meaning}",
    ask_next="In the steps under “{heading}”, what comes directly after “{step}”?",
    ask_table="In the table under “{heading}”, which entry for “{column}” belongs to “{row}”?",
    ask_year="Which year belongs in the gap? {sentence}",
    ask_open_term="Explain in your own words: what is meant by “{term}”?",
    ask_open_section="In your own words: what is the main point of “{heading}”?",
    ask_rest="Finish the sentence from memory: {start} …",
    because="From the source: {sentence}",
    because_term="From the source: {term}: {meaning}",
    because_steps="The source lists the steps in this order: {steps}.",
    because_table="The row of the table reads: {row}.",
)

GERMAN: Final = Wording(
    conjunction="und",
    opens="„",
    closes="“",
    about="Worum es geht",
    learn="Was du lernst",
    continued="{heading} (Fortsetzung)",
    terms="Wichtige Begriffe",
    worth="Zum Merken",
    recap="Rückblick",
    introduces="In dieser Lektion geht es um {terms}.",
    works_through="Sie hat {count} Teile: {headings}.",
    minutes="Das Lesen dauert etwa {minutes} min.",
    builds_on="Sie schließt an Lektion {number} an: {title}.",
    taken_from="Quelle: {sources}",
    been_through="Du hast gelesen über: {headings}.",
    can_say="Erkläre, bevor du weitergehst, mit eigenen Worten: {terms}.",
    in_short="In den Worten der Quelle:",
    coming="Als Nächstes folgt Lektion {number}: {title}.",
    last="Dies ist die letzte Lektion des Kurses.",
    described="{headings}, aus {sources}.",
    objective_terms="Erklären, was gemeint ist mit: {terms}",
    objective_names="Sagen, welche Rolle spielt: {terms}",
    objective_question="Die Frage beantworten: {heading}",
    objective_steps="Die Schritte unter {heading} in die richtige Reihenfolge bringen",
    objective_table="Die Tabelle unter {heading} lesen und ihre Angaben vergleichen",
    objective_section="Die Hauptpunkte von {heading} zusammenfassen",
    ask_gap="Fülle die Lücke: {sentence}",
    ask_meaning="Was sagt der Text über „{term}“?",
    ask_term="Welcher Begriff ist gemeint? {meaning}",
    ask_next="Was folgt bei den Schritten unter „{heading}“ unmittelbar auf „{step}“?",
    ask_table="Welcher Eintrag für „{column}“ gehört in der Tabelle unter „{heading}“ zu „{row}“?",
    ask_year="Welche Jahreszahl gehört in die Lücke? {sentence}",
    ask_open_term="Erkläre mit eigenen Worten: Was ist mit „{term}“ gemeint?",
    ask_open_section="Mit eigenen Worten: Was ist der Hauptpunkt von „{heading}“?",
    ask_rest="Beende den Satz aus dem Gedächtnis: {start} …",
    because="Aus der Quelle: {sentence}",
    because_term="Aus der Quelle: {term}: {meaning}",
    because_steps="Die Quelle nennt die Schritte in dieser Reihenfolge: {steps}.",
    because_table="Die Zeile der Tabelle lautet: {row}.",
)

_WORDINGS: Final = {"de": GERMAN}


def wording(language: str) -> Wording:
    """Return the guide's words in `language`; English where the guide does not speak it."""
    return _WORDINGS.get(primary(language), ENGLISH)


def series(names: Sequence[str], say: Wording, *, stop: str = ", ") -> str:
    """Return ``a, b and c``."""
    if len(names) < 2:  # noqa: PLR2004 - one alone needs no conjunction
        return "".join(names)
    return f"{stop.join(names[:-1])} {say.conjunction} {names[-1]}"


def quoted(text: str, say: Wording) -> str:
    """Return `text` between the quotation marks of the language."""
    return f"{say.opens}{text}{say.closes}"
