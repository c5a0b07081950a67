"""What becomes of a service token, in the words of its events; its text, and its scopes."""

from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st
from msgspec.structs import replace

from service.app import API
from service.http import token
from service.http.admission import permit
from service.log.codec import encode
from service.refusal import Forbidden
from service.service_token import scope
from service.service_token.decider import (
    LONGEST,
    ROLES,
    SERVICE_TOKEN,
    BadServiceToken,
    HouseOnly,
    NoSuchServiceToken,
)
from service.service_token.scope import UnknownScope
from service.service_token.text import hashed, read, written
from tests.given import given
from tests.service_token.machines import ISSUE, ISSUED, NOW, REVOKE, REVOKED, SOURCE, TOKEN

SECRETS = st.binary(min_size=32, max_size=32)


def test_a_token_is_issued_once() -> None:
    given(SERVICE_TOKEN).when(ISSUE).then(ISSUED)
    given(SERVICE_TOKEN, ISSUED).when(replace(ISSUE, name="another")).then()


def test_a_token_is_revoked_for_good() -> None:
    given(SERVICE_TOKEN, ISSUED).when(REVOKE).then(REVOKED)
    given(SERVICE_TOKEN, ISSUED, REVOKED).when(REVOKE).then()
    given(SERVICE_TOKEN, ISSUED, REVOKED).when(ISSUE).then()
    given(SERVICE_TOKEN).when(REVOKE).refused(NoSuchServiceToken)


def test_a_token_operates_the_service_only_in_the_house() -> None:
    operator = replace(ISSUE, role="operator")

    given(SERVICE_TOKEN).when(operator).refused(HouseOnly)
    given(SERVICE_TOKEN).when(replace(operator, house=True)).then(replace(ISSUED, role="operator"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " \t"},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"role": "admin", "house": True},
        {"scopes": ()},
        {"scopes": tuple(f"courses:{n}" for n in range(101))},
        {"expires_at": NOW},
        {"expires_at": NOW - timedelta(days=1)},
        {"expires_at": NOW + LONGEST + timedelta(seconds=1)},
    ],
    ids=str,
)
def test_what_is_no_service_token_is_refused(wrong: dict[str, Any]) -> None:
    given(SERVICE_TOKEN).when(replace(ISSUE, **wrong)).refused(BadServiceToken)


def test_what_proves_a_token_stands_apart_from_its_event() -> None:
    stored = encode(ISSUED)

    assert stored.subject == TOKEN
    assert stored.private == f'{{"secret_hash":"{hashed(SOURCE)}"}}'
    assert hashed(SOURCE) not in stored.data


@for_any(st.uuids(), SECRETS)
def test_a_text_is_read_as_it_was_written(name: UUID, secret: bytes) -> None:
    text = written(name, secret)
    presented = read(text)

    assert text.startswith("dbk_")
    assert len(text) == 68
    assert presented is not None
    assert (presented.id, presented.secret) == (name, secret)
    assert presented.proves(hashed(secret))
    assert not presented.proves(hashed(secret[::-1] + b"x"))
    assert not presented.proves("")
    assert secret.hex() not in repr(presented)
    assert repr(secret)[2:-1] not in repr(presented)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dbk_",
        "dbk_" + "A" * 63,
        "dbk_" + "A" * 65,
        "dbk_" + "A" * 63 + "=",
        "dbk_" + "ä" * 64,
        "DBK_" + "A" * 64,
        "dbk_" + "A" * 64 + "\n",
        "x" + "A" * 67,
    ],
)
def test_what_is_no_token_is_read_as_none(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("role", ROLES)
def test_each_route_is_open_to_its_scope_and_to_no_other(role: str) -> None:
    opened = set()
    for route, wanted in product(API, scope.known(role)):
        caller = token.Principal(
            token.HOUSE, str(TOKEN), role, "service-token", house=role == "operator",
            scopes=scope.expanded([wanted], role),
        )  # fmt: skip
        try:
            permit(route, caller)
        except Forbidden:
            continue
        assert route.role is None or route.scope == wanted
        opened |= {route} if route.role else set()

    asked = {route for route in API if route.role and token.rank(route.role) <= token.rank(role)}
    assert opened == {route for route in asked if route.scope in scope.known(role)}
    assert {route.scope.partition(":")[0] for route in asked - opened} <= scope.PERSONAL


def test_a_wildcard_stands_for_what_the_role_may_do() -> None:
    user, operator = set(scope.known("user")), set(scope.known("operator"))

    assert scope.expanded(["*"], "user") == user
    assert {"views:read", "projections:write"} <= operator - user
    assert scope.expanded(["*:read"], "user") == {one for one in user if one.endswith(":read")}
    assert scope.expanded(["courses:*"], "user") == {"courses:read", "courses:write"}
    assert scope.expanded(["gone:read"], "operator") == set()
    assert not {"accounts", "tenants", "service-tokens", "audit", "me"} & {
        one.partition(":")[0] for one in operator
    }


@pytest.mark.parametrize(
    "wrong", ["job:read", "courses", "courses:", "", ":", "*:delete", "accounts:read", "me:read"]
)
def test_an_unknown_scope_is_refused_with_those_there_are(wrong: str) -> None:
    with pytest.raises(UnknownScope, match="courses:read") as raised:
        scope.checked(["courses:read", wrong], "operator")

    assert raised.value.facts["scopes"] == scope.known("operator")
