"""Pages that our own export to Docusaurus (`service.export.docusaurus_page`) wrote, read. Pure.

The words that the export adds are taken off. What it wrote otherwise, so that MDX reads it as it
is, stays so and means the same.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from service.adopt.docusaurus.layout import admonitions, sections, words
from service.export.labels import LABELS
from service.textbook.content import BoosterKind, Question

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHOICE: Final = range(2, len(LETTERS) + 1)
"""How many options a question has: enough to choose, and a letter for each."""
TAKEAWAYS: Final = frozenset(words(each.takeaways) for each in LABELS.values())
KINDS: Final[Mapping[str, BoosterKind]] = {
    **{words(each.analogy): "analogy" for each in LABELS.values()},
    **{words(each.example): "example" for each in LABELS.values()},
    **{words(each.explanation): "explanation" for each in LABELS.values()},
}
"""What takeaways and boosters are called in the languages that exports know."""
_QUESTIONS: Final = frozenset(words(each.questions) for each in LABELS.values())
_KEY_POINTS: Final = frozenset(words(each.key_points) for each in LABELS.values())
_MINUTES: Final = frozenset(each.minutes for each in LABELS.values())
_NUMBER: Final = re.compile(r"[0-9]+")
_TURNED: Final = re.compile(r'\A<div dir="rtl"[^>]*>\n+(.*?)\n+</div>\s*\Z', re.DOTALL)
_TITLE: Final = re.compile(r"\s*# ([^\n]*)(?:\n+|\Z)")
_WRITTEN: Final = re.compile(r"\\([!-/:-@\[-`{-~\n])|&#([0-9]{1,7});")
_MARK: Final = "\N{RIGHT-TO-LEFT MARK}"
_ASKED: Final = re.compile(
    r"\u200f?\*\*[^\n]+\*\*\n\n(?P<text>.+?)\n\n"
    r"(?P<options>(?:- \u200f?\*\*[A-Z]\.\*\* [^\n]*\n)+)\n"
    r"<details>\n<summary>[^\n]*</summary>\n\n\u200f?\*\*(?P<key>[A-Z])\.\*\* [^\n]*\n\n"
    r"(?:(?P<why>(?:(?!</details>).)+?)\n\n)?</details>\s*",
    re.DOTALL,
)
_OPTION: Final = re.compile(r"- \u200f?\*\*[A-Z]\.\*\* ([^\n]*)")


def wrote(matter: Mapping[str, Any]) -> bool:
    """Tell by a page's front matter whether our export wrote it."""
    marks = matter.get("mdx") == {"format": "md"}, matter.get("custom_edit_url") == "null"
    return all(marks) and isinstance(matter.get("keywords"), list)


def is_contents(matter: Mapping[str, Any]) -> bool:
    """Tell whether a page of ours is that of the contents."""
    return matter.get("id") == "index"


def key_points(matter: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a chapter's key points, which stand among the keywords after the subject."""
    return tuple(one for one in matter["keywords"][1:] if isinstance(one, str))


def chapter(body: str) -> tuple[str, str, tuple[Question, ...]]:
    """Return a chapter's title, its text with boosters and takeaways, and its questions."""
    turned = _TURNED.match(body.strip())
    text = turned[1] if turned else body.strip()
    heading = _TITLE.match(text)
    title = _plain(heading[1]) if heading else ""
    text = text[heading.end() :] if heading else text
    first, _, rest = text.removeprefix(_MARK).partition("\n\n")
    said = first.rpartition("\n")[2].lstrip(_MARK).strip("*")
    if _NUMBER.sub("{}", said) in _MINUTES:
        text = rest
    return title, *_quiz(_below_key_points(text))


def _plain(markdown: str) -> str:
    """Return the text of which Markdown was made that shows it as it is."""
    return _WRITTEN.sub(_meant, markdown)


def _meant(found: re.Match[str]) -> str:
    """Return the character that was written so that it is no markup."""
    return found[1] or chr(min(int(found[2]), sys.maxunicode))


def _below_key_points(text: str) -> str:
    found = next(admonitions(text), None)
    if found is None or text[: found.start].strip() or words(found.title) not in _KEY_POINTS:
        return text
    return text[found.end :].lstrip("\n")


def _quiz(text: str) -> tuple[str, tuple[Question, ...]]:
    """Take the questions off the end of a page, where all of them can be read."""
    last = next((one for one in reversed(sections(text)) if one.level == 2), None)  # noqa: PLR2004
    if last is None or words(last.heading) not in _QUESTIONS:
        return text, ()
    asked = list(_asked(text[last.body :].strip() + "\n"))
    return (text[: last.start], tuple(asked)) if asked else (text, ())


def _asked(text: str) -> Iterator[Question]:
    at = 0
    found: list[Question] = []
    while match := _ASKED.match(text, at):
        options = tuple(map(_plain, _OPTION.findall(match["options"])))
        right = LETTERS.index(match["key"])
        if right >= len(options) or len(options) not in CHOICE:
            return
        # How difficult it is the export does not say, nor its topic.
        said, why = _plain(match["text"]), _plain(match["why"] or "")
        found.append(Question(said, options, right, "medium", "", why))
        at = match.end()
    if at == len(text):
        yield from found
