"""What readers have of a textbook, told from its stream."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from service.log.codec import encode
from service.log.event import Recorded
from service.textbook.commands import PublishTextbook
from service.textbook.decider import TEXTBOOK
from service.textbook.events import ChapterGenerated, Event
from service.textbook.publication import publication
from tests.textbook.pieces import WHOLE

OF: Final = UUID("70b00000-0000-4000-8000-000000000009")
NOW: Final = datetime(2026, 1, 31, tzinfo=UTC)


def happened() -> list[Event]:
    events: list[Event] = []
    for command in (*WHOLE, PublishTextbook()):
        events += TEXTBOOK.decide(command, TEXTBOOK.fold(events))
    return events


def stream(events: Sequence[Event]) -> list[Recorded]:
    stored = [encode(event) for event in events]
    return [
        Recorded(at, OF, at, "textbook", one.type, OF, one.data, None, "{}", NOW)
        for at, one in enumerate(stored, 1)
    ]


def test_what_is_out_has_the_words_that_were_counted_when_it_was_made() -> None:
    events = [
        replace(event, word_count=777, reading_time_minutes=5)
        if isinstance(event, ChapterGenerated) and event.number == 2
        else event
        for event in happened()
    ]

    book = publication("forces", stream(events))

    assert book is not None
    counts = [(one.word_count, one.reading_time_minutes) for one in book.chapters]
    assert counts == [(6, 1), (777, 5)]
