"""A docs folder as the old AI textbook system wrote it, and odd ones."""

import json
from pathlib import Path
from typing import Any, Final

QUESTION: Final[dict[str, Any]] = {
    "question_text": "What does a push change?",
    "options": ["The motion of a thing", "The colour of a thing", "The name of it", "The date"],
    "correct_index": 0,
    "difficulty": "easy",
    "topic": "Motion",
}
SUMMARY: Final = """## Chapter Summary

**Key Takeaways:**

1. A push changes how a thing moves.
2. A pull is a push the other way.

---

*Summary generated on 2025-12-15*"""
BOOSTER: Final = (
    '<LearningBooster type="analogy" content="A push is like a word: it &quot;moves&quot;." />'
)
SENTENCE: Final = "A push that is given to a thing changes how it moves and where it goes. "


def quiz(*questions: dict[str, Any]) -> str:
    listed = json.dumps(questions or [QUESTION], indent=2)
    return (
        "## Test Your Knowledge\n\n"
        "import ChapterQuiz from '@site/src/components/ChapterQuiz';\n\n"
        f"<ChapterQuiz questions={{{listed}}} />\n\n---\n\n*Quiz generated on 2025-12-15*"
    )


def chapter(number: int, title: str, text: str = "", **matter: object) -> str:
    """A chapter as the old writer made one: front matter, text, boosters, summary, quiz."""
    fields = {"sidebar_position": number + 1, "sidebar_label": f"Chapter {number}", "title": title}
    lines = "\n".join(f"{name}: {value}" for name, value in (fields | matter).items())
    own = text or f"## Pushing\n\n{SENTENCE * 4}"
    return (
        f"---\n{lines}\ndescription: Chapter {number} of the book\n---\n\n# {title}\n\n{own}\n\n\n"
        "import LearningBooster from '@site/src/components/LearningBooster';\n\n"
        f"{BOOSTER}\n\n\n\n{BOOSTER}\n\n\n## Pulling\nThe same, the other way.\n\n"
        f"{SUMMARY}\n\n{quiz()}"
    )


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def site(folder: Path, count: int = 3) -> Path:
    """Write a site of so many chapters, and return its docs folder."""
    config = "const config = {\n  title: 'Pushes and pulls',\n  url: 'https://old.example',\n"
    config += "  baseUrl: '/book/',\n  i18n: {\n    defaultLocale: 'en',\n  },\n};\n"
    names = {
        f"docs/chapter-{n:02d}-push-{n}.md": chapter(n, f"Push {n}") for n in range(1, count + 1)
    }
    write(folder, {"docusaurus.config.ts": config, **names})
    return folder / "docs"
