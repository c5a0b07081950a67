"""A textbook's questions as Moodle XML, which says more of a question than GIFT can.

A question's id is its ``idnumber``; its name is its first words, since that is what teachers see
in a bank of questions. Format: https://docs.moodle.org/en/Moodle_XML_format
"""

from typing import Final
from xml.etree import ElementTree as ET

from service.export.direction import Direction, of_language
from service.export.plain import directed, html, line
from service.export.question import category, tags
from service.textbook.content import KnownQuestion
from service.textbook.published import PublishedChapter, PublishedTextbook

MEDIA: Final = "application/xml; charset=utf-8"
LONGEST_NAME: Final = 100
PLAIN: Final = {
    "defaultgrade": "1",
    "penalty": "0.3333333",
    "hidden": "0",
    "single": "true",
    "shuffleanswers": "true",
    "answernumbering": "ABCD",
}
"""What is the same of every question: one right answer, shuffled, a third off for a wrong try."""


def moodle(book: PublishedTextbook) -> bytes:
    """Return all questions of `book`, those of a chapter in a category of its own."""
    quiz = ET.Element("quiz")
    around = of_language(book.language)
    for chapter in book.chapters:
        if chapter.questions:
            quiz.append(_category(book, chapter))
        quiz.extend(_question(each, around) for each in chapter.questions)
    ET.indent(quiz)
    made: bytes = ET.tostring(quiz, encoding="UTF-8", xml_declaration=True)
    return made + b"\n"


def _category(book: PublishedTextbook, chapter: PublishedChapter) -> ET.Element:
    found = ET.Element("question", type="category")
    _text(found, "category", category(book, chapter))
    _text(found, "info", html(chapter.description), format="html")
    ET.SubElement(found, "idnumber").text = str(chapter.id)
    return found


def _question(question: KnownQuestion, around: Direction) -> ET.Element:
    found = ET.Element("question", type="multichoice")
    _text(found, "name", line(question.text, LONGEST_NAME) or str(question.id))
    _text(found, "questiontext", directed(question.text, around), format="html")
    _text(found, "generalfeedback", directed(question.explanation, around), format="html")
    ET.SubElement(found, "idnumber").text = str(question.id)
    for name, value in PLAIN.items():
        ET.SubElement(found, name).text = value
    for at, option in enumerate(question.options):
        fraction = "100" if at == question.correct_index else "0"
        _text(found, "answer", directed(option, around), fraction=fraction, format="html")
    labels = ET.SubElement(found, "tags")
    for tag in tags(question):
        _text(labels, "tag", tag)
    return found


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    found = ET.SubElement(parent, name, attributes)
    ET.SubElement(found, "text").text = text
