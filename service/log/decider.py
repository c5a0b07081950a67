"""What a slice must say of itself to be event-sourced: how it decides and how it folds."""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, Generic, TypeVar

from msgspec import Struct

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E", bound=Struct)


class Decider(Struct, Generic[C, S, E], frozen=True):
    """One category of streams (Chassaing, "Functional Event Sourcing Decider", 2021).

    `decide` is pure: it returns the events that a command causes, an empty sequence when nothing
    needs to happen, or raises a `Refusal`. `evolve` is total: it folds any event into any state.
    """

    category: str
    events: tuple[type[E], ...]
    initial: S
    decide: Callable[[C, S], Sequence[E]]
    evolve: Callable[[S, E], S]

    def fold(self, events: Iterable[E], state: S | None = None) -> S:
        """Return `state` (default: the initial one) after `events`, oldest first."""
        start: Any = self.initial if state is None else state
        folded: S = reduce(self.evolve, events, start)
        return folded
