"""Passwords: hashed by argon2id (RFC 9106) in threads of their own, weighed before they count."""

import asyncio
import os
import threading
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

import argon2

from service.refusal import Invalid, Unavailable

T = TypeVar("T")

LEAST, MOST = 8, 1024
"""Bytes of a password, in UTF-8 after NFKC."""
GUESSES: Final = 1e8
"""A password that falls to fewer guesses is refused: what zxcvbn calls somewhat guessable."""
WEIGHED: Final = 72
"""Characters that are weighed; weighing takes time that grows with the square of them."""
THREADS: Final = 2
WAITING: Final = 32
SOON: Final = 2

_weighing: Final = threading.Lock()


class PasswordLength(Invalid):
    """A password has 8 to 1024 bytes."""


class WeakPassword(Invalid):
    """This password is too easy to guess; take a longer one that nobody would think of."""


class PasswordsBusy(Unavailable):
    """More passwords are being checked than we have room for; try again in a few seconds."""


class Passwords:
    """Hashes and verifies, a few at once: each takes 64 MiB and a fifth of a second."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        """Hash by `hasher`; its defaults are those of RFC 9106's second recommendation."""
        self._hasher = hasher or argon2.PasswordHasher()
        self._threads = ThreadPoolExecutor(THREADS, "password")
        self._taken = 0
        self._nobodys = nobodys(self._hasher)

    async def hash(self, password: str) -> str:
        """Return the hash to keep. Raises `PasswordLength`, `PasswordsBusy`."""
        return await self._in_a_thread(partial(self._hasher.hash, fitting(password)))

    async def weigh(self, password: str, *personal: str | None) -> None:
        """Raise `WeakPassword` for one that is known or easy to guess, also from what is personal.

        Raises `PasswordLength` and `PasswordsBusy` too.
        """
        text = fitting(password).decode("utf-8", "surrogatepass")
        known = [part for whole in personal if whole for part in parts(whole)]
        guesses, advice = await self._in_a_thread(partial(weighed, text, known))
        if guesses < GUESSES:
            raise WeakPassword(" ".join(["This password is too easy to guess.", *advice]))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Say whether `stored` is a hash of the password. Raises `PasswordsBusy`.

        Without a hash, or with a password that none can be of, as much work is done for nothing.
        """
        raw = encoded(password)
        if not stored or len(raw) > MOST:
            stored, raw = self._nobodys, raw[:MOST]
        return await self._in_a_thread(partial(self._verified, stored, raw))

    def outdated(self, stored: str) -> bool:
        """Say whether a hash was made by other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    def _verified(self, stored: str, raw: bytes) -> bool:
        try:
            return self._hasher.verify(stored, raw)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    async def _in_a_thread(self, work: Callable[[], T]) -> T:
        if self._taken >= THREADS + WAITING:
            raise PasswordsBusy(retry_after=SOON)
        self._taken += 1
        working = asyncio.get_running_loop().run_in_executor(self._threads, work)
        working.add_done_callback(self._left)
        return await asyncio.shield(working)

    def _left(self, working: "asyncio.Future[Any]") -> None:
        self._taken -= 1
        if not working.cancelled():
            working.exception()  # somebody who went away has no use for it


def encoded(password: str) -> bytes:
    """Return the bytes that are hashed: what looks the same is the same (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def fitting(password: str) -> bytes:
    """Return the bytes that are hashed. Raises `PasswordLength`."""
    raw = encoded(password)
    if not LEAST <= len(raw) <= MOST:
        raise PasswordLength
    return raw


def parts(personal: str) -> Iterator[str]:
    """Yield a name or an address, and what it is made of."""
    yield personal
    yield personal.partition("@")[0]
    yield from personal.replace("@", " ").replace(".", " ").split()


def weighed(text: str, known: list[str]) -> tuple[float, list[str]]:
    """Return how many guesses a password takes, and what to do about it, in sentences.

    The library keeps what it is told of a person in a place that all its callers share.
    """
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its word lists take a while and few commands need it
    from zxcvbn.matching import RANKED_DICTIONARIES  # noqa: PLC0415

    with _weighing:
        try:
            found = zxcvbn(text[:WEIGHED], user_inputs=known)
        finally:
            RANKED_DICTIONARIES.pop("user_inputs", None)
    advice = [found["feedback"]["warning"], *found["feedback"]["suggestions"]]
    return float(found["guesses"]), [f"{line.rstrip('.')}." for line in advice if line]


def nobodys(hasher: argon2.PasswordHasher) -> str:
    """Return a hash of the hasher's parameters that no password has: random salt, random hash."""
    salt, digest = (
        b64encode(os.urandom(size)).rstrip(b"=").decode()
        for size in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2{hasher.type.name.lower()}$v=19${cost}${salt}${digest}"
