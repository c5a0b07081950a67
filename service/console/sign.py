"""Signing in to the console and out of it."""

import re
from contextlib import suppress
from typing import Annotated, Final

from aiohttp import web
from msgspec import Meta

from service.account.discreet import Discreet
from service.account.login import (
    AccountClosed,
    BadCredentials,
    Credentials,
    context_of,
    log_in,
)
from service.account.password import PasswordsBusy
from service.account.session import SESSION, End, parsed
from service.console import cookie
from service.console.page import Shown, Visit, redirect
from service.console.visitor import visitor
from service.http import form, problem
from service.http.form import Fields
from service.http.query import query
from service.http.token import tenant
from service.refusal import TooMany, Unavailable

FORM_MAX: Final = 16 * 1024
"""Bytes of a form of a few short fields."""
HOME: Final = "/console"
OURS: Final = re.compile(r"/console(?!.*(?:\.\.|//|\\))(?:[/?][\x21-\x7e]*)?", re.ASCII)
REFUSED: Final = (BadCredentials, AccountClosed, TooMany, PasswordsBusy)
"""What is said beside the form, so that one may try again."""

Text = Annotated[str, Meta(max_length=4000)]


class Way(Discreet, frozen=True):
    """Where to go once signed in."""

    to: Text = HOME


class SignIn(Fields, Discreet, frozen=True):
    """What the form asks for."""

    name: Text = ""
    password: Text = ""
    tenant: Text = "default"
    to: Text = HOME


async def ask(visit: Visit) -> Shown:
    """Show the form."""
    return door(SignIn(to=query(visit.request, Way).to))


async def enter(visit: Visit) -> Shown | web.Response:
    """Begin a session, or show the form again with the reason why not."""
    of, sent = visit.resources, await form.read_fields(visit.request, SignIn, FORM_MAX)
    who = Credentials(tenant(sent.tenant), sent.name.strip(), sent.password)
    try:
        tokens = await log_in(of, visit.request, who)
    except REFUSED as refusal:
        return door(sent, refusal)
    session_id, _ = parsed(tokens.refresh_token)  # which nobody is told: the cookie is another
    session = await of.log.load(SESSION, session_id, who.tenant_id, fresh=False)
    response = redirect(sent.to if OURS.fullmatch(sent.to) else HOME)
    cookie.give(response, of.settings, session_id, session.state)
    return response


def door(sent: SignIn, refusal: Exception | None = None) -> Shown:
    """Return the page with the form, all but the password filled in as it was."""
    values = {"name": sent.name, "tenant": sent.tenant, "to": sent.to, "refused": refusal}
    if not isinstance(refusal, REFUSED):
        return Shown("sign_in.html", values)
    headers = {"Retry-After": str(seconds)} if (seconds := refusal.facts.get("retry_after")) else {}
    return Shown("sign_in.html", values, problem.status_for(type(refusal)), headers)


async def leave(visit: Visit) -> web.Response:
    """End the session, and take the cookie back even where the log cannot be told."""
    of = visit.resources
    with suppress(Unavailable):
        if who := await visitor(visit.request, of):
            context = context_of(of, visit.request, who.principal.tenant_id, who.person.account)
            await of.log.handle(SESSION, who.session_id, End(), context)
    response = redirect("/console/sign-in")
    cookie.take(response, of.settings)
    return response
