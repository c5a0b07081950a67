"""Callers: who they are, and the requests that come from their addresses."""

from typing import Final
from unittest.mock import Mock
from uuid import UUID

from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from service.audit.audit import Audit
from service.http.address import PROXIES, Network, Proxies
from service.http.token import Principal
from service.refusal import NotFound, Refusal
from service.settings import Secret

SECRET: Final = Secret("a secret of tests that hides nothing")
TENANT: Final = UUID(int=1)
OTHER: Final = UUID(int=2)
ADA: Final = Principal(TENANT, "ada", "user")
EVE: Final = Principal(TENANT, str(UUID(int=77)), "user", "account")
PATH: Final = "/api/v1/courses/{course}/rename"


def request_from(
    remote: str | None,
    *headers: tuple[str, str],
    agent: str = "curl/8",
    trusted: tuple[Network, ...] = (),
) -> web.Request:
    """Return a request that has come over a connection from `remote`."""
    app = web.Application()
    app[PROXIES] = Proxies(trusted)
    transport = Mock()
    transport.get_extra_info.side_effect = {"peername": (remote, 1) if remote else remote}.get
    sent = CIMultiDict([("User-Agent", agent), *headers])
    return make_mocked_request("POST", "/", sent, app=app, transport=transport)


def refuse(
    audit: Audit,
    principal: Principal = ADA,
    refusal: Refusal | None = None,
    *,
    origin: UUID | None = None,
    target: UUID | None = None,
    path: str = PATH,
) -> None:
    """Let a command be refused."""
    refusal = refusal or NotFound()
    audit.refused(principal, origin, method="POST", path=path, target=target, refusal=refusal)
