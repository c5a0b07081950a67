"""Scopes: what a service token is kept to, as the route table has it, and wildcards for them."""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

from service.http.token import rank
from service.refusal import Invalid

if TYPE_CHECKING:  # a route's call knows who calls, and so this module
    from service.http.route import Route

ANY: Final = "*"
PERSONAL: Final = frozenset({"auth", "me"})
"""What is about the caller's own account, which a machine has not."""


class UnknownScope(Invalid):
    """A service token can be kept only to what its role may do at all."""


@cache
def known(role: str) -> tuple[str, ...]:
    """Return the scopes of all that `role` may call, in order of their names."""
    scopes = {route.scope for route in routes() if _open(route, role)}
    return tuple(sorted(scope for scope in scopes if scope.partition(":")[0] not in PERSONAL))


def expanded(scopes: Iterable[str], role: str) -> frozenset[str]:
    """Return the scopes that are meant: what a wildcard stands for follows from the routes of now.

    One that no route has any more stands for nothing.
    """
    of = known(role)
    return frozenset(scope for wanted in scopes for scope in of if matches(wanted, scope))


def checked(scopes: Iterable[str], role: str) -> tuple[str, ...]:
    """Return `scopes` where each stands for something. Raises `UnknownScope` with those there are.

    A wildcard is `*` for all, or stands for one half: `*:read`, `courses:*`.
    """
    wanted = tuple(scopes)
    unknown = sorted({one for one in wanted if not expanded([one], role)})
    if unknown:
        shown = ", ".join(repr(one) for one in unknown)
        raise UnknownScope(
            f"There is no scope {shown} for the role {role}: take *, *:read, *:write,"
            f" or from {', '.join(known(role))}.",
            scopes=known(role),
        )
    return wanted


def matches(wanted: str, scope: str) -> bool:
    """Tell whether `wanted`, perhaps a wildcard, stands for `scope`."""
    if wanted == ANY:
        return True
    about, _, deed = wanted.partition(":")
    its_about, _, its_deed = scope.partition(":")
    return about in (ANY, its_about) and deed in (ANY, its_deed)


def routes() -> "Iterable[Route]":
    """Return the route table, which names this slice's own handlers and so cannot come first."""
    from service.app import API  # noqa: PLC0415 - see above

    return API


def _open(route: "Route", role: str) -> bool:
    return route.role is not None and rank(role) >= rank(route.role)
