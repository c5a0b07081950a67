"""Your sessions: which there are, and an end to any of them."""

from typing import Final

from aiohttp import web

from service.account import views
from service.account.http import NoSuchSession
from service.account.login import context_of
from service.account.session import SESSION, End
from service.console.page import Shown, Visit, redirect

MOST: Final = 100
SEEN: Final = 2.0
"""Seconds to wait until the list shows it too."""


async def browse(visit: Visit) -> Shown:
    """List the sessions of whoever reads, newest first; this one is always among them."""
    of, who = visit.resources, visit.known
    session = await of.log.load(SESSION, who.session_id, visit.tenant_id, fresh=False)
    await of.tail.reached(session.position, SEEN)
    rows = await views.sessions(
        of.database, visit.tenant_id, who.person.account, visit.now, limit=MOST
    )
    return Shown("sessions.html", {"sessions": rows})


async def end(visit: Visit) -> web.Response:
    """End one of them; the one that asks for it is signed out by that."""
    of, who, session_id = visit.resources, visit.known, visit.path["session"]
    session = (await of.log.load(SESSION, session_id, visit.tenant_id)).state
    if getattr(session, "account", None) != who.person.account:
        raise NoSuchSession
    context = context_of(of, visit.request, visit.tenant_id, who.person.account)
    receipt = await of.log.handle(SESSION, session_id, End(), context)
    await of.tail.reached(receipt.position, SEEN)
    return redirect("/console/sessions")
