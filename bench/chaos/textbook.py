"""Textbooks to have accidents with, each of its own sources, as courses are."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Final
from uuid import uuid4

from bench.chaos.course import TENANT, Asked, shelved
from bench.chaos.history import Event
from service.job.decider import JOB, Create
from service.log.handle import Context, Log, Write
from service.textbook.commands import RequestTextbook
from service.textbook.decider import TEXTBOOK

CHAPTERS: Final = 3
PIECES: Final = {
    "textbook.planned",
    "chapter.generated",
    "summary.generated",
    "quiz.generated",
    "chapter.validated",
}
"""What is recorded once, or once a chapter. Of boosters there may be some, in one step."""
STEPS: Final = 2 + 4 * CHAPTERS
"""Started, planned, and what there is of each chapter; after the last of them it is ready."""


async def ask_textbook(log: Log, random: Random) -> Asked:
    """Shelve sources that nobody else has, and ask for a textbook of them."""
    context = Context(TENANT, "chaos", uuid4())
    name = await shelved(log, random, context)
    asked = Asked(uuid4(), uuid4())
    wanted = RequestTextbook(
        f"Rivers of {name}",
        "Rivers",
        "chaos",
        asked.job_id,
        chapters_total=CHAPTERS,
        source_filter=f"{name}/",
    )
    created = Create("textbook", asked.course_id, "chaos")
    await log.append(
        context,
        Write(TEXTBOOK, asked.course_id, 0, TEXTBOOK.decide(wanted, TEXTBOOK.initial)),
        Write(JOB, asked.job_id, 0, JOB.decide(created, JOB.initial)),
    )
    return asked


def textbook(events: Sequence[Event]) -> tuple[int, int]:
    """Return how many pieces of a textbook were stored twice, and how many are missing."""
    made = Counter(
        f"{event.type} {event.data.get('number', '')} {event.data.get('position', '')}"
        for event in events
        if event.type in PIECES | {"booster.generated", "textbook.ready"}
    )
    boosted = {event.data["number"] for event in events if event.type == "booster.generated"}
    kept = sum(not key.startswith("booster") for key in made) + len(boosted)
    return sum(made.values()) - len(made), 2 + 5 * CHAPTERS - kept
