"""A desk to write textbooks at: authors for jobs, whose model is a server that speaks HTTP."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict
from uuid_utils.compat import uuid7

from service.generation.author import TextbookBrief
from service.generation.generators import generator, paying
from service.generation.openai.author import OpenAIAuthor
from service.generation.provenance import Provenance
from service.generation.till import Till
from service.http.token import HOUSE
from service.job.lease import Claim
from service.ledger.decider import LEDGER, LlmCalled, ledger_id
from service.library.material import Material
from service.log.commit import Lease
from service.log.event import decoded, read_stream
from service.log.handle import Context, Log
from service.price.decider import PRICE, Publish
from service.price.prices import price_id
from service.settings import Secret, Settings
from service.textbook.content import (
    Boosters,
    Draft,
    KnownQuestion,
    Parts,
    Plan,
    Policy,
    Question,
    Summary,
)
from tests.generation.openai_server import Server, serving
from tests.generation.shelf import material

TENANT = UUID(int=1)
POLICY = Policy(analogies="required")
BRIEF = TextbookBrief("The living cell", "cells", "Grade 8", 3, "en", "school/", POLICY)


class Whole(Struct, frozen=True):
    """A chapter with all its pieces, and how they came about."""

    draft: Draft
    summary: Summary
    questions: tuple[Question, ...]
    boosters: Boosters
    origins: tuple[Provenance, ...]

    @property
    def parts(self) -> Parts:
        """What a policy is held against."""
        known = tuple(KnownQuestion(**asdict(one), id=uuid7()) for one in self.questions)
        return Parts(
            self.draft.markdown, self.summary, known, self.boosters.made, self.boosters.refused
        )


class Desk:
    """Authors of one process, their server, and what they have paid."""

    def __init__(self, server: Server, settings: Settings, till: Till, log: Log) -> None:
        self.server = server
        self._settings = settings
        self._till = till
        self._log = log

    def author(self, job: UUID | None = None, kind: str = "textbook") -> OpenAIAuthor:
        """Return what a worker makes the textbook of `job` with; a new job where none is given."""
        claim = Claim(TENANT, kind, UUID(int=3), Lease(job or uuid7(), uuid7()))
        made = generator(self._settings, self._till, "w1").for_job(claim).author()
        assert isinstance(made, OpenAIAuthor)
        return made

    async def ledger(self, job: UUID) -> list[LlmCalled]:
        """Return the calls of a job."""
        events = await read_stream(self._log.database, ledger_id(TENANT, job))
        return [decoded(LEDGER, event) for event in events]

    @property
    def asked(self) -> int:
        """How many requests have reached the server."""
        return len(self.server.requests("chat"))


@asynccontextmanager
async def opened(log: Log, home: Path, **settings: Any) -> AsyncIterator[Desk]:
    """Open a desk whose model costs 0.15 and 0.60 dollars a million tokens."""
    async with serving() as server:
        asked = Settings(
            home=home,
            secret_key=Secret("k" * 48),
            generator="openai",
            openai_base_url=server.url,
            openai_model="test-model",
            **settings,
        )
        async with paying(asked, log) as till:
            assert till is not None
            price = Publish("test-model", Decimal("0.15"), Decimal("0.60"))
            house = Context(HOUSE, "tester", uuid7())
            await log.handle(PRICE, price_id("test-model"), price, house)
            yield Desk(server, asked, till, log)


def sources(*names: str) -> list[Material]:
    """Return sources on cells, or those of the given names."""
    return [material(name) for name in names or ("cells.md", "canal.md")]


async def whole(
    author: OpenAIAuthor,
    brief: TextbookBrief,
    plan: Plan,
    number: int,
    read: Iterable[Material] | None = None,
) -> Whole:
    """Make a chapter with all its pieces."""
    shelf = sources() if read is None else list(read)
    draft = await author.chapter(brief, plan, number, shelf)
    summary = await author.summary(brief, draft.value, shelf)
    quiz = await author.quiz(brief, draft.value, shelf)
    boosters = await author.boosters(brief, draft.value, shelf)
    origins = tuple(one.provenance for one in (draft, summary, quiz, boosters))
    return Whole(draft.value, summary.value, quiz.value, boosters.value, origins)
