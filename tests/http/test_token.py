import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import pytest

from service.http import token
from service.http.keyring import KeyRing
from service.refusal import Unauthenticated
from service.settings import Secret

KEY = "k" * 32
KEYS = KeyRing.of(Secret(KEY))
OTHERS = KeyRing.of(Secret("x" * 32))
NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADA = token.Principal(token.tenant("school"), "ada", "analyst")


def claims(**changes: object) -> dict[str, object]:
    given = (
        jwt.decode(token.mint(KEYS, ADA, HOUR, NOW), options={"verify_signature": False}) | changes
    )
    return {name: value for name, value in given.items() if value is not None}


def test_a_minted_token_speaks_for_its_principal() -> None:
    assert token.verify(KEYS, token.mint(KEYS, ADA, HOUR, NOW), NOW) == ADA


def test_a_token_ends_with_its_time_and_a_little_leeway() -> None:
    minted = token.mint(KEYS, ADA, HOUR, NOW)

    assert token.verify(KEYS, minted, NOW + HOUR + timedelta(seconds=29)) == ADA
    with pytest.raises(Unauthenticated, match="expired"):
        token.verify(KEYS, minted, NOW + HOUR + timedelta(seconds=30))


def test_a_token_from_the_future_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="not valid yet"):
        token.verify(KEYS, token.mint(KEYS, ADA, HOUR, NOW), NOW - timedelta(minutes=5))


def test_another_key_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        token.verify(OTHERS, token.mint(KEYS, ADA, HOUR, NOW), NOW)


def test_a_token_that_names_no_algorithm_is_refused() -> None:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "1"}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
    with pytest.raises(Unauthenticated):
        token.verify(KEYS, f"{head.decode()}.{body.decode()}.", NOW)


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in token.REQUIRED),
        {"role": "root"},
        {"tenant": "school"},
        {"iss": "elsewhere"},
        {"aud": "elsewhere"},
        {"exp": "soon"},
    ],
    ids=str,
)
def test_claims_of_another_make_are_refused(changes: dict[str, object]) -> None:
    forged = jwt.encode(claims(**changes), KEY, algorithm="HS256", headers={"kid": "1"})
    with pytest.raises(Unauthenticated):
        token.verify(KEYS, forged, NOW)


@pytest.mark.parametrize("kid", [None, "2"])
def test_a_key_id_that_is_not_ours_is_refused(kid: str | None) -> None:
    headers = {"kid": kid} if kid else {}
    forged = jwt.encode(claims(), KEY, algorithm="HS256", headers=headers)
    with pytest.raises(Unauthenticated):
        token.verify(KEYS, forged, NOW)


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "é", "." * 1000, "\x00"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        token.verify(KEYS, text, NOW)


def test_a_short_key_signs_nothing() -> None:
    with pytest.raises(jwt.InvalidKeyError):
        token.mint(KeyRing.of(Secret("short")), ADA, HOUR, NOW)


def test_a_tenant_is_named_or_given_by_its_id() -> None:
    known = uuid4()

    assert token.tenant(str(known)) == known
    assert token.tenant("school") == token.tenant("school") != token.tenant("Schule")
    assert isinstance(token.tenant("school"), UUID)


def test_each_role_may_do_more_than_the_one_before() -> None:
    ranks = [token.rank(role) for role in ("", *token.ROLES)]
    assert ranks == sorted(set(ranks))
