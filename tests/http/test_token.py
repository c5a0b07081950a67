import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import pytest

from service.http import token
from service.http.keyring import Key, KeyRing
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


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in token.REQUIRED),
        {"role": "root"},
        {"tenant": "school"},
        {"iss": "elsewhere"},
        {"aud": "elsewhere"},
        {"aud": ["daybook-api", "elsewhere"]},
        {"exp": "soon"},
        {"exp": "99999999999"},
        {"exp": 1e300},
        {"exp": True},
        {"iat": 0.5},
        {"sub": 7},
        {"jti": 7},
    ],
    ids=str,
)
def test_claims_of_another_make_are_refused(changes: dict[str, object]) -> None:
    forged = jwt.encode(claims(**changes), KEY, algorithm="HS256", headers={"kid": "1"})
    with pytest.raises(Unauthenticated):
        token.verify(KEYS, forged, NOW)


LARGE = b'{"kid":' + b"9" * 1200 + b"}"
PUBLIC = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEb4gODHEbtNPeT2NMoHMmiwl8v1g7
-----END PUBLIC KEY-----"""


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sealed(key: str, digest: str = "sha256", **header: object) -> str:
    """A token under a right HMAC by `key`, whatever its header says."""
    head = {"alg": "HS256", "typ": "JWT", "kid": "1"} | header
    signed = f"{part({k: v for k, v in head.items() if v is not None})}.{part(claims())}"
    return f"{signed}.{part(hmac.digest(key.encode(), signed.encode(), digest))}"


def test_a_token_that_is_made_by_hand_as_ours_are_is_good() -> None:
    assert token.verify(KEYS, sealed(KEY), NOW) == ADA


FORGED: dict[str, str] = {
    "none": sealed(KEY, alg="none"),
    "None": sealed(KEY, alg="None"),
    "no algorithm": sealed(KEY, alg=None),
    "small letters": sealed(KEY, alg="hs256"),
    "a longer digest": sealed(KEY, "sha512", alg="HS512"),
    "RS256 over an HMAC": sealed(KEY, alg="RS256"),
    "ES256 over an HMAC": sealed(KEY, alg="ES256"),
    "a public key as the secret": sealed(PUBLIC, alg="HS256"),
    "an empty secret": sealed(""),
    "crit": sealed(KEY, crit=["exp"]),
    "crit of another make": sealed(KEY, crit=["b64"], b64=False),
    "jku": sealed(KEY, jku="https://keys.example/jwks"),
    "x5u": sealed(KEY, x5u="https://keys.example/cert"),
    "x5c": sealed(KEY, x5c=["MIIB"]),
    "a key of its own": sealed("x" * 32, jwk={"kty": "oct", "k": part(b"x" * 32)}),
    "zip": sealed(KEY, zip="DEF"),
    "another type": sealed(KEY, typ="at+jwt"),
    "no type": sealed(KEY, typ=None),
    "a nested token": sealed(KEY, cty="JWT"),
    "no kid": sealed(KEY, kid=None),
    "a kid that is another's": sealed(KEY, kid="2"),
    "a kid that is a path": sealed("", kid="../../../dev/null"),
    "a kid that is a query": sealed(KEY, kid="1' OR '1'='1"),
    "a kid with a blank": sealed(KEY, kid="1 "),
    "a kid with a null": sealed(KEY, kid="1\x00"),
    "a kid in other digits": sealed(KEY, kid="\uff11"),
    "a kid that is a number": sealed(KEY, kid=1),
    "a kid that is a list": sealed(KEY, kid=["1"]),
    "a long kid": sealed(KEY, kid="1" * 500),
    "a deep header": f"{part(b'[' * 1200)}.{part({})}.{part(b'x')}",
    "a deep payload": f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': '1'})}.{part(b'[' * 1200)}.x",
    "a large number": f"{part(LARGE)}.{part({})}.{part(b'x')}",
    "a header that is a list": f"{part(['HS256'])}.{part({})}.{part(b'x')}",
    "five parts": sealed(KEY) + ".a.b",
    "a blank at its end": sealed(KEY) + " ",
    "no signature": sealed(KEY).rpartition(".")[0] + ".",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_only_looks_like_a_token_is_refused(forged: str) -> None:
    for _ in range(2):  # and is not remembered
        with pytest.raises(Unauthenticated):
            token.verify(KEYS, forged, NOW)


def test_a_token_is_refused_by_its_length_before_it_is_read() -> None:
    long = jwt.encode(claims(sub="a" * 2000), KEY, algorithm="HS256", headers={"kid": "1"})
    with pytest.raises(Unauthenticated, match="longer than any of ours"):
        token.verify(KEYS, long, NOW)


def test_only_good_tokens_are_remembered_and_not_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(token, "REMEMBERED", 10)
    for text in FORGED.values():
        with pytest.raises(Unauthenticated):
            token.verify(KEYS, text, NOW)
        assert text not in token.GOOD
    for _ in range(30):
        token.verify(KEYS, token.mint(KEYS, ADA, HOUR, NOW), NOW)

    assert len(token.GOOD) == 10


def test_what_is_remembered_ends_with_its_key() -> None:
    minted = token.mint(KEYS, ADA, HOUR, NOW)
    retired = KeyRing([Key("1", Secret(KEY), retire_at=NOW)])
    for _ in range(2):
        assert token.verify(KEYS, minted, NOW) == ADA
        for others in (OTHERS, retired):
            with pytest.raises(Unauthenticated):
                token.verify(others, minted, NOW)


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "é", "." * 1000, "\x00", "\ud800"])
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
