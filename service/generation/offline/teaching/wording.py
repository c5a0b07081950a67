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
    met: str
    taken_from: str
    been_through: str
    can_say: str
    in_short: str
    main_points: str
    coming: str
    last: str
    described: str
    described_in: str
    described_from: str
    described_parts: str
    described_plain: str
    part: str
    objective_terms: str
    objective_names: str
    objective_about: str
    objective_question: str
    objective_how: str
    objective_what: str
    objective_why: str
    objective_apart: str
    objective_points: str
    objective_years: str
    objective_describe: str
    objective_steps: str
    objective_table: str
    objective_section: str
    ask_gap: str
    ask_meaning: str
    ask_term: str
    ask_next: str
    ask_table: str
    ask_year: str
    ask_cause: str
    ask_why: str
    ask_listed: str
    ask_open_term: str
    ask_open_section: str
    ask_rest: str
    because: str
    because_term: str
    because_steps: str
    because_listed: str
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
    works_through="It goes through {headings}.",
    minutes="Reading it takes about {minutes} min.",
    builds_on="It follows on from lesson {number}, {title}.",
    met="Words from earlier lessons that you need again: {terms}.",
    taken_from="Source: {sources}",
    been_through="This lesson was about {about}.",
    can_say="Before you go on, say in your own words what is meant by {terms}.",
    in_short="The source sums it up like this:",
    main_points="The main points, in the words of the source:",
    coming="Next comes lesson {number}, {title}.",
    last="This is the last lesson of the course.",
    described="In this lesson you read about {terms}{where}.",
    described_in=", in the parts {parts} of {sources}",
    described_from=", from {sources}",
    described_parts="In this lesson you read {parts}, from {sources}.",
    described_plain="This lesson is drawn from {sources}.",
    part="{title}, part {number}",
    objective_terms="Explain what is meant by {terms}",
    objective_names="Say what part is played by {terms}",
    objective_about="Say what the lesson tells about {terms}",
    objective_question="Answer the question {heading}",
    objective_how="Explain {heading}",
    objective_what="Say {heading}",
    objective_why="Explain why {effect}",
    objective_apart="Tell {terms} apart",
    objective_points="Name and explain the points listed under {heading}: {names}",
    objective_years="Tell what happened in {years}",
    objective_describe="Describe {heading}",
    objective_steps="Put the steps under {heading} in the right order",
    objective_table="Use the table under {heading} to compare its entries",
    objective_section="Retell in your own words what {heading} says",
    ask_gap="Fill the gap: {sentence}",
    ask_meaning="What is meant by “{term}”?",
    ask_term="Which term fits this description? “{meaning}”",
    ask_next="In the steps under “{heading}”, what comes directly after “{step}”?",
    ask_table="In the table under “{heading}”, which entry for “{column}” belongs to “{row}”?",
    ask_year="Which year belongs in the gap? {sentence}",
    ask_cause="According to the text, what is the reason? {effect}, because …",
    ask_why="Explain in your own words why {effect}.",
    ask_listed="Which of these does the text list under “{heading}”?",
    ask_open_term="Explain in your own words: what is meant by “{term}”?",
    ask_open_section="In your own words: what is the main point of “{heading}”?",
    ask_rest="Finish the sentence from memory: {start} …",
    because="From the source: {sentence}",
    because_term="From the source: {term}: {meaning}",
    because_steps="The source lists the steps in this order: {steps}.",
    because_listed="The text lists under this heading: {names}.",
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
    works_through="Sie behandelt {headings}.",
    minutes="Das Lesen dauert etwa {minutes} min.",
    builds_on="Sie schließt an Lektion {number} an: {title}.",
    met="Begriffe aus früheren Lektionen, die du wieder brauchst: {terms}.",
    taken_from="Quelle: {sources}",
    been_through="In dieser Lektion ging es um {about}.",
    can_say="Erkläre, bevor du weitergehst, mit eigenen Worten: {terms}.",
    in_short="Die Quelle fasst es so zusammen:",
    main_points="Die Hauptpunkte in den Worten der Quelle:",
    coming="Als Nächstes folgt Lektion {number}: {title}.",
    last="Dies ist die letzte Lektion des Kurses.",
    described="In dieser Lektion liest du über {terms}{where}.",
    described_in=", in den Teilen {parts} von {sources}",
    described_from=", aus {sources}",
    described_parts="In dieser Lektion liest du {parts}, aus {sources}.",
    described_plain="Diese Lektion ist aus {sources}.",
    part="{title}, Teil {number}",
    objective_terms="Erklären, was gemeint ist mit: {terms}",
    objective_names="Sagen, welche Rolle spielt: {terms}",
    objective_about="Sagen, was die Lektion erzählt über: {terms}",
    objective_question="Die Frage {heading} beantworten",
    objective_how="{heading} erklären",
    objective_what="{heading} sagen können",
    objective_why="Erklären, warum das gilt: {effect}",
    objective_apart="Unterscheiden: {terms}",
    objective_points="Die Punkte unter {heading} nennen und erklären: {names}",
    objective_years="Sagen, was in diesen Jahren geschah: {years}",
    objective_describe="Beschreiben: {heading}",
    objective_steps="Die Schritte unter {heading} in die richtige Reihenfolge bringen",
    objective_table="Mit der Tabelle unter {heading} die Angaben vergleichen",
    objective_section="Mit eigenen Worten wiedergeben, was unter {heading} steht",
    ask_gap="Fülle die Lücke: {sentence}",
    ask_meaning="Was ist mit „{term}“ gemeint?",
    ask_term="Welcher Begriff passt zu dieser Beschreibung? „{meaning}“",
    ask_next="Was folgt bei den Schritten unter „{heading}“ unmittelbar auf „{step}“?",
    ask_table="Welcher Eintrag für „{column}“ gehört in der Tabelle unter „{heading}“ zu „{row}“?",
    ask_year="Welche Jahreszahl gehört in die Lücke? {sentence}",
    ask_cause="Welchen Grund nennt der Text? {effect}, weil …",
    ask_why="Erkläre mit eigenen Worten den Grund: {effect}. Warum?",
    ask_listed="Was davon nennt der Text unter „{heading}“?",
    ask_open_term="Erkläre mit eigenen Worten: Was ist mit „{term}“ gemeint?",
    ask_open_section="Mit eigenen Worten: Was ist der Hauptpunkt von „{heading}“?",
    ask_rest="Beende den Satz aus dem Gedächtnis: {start} …",
    because="Aus der Quelle: {sentence}",
    because_term="Aus der Quelle: {term}: {meaning}",
    because_steps="Die Quelle nennt die Schritte in dieser Reihenfolge: {steps}.",
    because_listed="Der Text nennt unter dieser Überschrift: {names}.",
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
