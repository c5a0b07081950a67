"""Who acts and why, as the command line asks for it."""

import getpass
import sys
from typing import Annotated, Final

import typer
from uuid_utils.compat import uuid7

from service.http.token import tenant
from service.projection.act import Act

Reason = Annotated[str | None, typer.Option(help="Why; it is recorded in the log.")]
Actor = Annotated[str | None, typer.Option(help="Who acts, instead of this system's user.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="The projection.")]

NO_REASON: Final = "no reason given"
LONGEST: Final = 500


def act(actor: str | None, reason: str | None, *, doing: str, optional: bool = False) -> Act:
    """Return the act; ask why where `reason` is missing, on a terminal.

    Where it is `optional`, nobody is asked. Raises ValueError where nobody can be asked.
    """
    text = clean("reason", reason)
    if not text and not optional and terminal():
        text = clean("reason", typer.prompt(f"Why {doing}?", err=True))
    if not text and not optional:
        raise ValueError(f"Say why {doing} with --reason: it is recorded in the log.")
    who = clean("actor", actor) or user()
    return Act(who, tenant("default"), uuid7(), text or NO_REASON)


def approved(question: str, *, yes: bool) -> bool:
    """Tell whether the operator wants it: said by --yes, or asked for on a terminal."""
    return yes or (terminal() and typer.confirm(question, err=True))


def terminal() -> bool:
    """Tell whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def user() -> str:
    """Return the name of the user of this system."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without an entry, as in some containers
        return "operator"


def clean(what: str, text: str | None) -> str:
    """Return `text` without what surrounds it. Raises ValueError where it cannot be stored."""
    stripped = (text or "").strip()
    if len(stripped) > LONGEST:
        raise ValueError(f"The {what} has {len(stripped)} characters; {LONGEST} is the most.")
    if not stripped.isprintable():
        raise ValueError(f"The {what} may hold printable characters only.")
    return stripped
