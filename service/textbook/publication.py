"""What of a textbook is out, told from its own stream: exports are made of it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from service.log.event import Recorded, decoded
from service.textbook.chapter import Version
from service.textbook.decider import TEXTBOOK, Textbook
from service.textbook.events import ChapterPublished
from service.textbook.identity import chapter_id
from service.textbook.published import PublishedChapter, PublishedTextbook

Out = tuple[Recorded, ChapterPublished]


def publication(slug: str, stream: Sequence[Recorded]) -> PublishedTextbook | None:
    """Return the textbook of a whole stream as its readers have it; None while nothing is out."""
    said = [(recorded, decoded(TEXTBOOK, recorded)) for recorded in stream]
    state = TEXTBOOK.fold(event for _, event in said)
    out = {event.number: (at, event) for at, event in said if isinstance(event, ChapterPublished)}
    if not out or not isinstance(state, Textbook):
        return None
    of, chapters = stream[0], tuple(_chapters(stream[0].stream_id, state, out.values()))
    latest, _ = max(out.values(), key=lambda each: each[0].version)
    asked = state.request
    return PublishedTextbook(
        of.stream_id,
        of.tenant_id,
        slug,
        asked.title,
        asked.subject,
        asked.audience,
        asked.language,
        latest.version,
        max(chapter.published_at for chapter in chapters),
        chapters,
    )


def _chapters(of: UUID, state: Textbook, out: Iterable[Out]) -> Iterable[PublishedChapter]:
    """Yield the chapters that are out, by number."""
    for recorded, event in sorted(out, key=lambda each: each[1].number):
        at = state.chapters[event.number].versions[event.version - 1]
        yield _chapter(of, state, at, recorded, event)


def _chapter(
    of: UUID, state: Textbook, at: Version, recorded: Recorded, event: ChapterPublished
) -> PublishedChapter:
    planned = state.plan.chapters if state.plan is not None else ()
    parts = at.parts
    return PublishedChapter(
        chapter_id(of, event.number),
        event.number,
        event.version,
        at.title,
        at.slug,
        event.path,
        planned[event.number - 1].description if event.number <= len(planned) else "",
        parts.markdown,
        at.word_count,
        at.reading_time_minutes,
        at.key_points,
        parts.summary.takeaways if parts.summary is not None else (),
        parts.questions,
        parts.boosters,
        event.at or recorded.recorded_at,
        at.sources + (parts.summary.sources if parts.summary is not None else ()),
    )
