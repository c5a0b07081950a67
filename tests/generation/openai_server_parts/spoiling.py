"""How the test server spoils an answer, in the ways in which models do."""

import json
from collections.abc import Callable
from typing import Any

from tests.generation.openai_server_parts.rule import Rule


def spoilt(text: str, rule: Rule | None) -> tuple[str, str]:
    """Return an answer's text and its finish reason, as a rule wants them."""
    if rule is None or rule.do not in {"finish", "text"}:
        return text, "stop"
    if rule.do == "finish":
        return text[: int(len(text) * rule.keep)], rule.reason
    return _spoilt(text, rule), "stop"


def _spoilt(text: str, rule: Rule) -> str:
    made: dict[str, Callable[[], str]] = {
        "fenced": lambda: f"```json\n{text}\n```",
        "trailing-comma": lambda: f"{text[:-1]},{text[-1:]}",
        "unknown-field": lambda: _changed(text, lambda value: {**value, "mood": "cheerful"}),
        "missing-field": lambda: _changed(text, lambda value: dict(list(value.items())[1:])),
        "cut-tail": lambda: text[: max(1, len(text) - 3)],
        "junk": lambda: "I am sorry, but zxq ]]}} %% 0x7f",
        "prose": lambda: f"Certainly! Here it is:\n\n{text}\n\nI hope that this helps.",
        "empty": str,
        "this": lambda: rule.text,
        "short": lambda: _each(text, "markdown", lambda value: value.split(". ")[0] + "."),
        "two-keys": lambda: _each(text, "answer", lambda _: "water", "wrong_answers", _twice),
        "no-analogy": lambda: _each(text, "kind", lambda _: "explanation"),
        "lost-section": lambda: _each(text, "section_ref", lambda _: "What nobody wrote"),
        "few": lambda: _changed(text, lambda value: {k: v[:1] for k, v in value.items()}),
    }
    return made[rule.form]()


def _twice(wrong: list[str]) -> list[str]:
    return ["Water.", *wrong[1:]]


def _each(text: str, *changes: Any) -> str:
    """Change fields of a name, wherever they are; `changes` are names and what changes theirs."""
    by_name = dict(zip(changes[::2], changes[1::2], strict=True))

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {
            name: by_name[name](one) if name in by_name else changed(one)
            for name, one in value.items()
        }

    return _changed(text, changed)


def _changed(text: str, change: Any) -> str:
    return json.dumps(change(json.loads(text)), ensure_ascii=False)
