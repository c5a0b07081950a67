"""The pages of a textbook for Docusaurus: Markdown that is read the same as MDX or CommonMark.

Front matter: https://docusaurus.io/docs/api/plugins/@docusaurus/plugin-content-docs#markdown-front-matter.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from msgspec import Struct

from service.course.content import Citation
from service.export.direction import of_language, well_formed
from service.export.labels import Labels, of
from service.export.mdx import Piece, pieces, sentence, written
from service.export.mdx_text import line, lines, literal, one_line
from service.textbook.content import Booster, KnownQuestion
from service.textbook.published import PublishedChapter, PublishedTextbook
from service.textbook.section import same

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LABEL_MAX: Final = 80
"""Characters of a title that the sidebar shows."""
KINDS: Final = {"analogy": "tip", "example": "note", "explanation": "note"}
"""The admonitions that boosters are: https://docusaurus.io/docs/markdown-features/admonitions."""
STROKE: Final = "\N{SET MINUS}"
"""What stands for a backslash in front matter, of which Docusaurus makes JavaScript unescaped."""
JOINER: Final = "\N{WORD JOINER}"
"""What nobody sees; it stands within what would be a tag."""
_SCRIPT: Final = re.compile(r"<(?=/?script|!--)", re.IGNORECASE)
_ESCAPED: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON lets pass and YAML does not (YAML 1.2, production 1)."""


class Frame(Struct, frozen=True):
    """What a chapter stands in: the words of its language, and the files beside it.

    `mark` begins a line of a book from right to left that begins with a letter of ours.
    """

    labels: Labels
    files: Collection[str]
    mark: str


def framed(book: PublishedTextbook, files: Collection[str]) -> Frame:
    """Return what the chapters of a book stand in, in a folder with `files`."""
    turned = of_language(book.language) == "rtl"
    return Frame(of(book.language), files, "\N{RIGHT-TO-LEFT MARK}" if turned else "")


def chapter_page(
    book: PublishedTextbook, chapter: PublishedChapter, files: Collection[str]
) -> bytes:
    """Return the page of a chapter, in a folder with `files`."""
    frame, title = framed(book, files), one_line(chapter.title)
    matter = {
        "id": chapter.path.removesuffix(".md"),
        "title": title,
        "sidebar_label": f"{chapter.number}. {short(title)}",
        "sidebar_position": chapter.number,
        "description": one_line(chapter.description) or title,
        "keywords": [
            word for each in (book.subject, *chapter.key_points) if (word := one_line(each))
        ],
        "slug": f"/{book.slug}/{chapter.slug}",
    }
    blocks = (*_opening(chapter, frame), *_woven(chapter, frame), *_closing(chapter, frame))
    return page(book, matter, title, blocks)


def index_page(book: PublishedTextbook, names: Mapping[int, str]) -> bytes:
    """Return the page of contents; `names` are the files of the chapters by number."""
    labels, title = of(book.language), one_line(book.title)
    facts = [line(each) for each in (book.subject, labels.audience.format(book.audience)) if each]
    matter = {
        "id": "index",
        "title": title,
        "sidebar_label": labels.contents,
        "sidebar_position": 0,
        "description": one_line(f"{book.title}. {labels.audience.format(book.audience)}"),
        "keywords": [one_line(book.subject)],
        "slug": f"/{book.slug}",
        "hide_table_of_contents": True,
    }
    published = book.published_at.astimezone(UTC).date().isoformat()
    entries = [_entry(each, names[each.number], labels) for each in book.chapters]
    blocks = [
        " · ".join(facts),
        f"## {labels.contents}",
        "\n".join(entries),
        f"*{labels.edition.format(published)}*",
    ]
    return page(book, matter, title, blocks)


def page(
    book: PublishedTextbook, matter: Mapping[str, Any], title: str, blocks: Sequence[str]
) -> bytes:
    """Return a file of front matter and `blocks`, turned where the book runs from right to left."""
    fields = {**matter, "custom_edit_url": None, "mdx": {"format": "md"}}
    blocks = [f"# {line(title)}", *blocks]
    if of_language(book.language) == "rtl":
        fields["hide_title"] = True
        blocks = [f'<div dir="rtl" lang="{well_formed(book.language)}">', *blocks, "</div>"]
    front = "\n".join(
        ("---", *(f"{name}: {quoted(value)}" for name, value in fields.items()), "---")
    )
    return "\n\n".join((front, *filter(None, blocks))).encode() + b"\n"


def quoted(value: object) -> str:
    """Return a value as YAML, which JSON is, that Docusaurus takes for what it says."""
    text = safe(json.dumps(value, ensure_ascii=False).replace("\\\\", STROKE))
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def safe(title: str) -> str:
    """Return a title that ends no script, as Docusaurus names it in one (JSON-LD) unescaped."""
    return _SCRIPT.sub(f"<{JOINER}", title)


def short(title: str) -> str:
    """Return a title as it is shown where there is little room."""
    return title if len(title) <= LABEL_MAX else f"{title[: LABEL_MAX - 1].rstrip()}…"


def _entry(chapter: PublishedChapter, name: str, labels: Labels) -> str:
    words = [f"{chapter.number}. [{line(chapter.title)}](<./{name}>)"]
    words += [f"   {line(chapter.description)}"] if one_line(chapter.description) else []
    words += [f"   *{labels.minutes.format(chapter.reading_time_minutes)}*"]
    return "\\\n".join(words)


def _opening(chapter: PublishedChapter, frame: Frame) -> Iterator[str]:
    """Yield what stands before a chapter's text."""
    about = line(chapter.description)
    minutes = f"*{frame.labels.minutes.format(chapter.reading_time_minutes)}*"
    yield f"{about}\\\n{minutes}" if about else minutes
    if chapter.key_points:
        yield _admonition("info", frame.labels.key_points, _listed(chapter.key_points, frame))


