"""A service token to begin with, in the words of its events."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from service.service_token.decider import (
    IssueServiceToken,
    RevokeServiceToken,
    ServiceTokenIssued,
    ServiceTokenRevoked,
)
from service.service_token.text import SECRET, hashed

TOKEN: Final = UUID("d0000000-0000-4000-8000-000000000001")
NOW: Final = datetime(2026, 6, 30, 12, tzinfo=UTC)
END: Final = NOW + timedelta(days=90)
SOURCE: Final = bytes(range(SECRET))
"""What a token's secret is, where it need not be one."""
ISSUE: Final = IssueServiceToken(
    token=TOKEN,
    name="textbook site",
    role="user",
    scopes=("courses:read",),
    issued_at=NOW,
    expires_at=END,
    secret_hash=hashed(SOURCE),
    house=False,
)
REVOKE: Final = RevokeServiceToken("It was in a public repository.")
ISSUED: Final = ServiceTokenIssued(
    TOKEN, "textbook site", "user", ("courses:read",), END, hashed(SOURCE)
)
REVOKED: Final = ServiceTokenRevoked("textbook site", REVOKE.reason)
