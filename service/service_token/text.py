"""The text of a service token, which its holder is shown once, and what of it is kept."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from uuid import UUID

from msgspec import Struct

PREFIX: Final = "dbk_"
"""What every service token begins with, so that scanners for leaked secrets know one."""
SECRET: Final = 32
"""Bytes drawn at random: no fewer, since what is kept is a plain hash of them."""
_TEXT: Final = re.compile(PREFIX + r"[A-Za-z0-9_-]{64}", re.ASCII)
"""The id's 16 bytes and the secret's 32 make 64 characters, without padding."""


class Presented(Struct, frozen=True):
    """A token as somebody shows it: which it is, and the proof that he holds it."""

    id: UUID
    secret: bytes

    def __repr__(self) -> str:
        """Return what may be seen of it."""
        return f"Presented({self.id})"

    def proves(self, secret_hash: str) -> bool:
        """Tell, in a time that says nothing, whether the hash is of this very secret."""
        return hmac.compare_digest(hashed(self.secret), secret_hash)


def written(token: UUID, secret: bytes) -> str:
    """Return the text of a token."""
    return PREFIX + urlsafe_b64encode(token.bytes + secret).decode()


def read(text: str) -> Presented | None:
    """Return what `text` says, None where it is no service token's."""
    if not _TEXT.fullmatch(text):
        return None
    raw = urlsafe_b64decode(text.removeprefix(PREFIX))
    return Presented(UUID(bytes=raw[:16]), raw[16:])


def hashed(secret: bytes) -> str:
    """Return what is kept of a secret: its SHA-256, in hexadecimal."""
    return hashlib.sha256(secret).hexdigest()
