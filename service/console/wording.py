"""How pages say things: times, counts and states, in words that need no explaining."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from markupsafe import Markup

AGO: Final = ((86_400 * 2, 86_400, "days"), (3_600 * 2, 3_600, "hours"), (120, 60, "minutes"))
"""From how many seconds on, in which unit, under which name."""
JUST_NOW: Final = 10
RECENT: Final = timedelta(days=30)


def ago(moment: datetime, now: datetime) -> Markup:
    """Return how long ago `moment` was, and on pointing at it, when exactly, in UTC."""
    exact = moment.astimezone(UTC)
    if now - moment > RECENT:
        words = exact.strftime("%-d %B %Y")
    else:
        words = _ago(int((now - moment).total_seconds()))
    stamp = exact.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(stamp, words)


def _ago(seconds: int) -> str:
    if seconds < JUST_NOW:
        return "just now"
    for least, unit, name in AGO:
        if seconds >= least:
            return f"{seconds // unit} {name} ago"
    return f"{seconds} seconds ago"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return ``1 lesson`` or ``1,200 lessons``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


STATES: Final = {
    "QUEUED": "waiting",
    "GENERATING": "being written",
    "READY": "ready",
    "FAILED": "failed",
    "pending": "to come",
    "generated": "being written",
    "validated": "ready to publish",
}


def state(status: str) -> str:
    """Return the status of a course, a textbook or a chapter in lower-case words."""
    return STATES.get(status, status.lower())


HAPPENED: Final = {
    "course.requested": "Requested",
    "course.outlined": "Outlined",
    "course.ready": "Ready",
    "course.failed": "Failed",
    "course.renamed": "Renamed",
    "course.archived": "Archived",
    "lesson.generated": "Lesson written",
    "lesson.drafted": "Lesson drafted anew",
    "lesson.promoted": "Draft promoted",
    "lesson.rolled-back": "Lesson rolled back",
    "lesson.revised": "Lesson edited",
    "lesson.pinned": "Lesson pinned",
    "lesson.unpinned": "Lesson unpinned",
    "textbook.requested": "Requested",
    "textbook.planned": "Planned",
    "textbook.ready": "Ready",
    "textbook.failed": "Failed",
    "textbook.archived": "Archived",
    "chapter.generated": "Text of chapter",
    "summary.generated": "Summary of chapter",
    "quiz.generated": "Quiz of chapter",
    "booster.generated": "Booster of chapter",
    "booster.refused": "Booster refused in chapter",
    "chapter.validated": "Sound: chapter",
    "chapter.rejected": "Rejected: chapter",
    "chapter.failed": "Failed: chapter",
    "chapter.published": "Published: chapter",
    "chapter.revised": "Edited: chapter",
    "chapter.rolled-back": "Rolled back: chapter",
}


def happened(kind: str) -> str:
    """Return what an event's type says, for people."""
    return HAPPENED.get(kind, kind.replace(".", " ").replace("-", " ").capitalize())


ORIGINS: Final = {
    "generated": "written",
    "drafted": "drafted anew",
    "revised": "edited",
    "rolled-back": "rolled back",
}


def origin(word: str) -> str:
    """Return how a revision or version came about, in words to go before when and by whom."""
    return ORIGINS.get(word, word)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "ago": ago,
    "count": count,
    "state": state,
    "happened": happened,
    "origin": origin,
}
