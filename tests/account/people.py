"""An account to begin with, in the words of its events."""

from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher

from service.account.commands import Register
from service.account.events import AccountRegistered

ADA: Final = UUID("a0000000-0000-4000-8000-000000000001")
BOB: Final = UUID("a0000000-0000-4000-8000-000000000002")
NOW: Final = datetime(2026, 6, 30, 12, tzinfo=UTC)
TODAY: Final = NOW.date()
REGISTER: Final = Register(
    account=ADA,
    email="Ada@Example.org",
    username="ada",
    name="Ada",
    birthdate=date(1990, 12, 10),
    password_hash="$argon2id$1",
    on=TODAY,
)
REGISTERED: Final = AccountRegistered(
    account=ADA,
    role="user",
    email="Ada@Example.org",
    username="ada",
    name="Ada",
    birthdate=date(1990, 12, 10),
    password_hash="$argon2id$1",
)
CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
CHEAPER: Final = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1)
