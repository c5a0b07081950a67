"""Bearer tokens: short JWTs (RFC 7519) that say who calls, for which tenant and in which role."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import jwt
from msgspec import Struct

from service.refusal import Unauthenticated

ROLES: Final = ("user", "analyst", "operator", "admin")
"""Each role may do what those before it may."""

ISSUER: Final = "daybook"
AUDIENCE: Final = "daybook-api"
ALGORITHM: Final = "HS256"
KEY_ID: Final = "1"
LEEWAY: Final = timedelta(seconds=30)
REQUIRED: Final = ["exp", "iat", "sub", "aud", "iss", "jti", "tenant", "role"]
TENANTS: Final = uuid5(NAMESPACE_URL, "https://daybook.example/tenants")


class Principal(Struct, frozen=True):
    """Who calls: `subject` is an account's id, or the name that an operator gave to a token."""

    tenant_id: UUID
    subject: str
    role: str


class Claims(Struct, frozen=True):
    """A principal and the span (Unix seconds) in which its token speaks for it."""

    principal: Principal
    issued: int
    expires: int


def tenant(name: str) -> UUID:
    """Return the id of the tenant called `name`: a UUID stands for itself, else uuid5 of it."""
    try:
        return UUID(name)
    except ValueError:
        return uuid5(TENANTS, name)


def rank(role: str) -> int:
    """Return how much `role` may do; an unknown role may do nothing."""
    return ROLES.index(role) if role in ROLES else -1


def mint(key: str, principal: Principal, ttl: timedelta, now: datetime) -> str:
    """Return a signed token for `principal` that ends `ttl` after `now`.

    Raises `ValueError` for a role nobody has, and `jwt.InvalidKeyError` for a key under 32 bytes.
    """
    if principal.role not in ROLES:
        raise ValueError(f"A role is one of {', '.join(ROLES)}.")
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": principal.subject,
        "jti": uuid4().hex,
        "iat": int(now.timestamp()),
        "exp": int((now + ttl).timestamp()),
        "tenant": str(principal.tenant_id),
        "role": principal.role,
    }
    return codec().encode(claims, key, algorithm=ALGORITHM, headers={"kid": KEY_ID})


def verify(key: str, token: str, now: datetime) -> Principal:
    """Return whom `token` speaks for at `now`, or raise `Unauthenticated`."""
    claims = signed(key, token)
    moment = now.timestamp()
    if moment >= claims.expires + LEEWAY.total_seconds():
        raise Unauthenticated("This token has expired; ask for a new one.")
    if moment < claims.issued - LEEWAY.total_seconds():
        raise Unauthenticated("This token is not valid yet; compare the clocks.")
    return claims.principal


@lru_cache(maxsize=4096)
def signed(key: str, token: str) -> Claims:
    """Return the claims under a valid signature; those of past callers are remembered."""
    options: Any = {
        "require": REQUIRED,
        "verify_exp": False,  # the caller's clock decides, not this process's
        "verify_iat": False,
        "verify_nbf": False,
    }
    try:
        decoded = codec().decode_complete(
            token, key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=options
        )
        return claims_of(decoded["header"], decoded["payload"])
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise Unauthenticated("This bearer token is not one of ours.") from error


def claims_of(header: dict[str, Any], payload: dict[str, Any]) -> Claims:
    """Return the typed claims, or raise one of the errors that mean a token of another make."""
    if header.get("kid") != KEY_ID or payload["role"] not in ROLES:
        raise ValueError("unknown key or role")
    principal = Principal(UUID(payload["tenant"]), str(payload["sub"]), payload["role"])
    return Claims(principal, int(payload["iat"]), int(payload["exp"]))


@lru_cache(maxsize=1)
def codec() -> jwt.PyJWT:
    """Return the coder that refuses keys too short to sign with."""
    return jwt.PyJWT(options={"enforce_minimum_key_length": True})
