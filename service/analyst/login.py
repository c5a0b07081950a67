"""An analyst's login: what it may be called, its password, and the URL that opens it."""

import re
from base64 import b64encode
from hashlib import pbkdf2_hmac, sha256
from hmac import digest
from typing import Final

from msgspec.structs import replace

from service.dsn import Dsn
from service.refusal import Invalid

NAME: Final = re.compile(r"(?!pg_|daybook|public$|none$)[a-z][a-z0-9_]{0,62}", re.ASCII)
"""PostgreSQL cuts names after 63 bytes, keeps those that start with pg_ for itself, and reads
public and none as other things; daybook and what starts with it is the product's own."""
ITERATIONS: Final = 4096
"""As PostgreSQL itself does by default; a password drawn at random needs no more."""
OWN: Final = frozenset({"user", "password", "passfile", "service", "options", "application_name"})
CERTIFICATE: Final = frozenset({"sslcert", "sslkey", "sslpassword"})


class NameRefused(Invalid):
    """This name cannot be that of an analyst."""


def checked(name: str) -> str:
    """Return `name` if an analyst's login can be called so. Raises `NameRefused`."""
    if not NAME.fullmatch(name):
        raise NameRefused(
            "An analyst's name is 1 to 63 of the characters a-z, 0-9 and _, starts with a letter,"
            " and is not public, none, or one that starts with pg_ or daybook."
        )
    return name


def verifier(password: str, salt: bytes, iterations: int = ITERATIONS) -> str:
    """Return what PostgreSQL stores of an ASCII `password`, so that it never has to be sent.

    A SCRAM-SHA-256 verifier (RFC 5802, section 3; RFC 7677) in the form of PostgreSQL's manual,
    chapter 52.8, pg_authid: ``SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey``.
    """
    salted = pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    stored = sha256(digest(salted, b"Client Key", "sha256")).digest()
    server = digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${iterations}:{salt64}${stored64}:{server64}"


def url(service: Dsn, name: str, password: str) -> str:
    """Return the URL by which the analyst logs in where `service` does, with nothing of its own."""
    shared = {k: v for k, v in service.parameters.items() if k not in OWN | CERTIFICATE}
    return replace(service, parameters=shared | {"user": name, "password": password}).libpq
