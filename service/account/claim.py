"""Claims on what only one account of a tenant may have: an e-mail address, a username."""

import unicodedata
from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from service.log.decider import Decider
from service.refusal import StateConflict

What = Literal["email", "username"]


def normalised(value: str) -> str:
    """Return what stands for `value` where people take values for equal: NFKC and case folded.

    Case folding can undo the composition, so it is composed once more.
    """
    return unicodedata.normalize(
        "NFKC", unicodedata.normalize("NFKC", value.strip()).casefold()
    ).strip()


# Events. Tags and field names are on disk for good.


class ClaimMade(Struct, frozen=True, tag="claim.made", tag_field="type"):
    """The value is an account's."""

    account: UUID


class ClaimReleased(Struct, frozen=True, tag="claim.released", tag_field="type"):
    """The value is anybody's again."""


Event = ClaimMade | ClaimReleased

# Commands.


class MakeClaim(Struct, frozen=True):
    """Have the value for an account."""

    account: UUID
    what: What


class ReleaseClaim(Struct, frozen=True):
    """Give the value back, if it is this account's."""

    account: UUID


Command = MakeClaim | ReleaseClaim

# State.


class Free(Struct, frozen=True):
    """Nobody has the value."""


class Held(Struct, frozen=True):
    """An account has the value."""

    account: UUID


State = Free | Held
INITIAL: Final[State] = Free()

# Refusals.


class EmailTaken(StateConflict):
    """This e-mail address has an account already; log in, or take another address."""


class UsernameTaken(StateConflict):
    """This username is somebody else's; take another one."""


TAKEN: Final[dict[What, type[StateConflict]]] = {"email": EmailTaken, "username": UsernameTaken}


def decide(command: Command, state: State) -> Sequence[Event]:
    """Return what `command` causes. Raises the refusals above."""
    own = isinstance(state, Held) and state.account == command.account
    if isinstance(command, ReleaseClaim):
        return (ClaimReleased(),) if own else ()
    if own:
        return ()
    if isinstance(state, Held):
        raise TAKEN[command.what]
    return (ClaimMade(command.account),)


def evolve(state: State, event: Event) -> State:
    """Return the state after `event`."""
    del state
    return Held(event.account) if isinstance(event, ClaimMade) else Free()


CLAIM: Final[Decider[Command, State, Event]] = Decider(
    "claim", (ClaimMade, ClaimReleased), INITIAL, decide, evolve
)
