"""Passwords: weighed, hashed, verified, and never more of them at once than there is room for."""

import asyncio
import unicodedata
from typing import Literal

import pytest
from argon2 import PasswordHasher
from zxcvbn.matching import RANKED_DICTIONARIES

from service.account.password import (
    MOST,
    THREADS,
    WAITING,
    PasswordLength,
    Passwords,
    PasswordsBusy,
    WeakPassword,
)
from tests.account.people import CHEAP, CHEAPER

GOOD = "seven green kettles hum"
WEAK = (
    "password1",
    "Password123!",
    "qwertyuiop12",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
    "ada.lovelace1",
    "Ada Example",
    "x" * MOST,
)


class Counting(PasswordHasher):
    """Remembers the hashes that it was asked to verify."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.hashes: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.hashes.append(str(hash))
        return super().verify(hash, password)


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(CHEAP)


@pytest.mark.parametrize("weak", WEAK)
async def test_what_is_easy_to_guess_is_refused_with_advice(
    passwords: Passwords, weak: str
) -> None:
    with pytest.raises(WeakPassword) as refused:
        await passwords.weigh(weak, "ada.lovelace@example.org", "ada", None, "Ada Example")

    assert "Add another word" in str(refused.value)
    assert weak not in str(refused.value) + repr(refused.value.facts)


async def test_what_is_personal_to_one_is_forgotten_before_the_next(passwords: Passwords) -> None:
    name = "Gwenhwyfar Llanfairpwll"
    with pytest.raises(WeakPassword):
        await passwords.weigh("gwenhwyfar llanfairpwll", name)
    await passwords.weigh("gwenhwyfar llanfairpwll")

    assert "user_inputs" not in RANKED_DICTIONARIES


@pytest.mark.parametrize("unfit", ["", "1234567", "ab" * 513, "\u00fc" * 513])
async def test_a_password_has_a_length(passwords: Passwords, unfit: str) -> None:
    for refuse in (passwords.hash, passwords.weigh):
        with pytest.raises(PasswordLength):
            await refuse(unfit)
    assert not await passwords.verify(None, unfit)


async def test_nothing_of_a_password_is_cut_off(passwords: Passwords) -> None:
    long = "k" * MOST
    stored = await passwords.hash(long)

    assert await passwords.verify(stored, long)
    assert not await passwords.verify(stored, long[:-1])
    assert not await passwords.verify(stored, long + "k")


async def test_what_looks_the_same_is_the_same(passwords: Passwords) -> None:
    stored = await passwords.hash("\u00fcber allen Gipfeln")

    assert await passwords.verify(stored, unicodedata.normalize("NFD", "\u00fcber allen Gipfeln"))
    assert not await passwords.verify(stored, "\u00dcber allen Gipfeln")


async def test_where_there_is_no_hash_as_much_work_is_done_for_nothing() -> None:
    counting = Counting()
    passwords = Passwords(counting)
    known = await passwords.hash(GOOD)
    for stored, password in ((known, "x"), (None, GOOD), ("", GOOD), (known, "x" * 2_000)):
        assert not await passwords.verify(stored, password)

    assert len(counting.hashes) == 4
    assert {stored.rsplit("$", 2)[0] for stored in counting.hashes} == {known.rsplit("$", 2)[0]}
    assert {len(stored) for stored in counting.hashes} == {len(known)}
    assert not await passwords.verify("not a hash", GOOD)


async def test_a_hash_of_other_parameters_is_outdated(passwords: Passwords) -> None:
    stored = await Passwords(CHEAPER).hash(GOOD)

    assert passwords.outdated(stored)
    assert await passwords.verify(stored, GOOD)
    assert not passwords.outdated(await passwords.hash(GOOD))


async def test_there_is_room_for_so_many_and_the_others_are_told_when_to_come_back(
    passwords: Passwords,
) -> None:
    asked = [passwords.hash(GOOD) for _ in range(THREADS + WAITING + 5)]
    done = await asyncio.gather(*asked, return_exceptions=True)

    busy = [outcome for outcome in done if isinstance(outcome, PasswordsBusy)]
    assert len(busy) == 5
    assert busy[0].facts == {"retry_after": 2}
    assert await passwords.hash(GOOD)
