"""A source as a reader takes it in: sections of passages that can each stand alone."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct

from service.generation.offline.reading import heading, objective, sentence
from service.generation.offline.reading.block import Block, blocks
from service.generation.offline.reading.language import words
from service.generation.offline.reading.sentence import Sentence
from service.library.material import Material

Form = Literal["prose", "list", "steps", "definition", "table", "code", "formula"]

_LONGEST_CODE: Final = 30  # lines
_LONGEST_TABLE: Final = 16
_MARKUP: Final = re.compile(
    r"^\s*(?:\.[a-z][\w.-]*$|\.\w+: |include \S+$|(?:img|svg|figure|div|p|span|x-[\w-]+)[.(:#])",
    re.MULTILINE,
)  # the page's own components, not code that is taught
_DIRECTIVE: Final = re.compile(r"[`~:]{3,}\{(?!code|sourcecode)")  # MyST boxes: ```{note}
_FOOTNOTE: Final = re.compile(r"\\?\[\d{1,3}\\?\] \w")  # what it belongs to stands elsewhere
_SLIGHT: Final = 5  # words; so little beside other passages is a remark in passing
_REST: Final = 3  # sentences; the only one left of so many says little without them
_STRESSED: Final = re.compile(r"[*_]{1,2}\w")
_FEWEST_LABELS: Final = 3
_LABEL: Final = re.compile(
    r"^(?!(?:if|when|in|at|on|wenn) )((?:[^\s:.]+ ){0,5}[^\s:.]+):\s", re.IGNORECASE
)
_LINKED: Final = re.compile(r"\]\(|\]\[|\[\[|https?://")


class Part(Struct, frozen=True):
    """A run of sentences, or a list, table, code block or formula as ``source[start:end]``.

    A list has one sentence an item, `depths` beside them; a definition has its term and meaning.
    """

    form: Form
    start: int
    end: int
    sentences: tuple[Sentence, ...] = ()
    depths: tuple[int, ...] = ()

    @property
    def labels(self) -> list[str]:
        """The names of a list's items ("Light: …"); none unless every item has one."""
        found = [_LABEL.match(one.plain) for one in self.sentences]
        named = len(found) >= _FEWEST_LABELS and all(found)
        return [match[1] for match in found if match] if named else []


class Passage(Struct, frozen=True):
    """Parts that belong together; nothing in them leans on what stands outside."""

    parts: tuple[Part, ...]

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence and list item, in order."""
        return tuple(one for part in self.parts for one in part.sentences)

    @property
    def words(self) -> int:
        """How many running words there are to read."""
        return sum(len(words(one.plain)) for one in self.sentences)


class Section(Struct, frozen=True):
    """What stands under one heading of a source; `path` leads to it from below the title."""

    source: int
    path: tuple[str, ...]
    level: int
    role: heading.Role
    passages: tuple[Passage, ...]
    objectives: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The innermost heading, empty where a source begins without one."""
        return self.path[-1] if self.path else ""

    @property
    def words(self) -> int:
        """How many running words there are to read."""
        return sum(passage.words for passage in self.passages)


def sections(source: int, material: Material, start: int, end: int) -> Iterator[Section]:
    """Yield the sections of ``material.text[start:end]`` in order, the empty ones left out."""
    text = material.text
    path: list[tuple[int, str]] = []
    gathered: list[Block] = []

    def finished() -> Iterator[Section]:
        names = tuple(name for _, name in path if name.lower() != material.title.strip().lower())
        role = heading.role(names)
        names = heading.telling(names)
        aims, rest = objective.taken(text, gathered, role)
        every = list(_passages(text, rest, material.language))
        passages = tuple(one for one in every if one.words > _SLIGHT or len(every) == 1)
        if passages or aims:
            yield Section(source, names, path[-1][0] if path else 0, role, passages, aims)

    for block in blocks(text, start, end):
        level = heading.level(text, block)
        if not level:
            gathered.append(block)
            continue
        yield from finished()
        path = [one for one in path if one[0] < level]
        path.append((level, heading.clean(text[block.start : block.end])))
        gathered = []
    yield from finished()


def _passages(text: str, found: Sequence[Block], language: str) -> Iterator[Passage]:
    """Group blocks: what leans on the block before it, or is announced by it, goes with it."""
    open_parts: list[Part] = []
    joined = True  # the block before, if any, was kept to its end
    for at, block in enumerate(found):
        following = found[at + 1] if at + 1 < len(found) else None
        part = _part(text, block, following, language, leaning=joined)
        announced = joined and bool(open_parts) and _announcing(open_parts[-1])
        bare = part is not None and part.form == "code" and text[part.start] not in "`~"
        if part is None or (bare and not announced):
            joined = False
            continue
        if not announced and not (joined and open_parts and _leans(part, language)):
            if open_parts:
                yield Passage(tuple(open_parts))
            open_parts = []
        open_parts.append(part)
        joined = _whole(text, block, part)
    if open_parts:
        yield Passage(tuple(open_parts))


