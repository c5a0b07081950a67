"""Whether those who call may still: what a token cannot know, since it was signed earlier."""

from datetime import datetime

from service.http.token import Principal
from service.log.handle import Log


class Standing:
    """What this process remembers of accounts, service tokens and tenants."""

    async def admit(self, principal: Principal, log: Log, now: datetime) -> None:
        """Raise `Unauthenticated` or `Forbidden` where `principal` may not call any more."""
