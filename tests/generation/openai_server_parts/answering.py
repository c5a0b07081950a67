"""Answers of the test server: objects that fit the schema asked for, with quotes that are true.

Sources are found in the messages where they stand as ``<source n="1" …>text</source>`` (or
`chunk`, `excerpt`; `n`, `id` or `number`), else as blocks that begin with a line ``[1] …``. An
object with a `quote` quotes one of them word for word, and its number (a field such as `source`,
`chunk`, `source_number`) is that source's. Where there are no sources, the text between
``<chapter>`` tags is quoted. “exactly N lessons” in a message makes N `lessons`, “chapters: N” (or
“N to M”) N `chapters`, and so on; “about N words together” makes sections of so many. Questions ask
for a word that is missing in a sentence; `options` are words of like length. What has a text goes
on with one source; titles are the `heading` of a source, where it has one; a `section_ref` is a
heading of the chapter. Of the words that an enumeration allows, each has its turn.
"""

import json
import random
import re
from collections import Counter
from hashlib import sha256
from typing import Any, Final

SOURCE: Final = re.compile(
    r'<(source|chunk|excerpt)\b[^>]*?\b(?:n|id|number)="(\d+)"[^>]*>(.*?)</\1>', re.DOTALL
)
HEADING: Final = re.compile(r'<\w+ n="(\d+)"[^>]*\bheading="([^"]+)"')
BLOCK: Final = re.compile(r"^\[(\d+)\][^\n]*\n(.*?)(?=^\[\d+\]|\Z)", re.DOTALL | re.MULTILINE)
SENTENCE: Final = re.compile(r"\*{0,2}[A-Z][^\n.!?|()<>\[\]`]{28,220}[.!?](?=\s|$)")
WORD: Final = re.compile(r"\b[a-z]{6,8}\b")
CHAPTER: Final = re.compile(r"<(chapter|page|text)>(.*?)</\1>", re.DOTALL)
SECTION: Final = re.compile(r"^## (.+)$", re.MULTILINE)
LESSONS: Final = re.compile(r"(\d+)\W{0,3}lessons?\b", re.IGNORECASE)
MANY: Final = re.compile(r"^- (\w+): (?:exactly )?(\d+)\b", re.MULTILINE)
TOGETHER: Final = re.compile(r"about (\d+) words together")
USUAL: Final = 3  # things of each kind
SPARE: Final = ("element", "process", "section", "quality", "pattern", "measure", "history")
TRIED: Final = 50  # questions, until one is new
FREE: Final = "There is nothing more to say about this. The sources have said it all, as they do."
QUOTES: Final = frozenset({"quote", "quotation", "excerpt", "verbatim"})
NUMBERS: Final = frozenset(
    {"source", "chunk", "n", "source_number", "chunk_number", "source_id", "chunk_id", "id"}
)
OPTIONS: Final = frozenset({"options", "choices"})
WRONG: Final = frozenset({"distractors", "wrong_answers", "wrong"})
ANSWERS: Final = frozenset({"answer", "key", "correct", "correct_answer"})
INDEXES: Final = frozenset({"correct_index", "answer_index", "key_index", "correct_option"})
STEMS: Final = frozenset({"question", "stem", "prompt"})
PROSE: Final = frozenset(
    {"description", "explanation", "summary", "overview", "introduction", "takeaway"}
)
MARKDOWN: Final = frozenset({"markdown", "content", "content_md", "body", "text"})


def answer(body: dict[str, Any], *, true: bool = True) -> str:
    """Return what the model says to a request; with `true` False its quotes are made up."""
    messages = "\n".join(_text(message) for message in body.get("messages", []))
    schema = _schema(body, messages)
    seed = sha256(json.dumps([messages, body.get("seed")]).encode()).hexdigest()
    writer = _Writer(messages, random.Random(seed), schema or {}, true=true)
    if schema is None:
        return writer.prose()
    return json.dumps(writer.fitting(schema, ""), ensure_ascii=False)


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)


def _schema(body: dict[str, Any], messages: str) -> dict[str, Any] | None:
    """Return the schema of the request, or the one that its messages show."""
    asked = body.get("response_format") or {}
    if asked.get("type") == "json_schema":
        found: dict[str, Any] = asked["json_schema"]["schema"]
        return found
    decoder = json.JSONDecoder()
    for brace in re.finditer(r"\{", messages):
        try:
            shown, _ = decoder.raw_decode(messages, brace.start())
        except ValueError:
            continue
        if "properties" in shown or "$ref" in shown:
            return dict(shown)
    return {"type": "object", "properties": {}} if asked.get("type") == "json_object" else None


