"""Calls of language models to record."""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from service.ledger.decider import RecordCall

COURSE: Final = UUID("c0000000-0000-4000-8000-000000000001")
JOB: Final = UUID("b0000000-0000-4000-8000-000000000001")
CALL: Final = RecordCall(
    provider="openai",
    model_asked="gpt-5-mini",
    model_returned="gpt-5-mini-2025-08-07",
    prompt_id="course/lesson/3",
    prompt_hash="9f86d081",
    tokens_in=1840,
    tokens_out=912,
    cost=Decimal("0.002284000"),
    ms=6120,
    outcome="answered",
    kind="course",
    purpose="lesson",
    target=COURSE,
    job_id=JOB,
)


def call(**changed: Any) -> RecordCall:
    """Return the call above, with something else about it."""
    return msgspec.structs.replace(CALL, **changed)
