"""Who visits the console: whoever's session the cookie names, as long as the account allows it."""

import hmac
from uuid import UUID

from aiohttp import web

from service.account.login import principal_of, standing
from service.account.session import SESSION, Open
from service.console import cookie
from service.console.page import Visitor
from service.http.call import Resources
from service.refusal import NotFound, Unauthenticated


async def visitor(request: web.Request, of: Resources) -> Visitor | None:
    """Return who visits, None for nobody known.

    The log is asked each time, so a session that was ended, anywhere, is over at once. Raises
    `Forbidden` where the tenant is suspended, `Unavailable` where the log cannot be asked.
    """
    try:
        given = cookie.read(request, of.settings)
        return await recognised(of, *given) if given else None
    except (Unauthenticated, NotFound):
        return None


async def recognised(of: Resources, session_id: UUID, seal: bytes) -> Visitor | None:
    """Return whose session it is, None where the seal is not ours or the session has expired.

    Raises `Unauthenticated` where the session or its account is closed.
    """
    tenant_id, person = await standing(of, session_id)
    session = (await of.log.load(SESSION, session_id, tenant_id, fresh=False)).state
    if not isinstance(session, Open) or of.now() >= session.expires_at:
        return None
    if not hmac.compare_digest(seal, cookie.seal(of.settings, session_id, session)):
        return None
    principal = principal_of(tenant_id, person, session_id)
    await of.standing.admit(principal, of.now())
    return Visitor(principal, person, session_id)
