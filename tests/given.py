"""A decider's behaviour as a sentence: ``given(JOB, Created).when(Start("w")).then(Started)``."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Struct

from service.log.decider import Decider
from service.refusal import Refusal

Rules = Decider[Any, Any, Any]
Outcome = Callable[[], tuple[Struct, ...]]


class Given(Struct, frozen=True):
    """A decider and what has happened; `outcome` decides the command."""

    decider: Rules
    events: tuple[Struct, ...]
    outcome: Outcome = tuple

    def when(self, *commands: Struct) -> "Given":
        """Ask for the last command after the events; those before it are carried out first."""
        events = list(self.events)
        for command in commands[:-1]:
            events.extend(self.decider.decide(command, self.decider.fold(events)))
        state = self.decider.fold(events)
        return Given(
            self.decider, tuple(events), lambda: tuple(self.decider.decide(commands[-1], state))
        )

    def then(self, *events: Struct) -> None:
        """Check that the command causes these events, and no others."""
        assert self.outcome() == events

    def refused(self, refusal: type[Refusal]) -> None:
        """Check that the command is refused with this very refusal."""
        with pytest.raises(refusal) as raised:
            self.outcome()

        assert raised.type is refusal


def given(decider: Rules, *events: Struct) -> Given:
    """Start a sentence with what has happened, oldest first."""
    return Given(decider, events)
