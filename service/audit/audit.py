"""What of a request the audit keeps beside the events it causes: its origin, and its refusal."""

from uuid import UUID

from aiohttp import web

from service.http.token import Principal
from service.refusal import Refusal


class Audit:
    """Gathers what is to be noted; `run` writes it to the log, in batches."""

    def origin(self, principal: Principal, request: web.Request) -> UUID | None:
        """Return the id of the place that `principal` calls from; the address stays private."""

    def refused(
        self,
        principal: Principal,
        origin: UUID | None,
        *,
        method: str,
        path: str,
        target: UUID | None,
        refusal: Refusal,
    ) -> None:
        """Note that a command was refused; `path` is the route's template."""
