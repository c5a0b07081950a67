"""Getting in and out over HTTP: registering, logging in, going on, logging out."""

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict, replace

from service.account.claim import EmailTaken, UsernameTaken
from service.account.commands import SignOutEverywhere
from service.account.decider import ACCOUNT, BadBirthdate, BadEmail, BadUsername, NoSuchAccount
from service.account.discreet import Discreet
from service.account.login import (
    AccountClosed,
    BadCredentials,
    Credentials,
    Tokens,
    log_in,
    refreshed,
)
from service.account.password import PasswordLength, PasswordsBusy, WeakPassword
from service.account.registration import Newcomer, claim_id
from service.account.registration import register as registered
from service.account.session import SESSION, BadRefreshToken, End, RefreshTokenReused
from service.http.address import address_of
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, Resources, committed
from service.http.form import Fields
from service.http.problem import FieldError
from service.http.token import tenant
from service.log.handle import Context
from service.refusal import (
    Forbidden,
    Invalid,
    Malformed,
    Refusal,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unsupported,
)
from service.tenant import tenants
from service.tenant.tenants import TenantSuspended


class RegistrationClosed(Forbidden):
    """Nobody can register in this tenant; its administrators know how to get an account."""


REGISTERED: Final = (
    RegistrationClosed,
    TenantSuspended,
    EmailTaken,
    UsernameTaken,
    BadEmail,
    BadUsername,
    BadBirthdate,
    PasswordLength,
    WeakPassword,
    PasswordsBusy,
    TooMany,
)
LOGGED_IN: Final = (BadCredentials, AccountClosed, TenantSuspended, PasswordsBusy, TooMany)
TOKENS: Final = (PasswordsBusy, TooMany)
REFRESHED: Final = (BadRefreshToken, RefreshTokenReused, TenantSuspended)
OUT: Final = (NoSuchAccount,)
"""What may stand in the way of getting in and out."""

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Tenant = Annotated[str, Meta(min_length=1, max_length=100, examples=["default"])]
Email = Annotated[str, Meta(min_length=3, max_length=254, examples=["ada@example.org"])]
Username = Annotated[str, Meta(min_length=3, max_length=40, examples=["ada"])]
Name = Annotated[str, Meta(min_length=1, max_length=200, examples=["Ada Lovelace"])]
Password = Annotated[str, Meta(min_length=1, max_length=1024, examples=["seven green kettles hum"])]
Identifier = Annotated[str, Meta(min_length=1, max_length=254, examples=["ada@example.org"])]
Token = Annotated[str, Meta(min_length=1, max_length=200)]


