"""Who calls with a service token: asked of the log itself, so that a revoked one is known at once.

Whoever remembers the answer lets a revoked token live for as long.
"""

from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from service.http.token import HOUSE, Principal
from service.log.handle import Log
from service.refusal import NotFound, Unauthenticated
from service.service_token.decider import SERVICE_TOKEN, Issued, Revoked
from service.service_token.scope import expanded
from service.service_token.text import Presented, read


async def principal_of(log: Log, text: str, now: datetime) -> Principal:
    """Return whom a service token speaks for at `now`. Raises `Unauthenticated`, `Unavailable`.

    Only its holder is told that it has expired or was revoked: for anybody else it is none.
    """
    presented = read(text)
    if presented is None:
        unknown()
    state, tenant_id = await found(log, presented)
    return principal(presented.id, tenant_id, good(state, now))


async def still(log: Log, token: UUID, now: datetime) -> None:
    """Let the holder of a token go on. Raises `Unauthenticated` once it is good for nothing."""
    loaded: Any = await log.load(SERVICE_TOKEN, token, None)
    good(loaded.state, now)


def good(state: Issued | Revoked, now: datetime) -> Issued:
    """Return the state of a token that may be used. Raises `Unauthenticated`."""
    if isinstance(state, Revoked):
        raise Unauthenticated("This service token was revoked; have a new one issued.")
    if now >= state.expires_at:
        raise Unauthenticated(
            f"This service token expired on {state.expires_at:%Y-%m-%d}; have a new one issued."
        )
    return state


async def found(log: Log, presented: Presented) -> tuple[Issued | Revoked, UUID]:
    """Return the token that was presented with its secret, and whose it is."""
    try:
        loaded: Any = await log.load(SERVICE_TOKEN, presented.id, None)
    except NotFound:  # the id is that of something else
        unknown()
    state = loaded.state
    if not isinstance(state, Issued | Revoked) or not presented.proves(state.secret_hash):
        unknown()
    return state, loaded.tenant_id


def principal(token: UUID, tenant_id: UUID, state: Issued) -> Principal:
    """Return the principal that a good token stands for."""
    return Principal(
        tenant_id=tenant_id,
        subject=str(token),
        role=state.role,
        kind="service-token",
        house=tenant_id == HOUSE and state.role == "operator",
        scopes=expanded(state.scopes, state.role),
    )


def unknown() -> NoReturn:
    """Raise what is said of every token that is none of ours."""
    raise Unauthenticated("This service token is not one of ours.")