def _woven(chapter: PublishedChapter, frame: Frame) -> Iterator[str]:
    """Yield the text, each booster at the end of the section that it helps with."""
    found = pieces(chapter.markdown, frame.files)
    waiting: dict[int, list[Booster]] = {}
    for booster in sorted(chapter.boosters, key=lambda each: each.position):
        waiting.setdefault(_end(found, booster.section_ref), []).append(booster)
    for place in range(len(found) + 1):
        yield found[place - 1].text if place else ""
        yield from (_aside(each, frame) for each in waiting.get(place, ()))


def _end(found: Sequence[Piece], heading: str) -> int:
    """Return how many sections stand before the end of the first called `heading`, or of all."""
    named = (at for at, each in enumerate(found) if each.level and same(each.heading, heading))
    start = next(named, None) if heading else None
    if start is None:
        return len(found)
    ends = range(start + 1, len(found))
    return next((at for at in ends if found[at].level <= found[start].level), len(found))


def _closing(chapter: PublishedChapter, frame: Frame) -> Iterator[str]:
    """Yield what stands after a chapter's text: takeaways, questions, sources."""
    if chapter.takeaways:
        yield f"## {frame.labels.takeaways}"
        yield _listed(chapter.takeaways, frame)
    if chapter.questions:
        yield f"## {frame.labels.questions}"
    for number, question in enumerate(chapter.questions, 1):
        yield from _asked(number, question, frame)
    if said := _sources(chapter.sources, frame):
        yield f"___\n\n{said}"


def _asked(number: int, question: KnownQuestion, frame: Frame) -> Iterator[str]:
    """Yield a question, its options, and its answer folded away."""
    yield f"**{frame.labels.question.format(number)}**"
    yield lines(question.text)
    options = [literal(one_line(each)) for each in question.options]
    listed = [
        f"{frame.mark}**{letter}.** {words}"
        for letter, words in zip(LETTERS, options, strict=False)
    ]
    yield "\n".join(f"- {each}" for each in listed)
    yield f"<details>\n<summary>{frame.labels.answer}</summary>"
    yield listed[question.correct_index]
    yield lines(question.explanation)
    yield "</details>"


def _aside(booster: Booster, frame: Frame) -> str:
    """Return a booster, and what it rests on."""
    names = {
        "analogy": frame.labels.analogy,
        "example": frame.labels.example,
        "explanation": frame.labels.explanation,
    }
    said = _sources(booster.sources, frame)
    body = "\n\n".join(filter(None, (written(booster.content, frame.files), said)))
    return _admonition(KINDS[booster.kind], names[booster.kind], body)


def _sources(sources: Sequence[Citation], frame: Frame) -> str:
    """Return the paths of what something rests on, each once."""
    paths = dict.fromkeys(one_line(source.path) for source in sources)
    return "\\\n".join(f"*{line(frame.labels.source.format(path))}*" for path in paths)


def _admonition(kind: str, label: str, body: str) -> str:
    return f":::{kind}[{line(label)}]\n\n{body}\n\n:::"


def _listed(points: Sequence[str], frame: Frame) -> str:
    return "\n".join(f"- {words}" for each in points if (words := sentence(each, frame.files)))
