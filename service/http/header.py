"""Request headers that commands and reads understand, each refused with a sentence if it is bad."""

import re
from typing import Final

from service.refusal import Malformed, Stale

VERSION_MAX: Final = 2**31 - 1
WAIT_MAX: Final = 10

_TAG: Final = re.compile(r'"(?P<tag>[\x21\x23-\x7e]*)"')
_WAIT: Final = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?=$|[,;])", re.IGNORECASE)


def if_match(header: str | None) -> int | None:
    """Return the version that ``If-Match: "7"`` expects, None for no header and for ``*``.

    Raises `Malformed` for what is no entity tag, `Stale` for one that this service never gave:
    weak tags never match (RFC 9110, section 13.1.1).
    """
    if header is None or header.strip() == "*":
        return None
    text = header.strip()
    if _TAG.fullmatch(text.removeprefix("W/")) is None:
        raise Malformed('If-Match takes one version in quotes, as in If-Match: "7".')
    version = text.strip('"')
    if not (version.isascii() and version.isdigit() and int(version[:20]) <= VERSION_MAX):
        raise Stale(f"If-Match names {text}, which is not a version of anything here.")
    return int(version)


def idempotency_key(header: str | None) -> str | None:
    """Return the caller's key (draft-ietf-httpapi-idempotency-key-header-07): 1 to 255 characters.

    The draft's quotes are optional here, since most clients send the bare key.
    """
    if header is None:
        return None
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):  # noqa: PLR2004
        raise Malformed("Idempotency-Key takes 1 to 255 printable ASCII characters.")
    return key


def prefer_wait(header: str | None) -> int:
    """Return the seconds of ``Prefer: wait=N`` (RFC 7240), at most 10; 0 if there is none."""
    found = _WAIT.search(header or "")
    return min(int(found[1]), WAIT_MAX) if found else 0
