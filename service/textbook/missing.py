"""Which chapters of a textbook are missing, and why, in words for who asked for it."""

from typing import Final

from service.textbook.chapter import Chapter
from service.textbook.content import Plan

LONGEST_REASON: Final = 500
ADVICE: Final = "Retry: only what is missing is made again. A chapter can also be asked for anew."


def missing(plan: Plan, number: int, chapter: Chapter) -> str:
    """Return which chapter is missing, and why; nothing where it is sound."""
    reason = _reason(chapter)
    if len(reason) > LONGEST_REASON:
        reason = f"{reason[:LONGEST_REASON]}…"
    return f"Chapter {number} (“{plan.chapters[number - 1].title}”): {reason}" if reason else ""


def _reason(chapter: Chapter) -> str:
    latest = chapter.latest
    if latest is not None and latest.standing == "validated":
        return ""
    if chapter.error:
        return chapter.error
    if latest is None or latest.standing == "generated":
        return "It is not whole."
    whose = "What was made" if latest.job_id is not None else "A person's version"
    return f"{whose} is not what the policy asks for. {' '.join(latest.errors)}"