class _Writer:
    """Writes one answer; the same seed writes the same."""

    def __init__(
        self, messages: str, seeded: random.Random, root: dict[str, Any], *, true: bool
    ) -> None:
        self._random = seeded
        self._root = root
        self._true = true
        found = [(int(number), text) for _, number, text in SOURCE.findall(messages)]
        found = found or [(int(number), text) for number, text in BLOCK.findall(messages)]
        chapter = "\n".join(text for _, text in CHAPTER.findall(messages))
        found = found or [(1, chapter)]
        self._sections = SECTION.findall(chapter)
        self._sentences = [
            (number, sentence) for number, text in found for sentence in SENTENCE.findall(text)
        ]
        self._headings = {int(number): said for number, said in HEADING.findall(messages)}
        self._used: Counter[str] = Counter()
        self._asked: set[str] = set()
        self._left: list[tuple[int, str]] = []
        asked = LESSONS.findall(messages)
        told = {name: int(many) for name, many in MANY.findall(messages)}
        self._usual = {
            "options": 4,
            "choices": 4,
            "lessons": int(asked[-1]) if asked else 3,
            **told,
        }
        together = TOGETHER.search(messages)
        self._length = int(together[1]) // USUAL if together else 0
        self._made = 0

    def prose(self) -> str:
        """Return a paragraph of what the sources say."""
        return " ".join(self._sentence()[1] for _ in range(3))

    def fitting(self, schema: dict[str, Any], name: str) -> Any:
        """Return something that fits a schema and reads as what its name says."""
        schema = self._resolved(schema)
        if "const" in schema or schema.get("enum"):
            return schema["const"] if "const" in schema else self._next(name, schema["enum"])
        kind = schema.get("type")
        kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
        if kind == "object" or "properties" in schema:
            return self._object(schema)
        if kind == "array":
            return [
                self.fitting(schema.get("items", {}), name) for _ in range(self._many(schema, name))
            ]
        if kind in {"integer", "number"}:
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        return {"boolean": True, "null": None}.get(kind or "", self._words(name, schema))

    def _next(self, name: str, choices: list[str]) -> str:
        """Return one of `choices`, each in its turn."""
        self._used[f"{name}:"] += 1
        return choices[(self._used[f"{name}:"] - 1) % len(choices)]

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema or "anyOf" in schema or "allOf" in schema:
            if "$ref" in schema:
                schema = self._root.get("$defs", {})[schema["$ref"].rsplit("/", 1)[-1]]
            else:
                choices = schema.get("anyOf") or schema["allOf"]
                schema = next(one for one in choices if one.get("type") != "null")
        return schema

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        fields = schema.get("properties", {})
        if MARKDOWN & fields.keys():
            self._turn()
        made = {name: self.fitting(kind, name) for name, kind in fields.items()}
        if QUOTES & fields.keys():
            self._cite(made, *self._sentence())
        if STEMS & fields.keys():
            self._ask(made, fields)
        return made

    def _cite(self, made: dict[str, Any], number: int, sentence: str) -> None:
        for name, value in made.items():
            if name in QUOTES:
                made[name] = sentence if self._true else f"Nobody ever wrote {self._made} of these."
            elif name in NUMBERS:
                made[name] = str(number) if isinstance(value, str) else number

    def _ask(self, made: dict[str, Any], fields: dict[str, Any]) -> None:
        """Make a question of a sentence with a gap, with the gap's word as its answer."""
        number, sentence, key, stem = self._question()
        others = [word for _, text in self._sentences for word in WORD.findall(text)]
        self._random.shuffle(others)
        wrong = [word for word in dict.fromkeys([*others, *SPARE]) if word != key]
        for name, value in made.items():
            if name in QUOTES:
                made[name] = sentence if self._true else value
            elif name in STEMS:
                made[name] = f"Which word is missing here? “{stem}”"
            elif name in ANSWERS:
                made[name] = key
            elif name in INDEXES:
                made[name] = 0
            elif name in OPTIONS:
                made[name] = [key, *wrong[: self._many(self._resolved(fields[name]), name) - 1]]
            elif name in WRONG:
                made[name] = wrong[: self._many(self._resolved(fields[name]), name)]
            elif name == "explanation":
                made[name] = f"The source says “{key}” there."
            elif isinstance(value, dict) and QUOTES & value.keys():
                self._cite(value, number, sentence)

    def _question(self) -> tuple[int, str, str, str]:
        """Return a source's number, its sentence, a word of it, and it without that: a new one."""
        for _ in range(TRIED):
            number, sentence = self._sentence()
            words = sorted(set(WORD.findall(sentence))) or ["process"]
            key = words[self._random.randrange(len(words))]
            stem = re.sub(re.escape(key), "_____", sentence, flags=re.IGNORECASE)
            if stem not in self._asked:
                break
        self._asked.add(stem)
        return number, sentence, key, stem

    def _many(self, schema: dict[str, Any], name: str) -> int:
        usual = self._usual.get(name, USUAL)
        return int(max(schema.get("minItems", 0), min(schema.get("maxItems", usual), usual)))

    def _words(self, name: str, schema: dict[str, Any]) -> str:
        number, sentence = self._sentence()
        self._made += 1
        if name == "section_ref" and self._sections:
            text = self._next(name, self._sections)
        elif name in MARKDOWN:
            text = " ".join((sentence, self._sentence()[1], self._sentence()[1]))
            while len(text.split()) < self._length:
                text = f"{text} {self._sentence()[1]}"
        elif name in {"title", "heading"} and self._headings.get(number):
            text = self._headings[number].rsplit(" / ")[-1]
            self._used[text] += 1
            text += f", part {self._used[text]}" if self._used[text] > 1 else ""
        elif name in PROSE:
            text = self._new() if name == "takeaway" else sentence
        else:
            words = re.findall(r"\w+", sentence)
            first = self._random.randrange(max(1, len(words) - 4))
            text = f"{' '.join(words[first : first + 4]).capitalize()} {self._made}"
        return text[: schema.get("maxLength", len(text))]

    def _new(self) -> str:
        """Return a sentence that was not said by this before."""
        said = [self._sentence()[1] for _ in range(TRIED)]
        text = next((one for one in said if one not in self._asked), said[0])
        self._asked.add(text)
        return text

    def _turn(self) -> None:
        """Go on with one source, the next sentence's, in its own order."""
        if not self._sentences:
            return
        number, _ = self._sentence()
        own = [one for one in self._left if one[0] == number]
        own.sort(key=self._sentences.index, reverse=True)
        self._left = [one for one in self._left if one[0] != number] + own

    def _sentence(self) -> tuple[int, str]:
        """Return a sentence and its source's number; each comes once before one comes again."""
        if not self._sentences:
            return 1, FREE
        if not self._left:
            self._left = self._random.sample(self._sentences, len(self._sentences))
        return self._left.pop()
