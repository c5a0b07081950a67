"""An author that does as it is told, and a textbook in memory that records what it makes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from msgspec.structs import replace

from service.generation.author import TextbookBrief
from service.generation.generator import GenerationFailed
from service.generation.provenance import Made, Provenance
from service.generation.recipe import Step
from service.library.material import Material
from service.log.decider import Decider
from service.textbook import recipe
from service.textbook.commands import Command
from service.textbook.content import (
    Booster,
    Boosters,
    ChapterPlan,
    Draft,
    Plan,
    Policy,
    Question,
    Summary,
)
from service.textbook.decider import TEXTBOOK, Textbook
from service.textbook.events import ChapterFailed, ChapterRejected, Event
from service.textbook.recipe import Order, Progress, Tools

POLICY: Final = Policy(
    words_min=3,
    words_max=1000,
    reading_minutes_min=0,
    takeaways_min=1,
    questions_min=1,
    boosters_min=0,
)
BY: Final = Provenance("scripted")
SPOILT: Final = "spoilt"
"""Told of a text: it comes, and the policy will reject it."""


class TooBad(GenerationFailed):
    """This chapter cannot be made."""


class NextTime(GenerationFailed):
    """This chapter could not be made, and may be another time."""

    retryable = True


class Scripted:
    """Makes short, sound pieces, but for what `script` says of a kind and a chapter's number.

    That is one outcome per try: an error to raise, `SPOILT`, or anything else for a sound piece.
    `asked` are the pieces in the order in which they were asked for, `briefs` what they were to be;
    `most` is how many were under way at once. Those of chapters that are `held` wait to be let go.
    """

    def __init__(self, script: Mapping[tuple[str, int], Sequence[object]] | None = None) -> None:
        self.script = {key: list(outcomes) for key, outcomes in (script or {}).items()}
        self.asked: list[tuple[str, int]] = []
        self.briefs: list[TextbookBrief] = []
        self.under_way: set[int] = set()
        self.most = 0
        self.held: set[int] = set()
        self.changed = asyncio.Event()

    async def plan(self, brief: TextbookBrief, _material: Sequence[Material]) -> Made[Plan]:
        async with self._asked("plan", 0, brief):
            numbers = range(1, brief.chapters_total + 1)
            return Made(Plan(tuple(ChapterPlan(f"C{n}", "", ()) for n in numbers)), BY)

    async def chapter(
        self, brief: TextbookBrief, plan: Plan, number: int, _material: Sequence[Material]
    ) -> Made[Draft]:
        async with self._asked("text", number, brief) as outcome:
            text = "x" if outcome == SPOILT else f"## One\n\nChapter {number} says so much."
            return Made(Draft(number, plan.chapters[number - 1].title, text, ("k",), ()), BY)

    async def summary(
        self, brief: TextbookBrief, draft: Draft, _material: Sequence[Material]
    ) -> Made[Summary]:
        async with self._asked("summary", draft.number, brief):
            return Made(Summary((f"Of {draft.markdown}", "a second", "a third")), BY)

    async def quiz(
        self, brief: TextbookBrief, draft: Draft, _material: Sequence[Material]
    ) -> Made[tuple[Question, ...]]:
        async with self._asked("quiz", draft.number, brief):
            options = ("Pushes back", "Melts away", "Turns green", "Falls over")
            asked = Question("What does a spring do when it is let go?", options, 0, "easy", "t")
            return Made((asked,), BY)

    async def boosters(
        self, brief: TextbookBrief, draft: Draft, _material: Sequence[Material]
    ) -> Made[Boosters]:
        async with self._asked("boosters", draft.number, brief) as outcome:
            made = () if outcome == "none" else (Booster("example", "A door opens.", "", 1),)
            return Made(Boosters(made), BY)

    @asynccontextmanager
    async def _asked(self, kind: str, number: int, brief: TextbookBrief) -> AsyncIterator[object]:
        """Yield what the script says of a piece. Raises what it says."""
        assert number not in self.under_way, "two pieces of one chapter at once"
        self.asked.append((kind, number))
        self.briefs.append(brief)
        self.under_way.add(number)
        self.most = max(self.most, len(self.under_way))
        self.changed.set()
        try:
            await asyncio.sleep(0)
            while number in self.held:
                await self._change()
            outcomes = self.script.get((kind, number), [])
            outcome = outcomes.pop(0) if outcomes else None
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome
        finally:
            self.under_way.discard(number)
            self.changed.set()

    async def busy(self, pieces: int) -> None:
        """Wait until so many pieces are under way, all of them held."""
        while len(self.under_way & self.held) < pieces:
            await self._change()

    def let_go(self, *numbers: int) -> None:
        """Let the pieces of chapters come that were held, all where none is named."""
        self.held -= set(numbers) or set(self.held)
        self.changed.set()

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self.under_way:
            await self._change()

    async def _change(self) -> None:
        self.changed.clear()
        await self.changed.wait()


class Book:
    """A textbook in memory: what its own decider records of the `steps` that come.

    `tried` are the chapters that failed or were rejected, until that is forgotten.
    """

    def __init__(self, request: Command) -> None:
        self.state: Any = TEXTBOOK.initial
        self.events: list[Event] = []
        self.tried: set[int] = set()
        self.steps: list[Step] = []
        self.record(request)

    def record(self, command: Command | None) -> None:
        """Record what a command causes."""
        decider: Decider[Any, Any, Any] = TEXTBOOK
        events = () if command is None else decider.decide(command, self.state)
        self.state = TEXTBOOK.fold(events, self.state)
        self.events += events
        self.tried |= {e.number for e in events if isinstance(e, ChapterFailed | ChapterRejected)}

    async def look(self) -> Progress:
        """Return how it stands."""
        state: Textbook = self.state
        asked = state.request
        brief = TextbookBrief(
            asked.title,
            asked.subject,
            asked.audience,
            asked.chapters_total,
            asked.language,
            asked.source_filter,
            asked.policy,
        )
        return Progress(brief, state.plan, state.chapters)

    def tools(self, author: Scripted, most: int = 4) -> Tools:
        """Return what the recipe works with."""

        async def nothing(_brief: TextbookBrief) -> Sequence[Material]:
            return ()

        return Tools(author, self.look, nothing, most)

    async def make(
        self,
        order: Order,
        author: Scripted,
        *,
        number: int | None = None,
        most: int = 4,
        until: Callable[[list[Step]], bool] = lambda _: False,
    ) -> list[Step]:
        """Record steps until there are none or `until` says so of them; the last is lost then."""
        order = replace(order, tried=frozenset(self.tried))
        tools = self.tools(author, most)
        making = (
            recipe.textbook(order, tools)
            if number is None
            else recipe.chapter(order, number, tools)
        )
        steps: list[Step] = []
        async with aclosing(making) as coming:
            async for step in coming:
                steps.append(step)
                if until(steps):
                    break
                self.record(step.command)
                self.steps.append(step)
        return steps
