"""The last wall before a secret reaches a log: what looks like one is written as three stars."""

import logging
import re
import sys
import traceback
from types import TracebackType
from typing import Final

from service.settings import MASK

FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
VALUE: Final = r"""(?:'[^']*'|"[^"]*"|[^\s,;&'")}]+)"""
SHAPES: Final = tuple(
    (hint, re.compile(pattern, re.IGNORECASE | re.ASCII), instead)
    for hint, pattern, instead in (
        ("://", r"""(://[^\s:/@'"]{0,200}:)[^\s'"]{0,500}@""", rf"\1{MASK}@"),
        ("authorization", r"(authorization)\W{1,4}[^\r\n]+", rf"\1: {MASK}"),
        ("cookie", r"\b((?:set-)?cookie)['\"]?[:=,][^\r\n]+", rf"\1: {MASK}"),
        *(
            (word, rf"""({word}\w{{0,20}}(?:['"]?\s*[:=]\s*|\s+(?='))){VALUE}""", rf"\1{MASK}")
            for word in ("password", "passwd", "secret", "api_key", "access_token", "refresh_token")
        ),
        ("eyj", r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?", MASK),
        ("dbk_", r"\bdbk_[\w-]{8,}", MASK),
        ("", r"(?<![\w-])(?=[\w-]{64})(?-i:(?=[\w-]*[A-Z]))(?=[\w-]*[0-9])[\w-]+", MASK),
    )
)
"""What tells cheaply that there may be one (in small letters), the shape, and what stands instead.

In order: the password of a URL, headers, what is called by a telling name, a JWT (RFC 7519), a
service token, a refresh token or a key. Each is found in a time that grows with the line alone.
"""


def masked(text: str) -> str:
    """Return `text` with all that is shaped like a secret masked."""
    small = text.lower()
    for hint, shape, instead in SHAPES:
        if hint in small:
            text = shape.sub(instead, text)
    return text


class Masking(logging.Formatter):
    """Formats as told, then masks the whole line, the traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of `record` without a secret."""
        return masked(super().format(record))


def install(level: str) -> None:
    """Log to stderr from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Masking(FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)


def excepthook(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Write an error that nobody has caught as Python does, but masked."""
    sys.stderr.write(masked("".join(traceback.format_exception(kind, error, trace))))