class NewAccount(Discreet, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who wants an account; the password has 8 to 1024 bytes and is not easy to guess."""

    email: Email
    password: Password
    username: Username | None = None
    name: Name | None = None
    birthdate: date | None = None
    tenant: Tenant = "default"


class Login(Discreet, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An e-mail address or a username, under any one of the three names, and the password."""

    password: Password
    email: Identifier | None = None
    username: Identifier | None = None
    identifier: Identifier | None = None
    tenant: Tenant = "default"

    @property
    def who(self) -> str:
        """The one name that is given. Raises `Invalid` where it is none, or several."""
        given = [name for name in (self.email, self.username, self.identifier) if name is not None]
        if len(given) != 1:
            fault = FieldError("Give an e-mail address or a username, once.", "/email")
            raise Invalid("The body does not fit this route.", errors=[fault])
        return given[0]


class RefreshToken(Discreet, frozen=True, forbid_unknown_fields=True):
    """The refresh token that was handed out last."""

    refresh_token: Token


class LogOut(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether all sessions of the account are to end, or the caller's alone."""

    everywhere: bool = False


class TokenRequest(Discreet, Fields, frozen=True, kw_only=True):
    """What RFC 6749 asks of a client, sections 4.3.2 and 6; `tenant` is our own."""

    grant_type: Annotated[str, Meta(max_length=100, examples=["password"])] = "password"
    username: Annotated[str, Meta(max_length=254, examples=["ada@example.org"])] = ""
    password: Annotated[str, Meta(max_length=1024)] = ""
    refresh_token: Annotated[str, Meta(max_length=200)] = ""
    tenant: Tenant = "default"


class TokenError(Struct, frozen=True, omit_defaults=True):
    """Why there is no token (RFC 6749, section 5.2)."""

    error: Literal["invalid_request", "invalid_grant", "unsupported_grant_type"]
    error_description: str | UnsetType = UNSET


class UnsupportedGrantType(Invalid):
    """A grant type is password or refresh_token."""


async def register(call: Call[NewAccount, Nothing]) -> Answer[Committed]:
    """Register.

    E-mail address and username are each one account's within a tenant, in whatever case.
    """
    of, tenant_id = call.resources, tenant(call.body.tenant)
    await of.limits.registration(of.database, address_of(call.request))
    await open_to_newcomers(of, tenant_id)
    newcomer = newcomer_of(call.body, of)
    context = on_behalf(call, tenant_id, newcomer)
    receipt = await registered(of.log, of.passwords, context, newcomer)
    return committed(receipt, "/api/v1/me")


def newcomer_of(body: NewAccount, of: Resources) -> Newcomer:
    """Return who wants an account, with an id and the day."""
    said = {name: value for name, value in asdict(body).items() if name != "tenant"}
    return Newcomer(account=of.new_id(), on=of.now().date(), **said)


def on_behalf(call: Call[NewAccount, Nothing], tenant_id: UUID, newcomer: Newcomer) -> Context:
    """Return the context of a registration: it is the newcomer's own act, in that tenant.

    Where he calls from belongs to the address that he gives: if he is refused, there is no account
    that it could be forgotten with.
    """
    claim = claim_id(tenant_id, "email", newcomer.email)
    origin = call.resources.audit.visitor(tenant_id, call.request, account=None, claim=claim)
    return replace(call.context, tenant_id=tenant_id, actor=str(newcomer.account), origin=origin)


async def open_to_newcomers(of: Resources, tenant_id: UUID) -> None:
    """Raise TenantSuspended or RegistrationClosed where nobody may register."""
    found = await tenants.of(of.database, tenant_id)
    found.admit()
    if found.registration != "open":
        raise RegistrationClosed


async def login(call: Call[Login, Nothing]) -> Answer[Tokens]:
    """Log in by e-mail address or username.

    Each login begins a session of its own, so an Idempotency-Key changes nothing here.
    """
    body = call.body
    who = Credentials(tenant(body.tenant), body.who, body.password)
    return Answer(await log_in(call.resources, call.request, who), NO_STORE)


async def token(call: Call[TokenRequest, Nothing]) -> Answer[Tokens]:
    """Get tokens as OAuth 2.0 clients do.

    For clients that know nothing but a form: `grant_type` is password or refresh_token. What goes
    wrong is said as RFC 6749 wants it said.
    """
    body = call.body
    if body.grant_type == "refresh_token" and body.refresh_token:
        tokens = await refreshed(call.resources, call.request, body.refresh_token)
    elif body.grant_type == "password" and body.username and body.password:
        who = Credentials(tenant(body.tenant), body.username, body.password)
        tokens = await log_in(call.resources, call.request, who)
    elif body.grant_type in {"password", "refresh_token"}:
        raise Malformed(f"A field that grant_type={body.grant_type} needs is missing.")
    else:
        raise UnsupportedGrantType
    return Answer(tokens, NO_STORE)


async def refresh(call: Call[RefreshToken, Nothing]) -> Answer[Tokens]:
    """Get the next tokens for a refresh token, which is used once.

    Where the answer was lost, the same token gets the same successor for half a minute; a token
    that comes back later was copied, and its session ends.
    """
    tokens = await refreshed(call.resources, call.request, call.body.refresh_token)
    return Answer(tokens, NO_STORE)


async def logout(call: Call[LogOut, Nothing]) -> Answer[Committed]:
    """Log out of the session whose token calls, or everywhere."""
    principal, log = call.principal, call.resources.log
    if principal.account_id is None or principal.session_id is None:
        raise NoSuchAccount("Your token is no account's, so it has no session.")
    if call.body.everywhere:
        receipt = await log.handle(ACCOUNT, principal.account_id, SignOutEverywhere(), call.context)
    else:
        receipt = await log.handle(SESSION, principal.session_id, End(), call.context)
    return committed(receipt)


def oauth(refusal: Refusal) -> Answer[TokenError] | None:
    """Return what RFC 6749 has clients told; what it has no words for stays a problem document."""
    said: dict[type[Refusal], Any] = {
        Unauthenticated: "invalid_grant",
        Forbidden: "invalid_grant",
        UnsupportedGrantType: "unsupported_grant_type",
        **dict.fromkeys((Invalid, Malformed, Unsupported, TooLarge), "invalid_request"),
    }
    for kind, error in said.items():
        if isinstance(refusal, kind):
            return Answer(TokenError(error, plain(str(refusal))), NO_STORE, 400)
    return None


def plain(sentence: str) -> str:
    """Return a sentence in the characters that an error_description may have."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "'" for c in sentence)
