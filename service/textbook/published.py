"""A textbook as its readers have it: what was published, and nothing else. Exports are made of it.

All of it follows from the textbook's own stream, so the same version always gives the same bytes.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from service.course.content import Citation
from service.textbook.content import Booster, KnownQuestion


class PublishedChapter(Struct, frozen=True):
    """A chapter's published version, with all its parts.

    `path` is its file's below the textbook's folder, such as ``03-forces.md``; `markdown` begins
    below the title, its sections at level two. `sources` are what its text and its takeaways rest
    on.
    """

    id: UUID
    number: int
    version: int
    title: str
    slug: str
    path: str
    description: str
    markdown: str
    word_count: int
    reading_time_minutes: int
    key_points: tuple[str, ...]
    takeaways: tuple[str, ...]
    questions: tuple[KnownQuestion, ...]
    boosters: tuple[Booster, ...]
    published_at: datetime
    sources: tuple[Citation, ...] = ()


class PublishedTextbook(Struct, frozen=True):
    """A textbook and its published chapters, by number; `published_at` is that of the latest.

    `version` is that of the textbook's stream at its latest publication.
    """

    id: UUID
    tenant_id: UUID
    slug: str
    title: str
    subject: str
    audience: str
    language: str
    version: int
    published_at: datetime
    chapters: tuple[PublishedChapter, ...]
