"""Jobs as they are read."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.sql import SQL


class JobView(Struct, frozen=True):
    """One job; `note` says in words how far it is, `advice` what to do once it has failed.

    `token_usage` and `cost` (in US dollars) are of all its calls of language models, failed ones
    too, `model_used` is the model that answered last, null where none was asked.
    """

    id: UUID
    kind: str
    target: UUID
    status: str
    steps_done: int
    steps_total: int | None
    note: str | None
    attempts: int
    errors: list[str]
    advice: str | None
    token_usage: int
    cost: Decimal
    model_used: str | None
    run_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    updated_at: datetime


async def job(database: Database, tenant_id: UUID, job_id: UUID) -> JobView | None:
    """Return one job."""
    row = await database.fetchrow(SQL["job/job"], tenant_id, job_id)
    return None if row is None else JobView(**row)
