"""Access tokens: short JWTs (RFC 7519) that say who calls, for which tenant and in which role."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import jwt
from msgspec import Struct

from service.http.keyring import Key, KeyRing
from service.refusal import Unauthenticated

ROLES: Final = ("user", "analyst", "operator", "admin")
"""Each role may do what those before it may."""

ISSUER: Final = "daybook"
AUDIENCE: Final = "daybook-api"
ALGORITHM: Final = "HS256"
"""The one algorithm of all our keys, whatever a token says (RFC 8725, section 3.1)."""
TYPE: Final = "JWT"
LEEWAY: Final = timedelta(seconds=30)
REQUIRED: Final = ["exp", "iat", "sub", "aud", "iss", "jti", "tenant", "role"]
LONGEST: Final = 2048
"""Characters; ours have about four hundred."""
REMEMBERED: Final = 4096
"""How many tokens are remembered as good, so at most some ten megabytes."""
UNREADABLE: Final = (
    jwt.InvalidTokenError,
    ValueError,
    TypeError,
    AttributeError,
    RecursionError,
)
"""What reading a token of another make may raise."""
TENANTS: Final = uuid5(NAMESPACE_URL, "https://daybook.example/tenants")


class Principal(Struct, frozen=True):
    """Who calls.

    `subject` is the id of an account or of a service token, or the name an operator gave a token
    of the command line. `house` tells those who may act on the service as a whole, beyond their
    tenant. `session_id` and `version` are an account's: a token of an older version is void.
    `scopes` are what a service token is kept to; None keeps it to nothing but its role.
    """

    tenant_id: UUID
    subject: str
    role: str
    kind: Literal["operator", "account", "service-token"] = "operator"
    house: bool = False
    session_id: UUID | None = None
    version: int = 0
    scopes: frozenset[str] | None = None

    @property
    def account_id(self) -> UUID | None:
        """The account that calls, if it is one."""
        return UUID(self.subject) if self.kind == "account" else None


class Claims(Struct, frozen=True):
    """A principal and the span (Unix seconds) in which its token speaks for it."""

    principal: Principal
    issued: int
    expires: int


GOOD: Final[dict[str, tuple[Key, Claims]]] = {}
"""Tokens that were good, in the order in which they came first."""


def tenant(name: str) -> UUID:
    """Return the id of the tenant called `name`: a UUID stands for itself, else uuid5 of it."""
    try:
        return UUID(name)
    except ValueError:
        return uuid5(TENANTS, name)


HOUSE: Final = tenant("default")
"""The tenant of those who run the service; only its accounts may act beyond their tenant."""


def rank(role: str) -> int:
    """Return how much `role` may do; an unknown role may do nothing."""
    return ROLES.index(role) if role in ROLES else -1


def mint(keys: KeyRing, principal: Principal, ttl: timedelta, now: datetime) -> str:
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
        "house": principal.house,
    }
    if principal.kind == "account":
        claims |= {"sid": str(principal.session_id), "ver": principal.version}
    key = keys.signing(now)
    return codec().encode(claims, key.secret.reveal(), ALGORITHM, headers={"kid": key.id})


def verify(keys: KeyRing, token: str, now: datetime) -> Principal:
    """Return whom `token` speaks for at `now`, or raise `Unauthenticated`.

    What was good once is remembered, and asked again only of the ring and of the clock.
    """
    if len(token) > LONGEST:
        raise Unauthenticated("This bearer token is longer than any of ours.")
    known = GOOD.get(token)
    name = key_id(token) if known is None else known[0].id
    key = keys.verifying(name, now)
    if key is None:
        raise Unauthenticated("This bearer token is not one of ours, or its key has retired.")
    claims = remembered(key, token) if known is None or known[0] is not key else known[1]
    moment = now.timestamp()
    if moment >= claims.expires + LEEWAY.total_seconds():
        raise Unauthenticated("This token has expired; ask for a new one.")
    if moment < claims.issued - LEEWAY.total_seconds():
        raise Unauthenticated("This token is not valid yet; compare the clocks.")
    return claims.principal


def remembered(key: Key, token: str) -> Claims:
    """Return the claims under a valid signature, and remember them: only what we have signed."""
    claims = signed(key, token)
    GOOD.pop(token, None)
    while len(GOOD) >= REMEMBERED:
        GOOD.pop(next(iter(GOOD)), None)
    GOOD[token] = (key, claims)
    return claims


def key_id(token: str) -> str | None:
    """Return the `kid` of a token headed as ours are, None for any other. Not to be trusted yet.

    Ours name the algorithm, the type and the key, and nothing else: no other address of a key
    (`jku`, `x5u`, `jwk`), nothing critical (`crit`), no compression.
    """
    try:
        header = jwt.get_unverified_header(token)
    except UNREADABLE:
        return None
    kid = header.pop("kid", None)
    return kid if header == {"alg": ALGORITHM, "typ": TYPE} and isinstance(kid, str) else None


def signed(key: Key, token: str) -> Claims:
    """Return the claims under a signature by `key`, or raise `Unauthenticated`."""
    options: Any = {
        "require": REQUIRED,
        "strict_aud": True,
        "verify_exp": False,  # the caller's clock decides, not this process's
        "verify_iat": False,
        "verify_nbf": False,
    }
    try:
        payload = codec().decode(
            token,
            key.secret.reveal(),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options=options,
        )
        return claims_of(payload)
    except (*UNREADABLE, KeyError) as error:
        raise Unauthenticated("This bearer token is not one of ours.") from error


def claims_of(payload: dict[str, Any]) -> Claims:
    """Return the typed claims, or raise one of the errors that mean a token of another make."""
    if payload["role"] not in ROLES:
        raise ValueError("unknown role")
    tenant_id, subject, house = UUID(payload["tenant"]), str(payload["sub"]), payload.get("house")
    if "sid" not in payload:
        principal = Principal(tenant_id, subject, payload["role"], house=house is True)
    else:
        principal = Principal(
            tenant_id,
            str(UUID(subject)),
            payload["role"],
            "account",
            house is True,
            UUID(payload["sid"]),
            int(payload["ver"]),
        )
    issued, expires = payload["iat"], payload["exp"]
    if type(issued) is not int or type(expires) is not int:
        raise TypeError("a time is a whole number")
    return Claims(principal, issued, expires)


@lru_cache(maxsize=1)
def codec() -> jwt.PyJWT:
    """Return the coder that refuses keys too short to sign with."""
    return jwt.PyJWT(options={"enforce_minimum_key_length": True})