def _announcing(part: Part) -> bool:
    return bool(part.sentences) and part.sentences[-1].plain.endswith(":")


def _leans(part: Part, language: str) -> bool:
    if part.form == "prose":
        return sentence.dangles(part.sentences[0], language)
    return part.form in ("code", "formula")


def _whole(text: str, block: Block, part: Part) -> bool:
    """Tell whether the end of `block` was kept, so that what follows may lean on it."""
    return part.form != "prose" or not text[part.end : block.end].strip("*_ \n")


def _part(
    text: str, block: Block, following: Block | None, language: str, *, leaning: bool
) -> Part | None:
    raw = text[block.start : block.end]
    if _FOOTNOTE.match(raw):
        return None
    if block.kind == "paragraph" and raw.startswith(("$$", "\\[")):
        return Part("formula", block.start, block.end) if leaning else None
    if block.kind == "paragraph" and (colon := raw.find("\n: ")) > 0:
        return _definition(text, block, block.start + colon)
    if block.kind == "paragraph":
        return _prose(text, block, following, language, leaning=leaning)
    if block.kind == "list":
        return _list(text, block)
    if block.kind == "table":
        short = raw.count("\n") < _LONGEST_TABLE and "![" not in raw
        return Part("table", block.start, block.end) if short else None
    return Part("code", block.start, block.end) if leaning and _usable_code(raw) else None


def _definition(text: str, block: Block, colon: int) -> Part | None:
    """Return a definition list's entry (Markdown Extra, "term" then ": meaning")."""
    end = text.find("\n", colon + 1, block.end)
    name = sentence.sentence(text, block.start, colon)
    meaning = sentence.sentence(text, colon + 3, end if end > 0 else block.end)
    if name is None or meaning is None:
        return None
    return Part("definition", block.start, meaning.end, (name, meaning))


def _usable_code(raw: str) -> bool:
    if "{{#" in raw or _DIRECTIVE.match(raw) or (raw[0] not in "`~" and _MARKUP.search(raw)):
        return False
    return raw.count("\n") <= _LONGEST_CODE and bool(raw.strip("`~ \n"))


def _prose(
    text: str, block: Block, following: Block | None, language: str, *, leaning: bool
) -> Part | None:
    whole = sentence.sentences(text, block.start, block.end)
    found = sentence.kept(whole, language, leaning=leaning)
    if len(found) == 1 and not _STRESSED.search(found[0].shown) and _torn(whole):
        return None
    while (
        found
        and found[-1].plain.endswith(":")
        and not _announces(text, block, found[-1], following)
    ):
        found.pop()
    return Part("prose", found[0].start, found[-1].end, tuple(found)) if found else None


def _torn(whole: Sequence[Sentence]) -> bool:
    """Tell whether one sentence left of these would be a scrap: of many, or of a question."""
    return len(whole) >= _REST or (len(whole) > 1 and any("?" in one.plain for one in whole))


def _announces(text: str, block: Block, last: Sentence, following: Block | None) -> bool:
    if following is None or text[last.end : block.end].strip("*_ \n"):
        return False
    raw = text[following.start : following.end]
    if following.kind == "list":
        return _list(text, following) is not None
    return (
        (following.kind == "code" and _usable_code(raw))
        or following.kind == "table"
        or raw.startswith("$$")
    )


def _list(text: str, block: Block) -> Part | None:
    """Return a list that reads as text: no menu of links, no bare fragments pointing elsewhere."""
    found = [(sentence.sentence(text, item.start, item.end), item.depth) for item in block.items]
    good = [(one, depth) for one, depth in found if one is not None and _reads(one)]
    if block.ordered and len(good) * 4 >= len(found) * 3:  # a step is never left out
        good = [(one, depth) for one, depth in found if one is not None]
    linked = sum(bool(_LINKED.search(text[item.start : item.end])) for item in block.items)
    if len(good) < 2 or len(good) * 4 < len(block.items) * 3 or linked * 2 > len(block.items):  # noqa: PLR2004
        return None
    form: Form = "steps" if block.ordered and len(good) == len(block.items) else "list"
    return Part(
        form,
        block.start,
        block.end,
        tuple(one for one, _ in good),
        tuple(depth for _, depth in good),
    )


def _reads(item: Sentence) -> bool:
    ended = item if item.plain.endswith((".", "!", "?", ":")) else None
    return sentence.points_nowhere(item) and (ended is None or not item.plain.endswith("?"))
