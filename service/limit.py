"""How often things may be asked for: commands by tenant, logins by account and address."""

from uuid import UUID


class Limits:
    """The limits of one process."""

    def command(self, tenant_id: UUID, *, generates: bool) -> None:
        """Count one command of a tenant. Raises `TooMany` with `retry_after` in seconds."""
