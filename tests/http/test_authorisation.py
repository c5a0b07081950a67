"""Who may call what: every route of the table, by every kind of caller, in every place."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec import Struct

from service.app import API, ROUTES
from service.http import token
from service.http.route import Route
from tests.http.conftest import KEYS, NOW, Client
from tests.http.test_every_route import body_of, path

Bearer = Callable[..., dict[str, str]]


class Caller(Struct, frozen=True):
    """Somebody with a role in a tenant, perhaps one of those who run the service."""

    role: str
    tenant: str = "school"
    house: bool = False

    @property
    def headers(self) -> dict[str, str]:
        principal = token.Principal(
            token.tenant(self.tenant), "ada", self.role, house=self.house
        )
        minted = token.mint(KEYS, principal, timedelta(hours=1), NOW)
        return {"Authorization": f"Bearer {minted}"}


CALLERS = [Caller(role, house=house) for role in token.ROLES for house in (False, True)]
FOREIGN = [Caller(role, "another") for role in token.ROLES]


def may(route: Route, caller: Caller) -> bool:
    """Whether the table lets `caller` in; written apart from the code that decides it."""
    if route.role is None:
        return True
    allowed = token.ROLES[token.ROLES.index(route.role) :]
    return caller.role in allowed and (caller.house or not route.house)


def example(route: Route) -> Any:
    return None if route.method in {"GET", "DELETE"} else body_of(route)[1]


async def test_each_route_lets_in_whom_the_table_says(dry: Client) -> None:
    seen: Counter[str] = Counter()
    for route in API:
        for caller in CALLERS:
            response = await dry.request(
                route.method, path(route), json=example(route), headers=caller.headers
            )
            let_in = response.status not in (401, 403)
            assert let_in == may(route, caller), (route.method, route.path, caller)
            seen["let in" if let_in else "refused"] += 1
    assert len(API) * len(CALLERS) == seen.total()
    assert min(seen.values()) > len(API)
