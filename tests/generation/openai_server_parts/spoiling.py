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
    }
    return made[rule.form]()


def _changed(text: str, change: Any) -> str:
    return json.dumps(change(json.loads(text)), ensure_ascii=False)
