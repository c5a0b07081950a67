"""The last wall before a secret reaches a log: what looks like one is written as three stars."""

import logging
import re
import sys
import traceback
from types import TracebackType
from typing import Final

from service.settings import MASK

FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
SHAPES: Final = re.compile(
    r"""
      (?P<user>://[^\s:/@'"]*:) [^\s'"]* @                           # the password of a URL
    | (?P<header>\b(?:proxy-)?authorization\b|\b(?:set-)?cookie\b) \W{1,4} [^\r\n]+
    | (?P<name>\b\w*(?:password|passwd|secret|api_?key|access_token|refresh_token)['"]?\s*[:=]\s*)
      (?: '[^']*' | "[^"]*" | [^\s,;&'")}]+ )
    | \beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?                            # a JWT (RFC 7519)
    | \bdbk_[\w-]{8,}                                                # a service token
    | (?-i:(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[\w-]{64,})       # a refresh token, a key
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def masked(text: str) -> str:
    """Return `text` with all that is shaped like a secret masked."""
    return SHAPES.sub(_mask, text)


class Masking(logging.Formatter):
    """Formats as told, then masks the whole line, the traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of `record` without a secret."""
        return masked(super().format(record))


def install(level: str) -> None:
    """Log to stderr from `level` on; what ends the process is masked as well."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Masking(FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    sys.excepthook = excepthook


def excepthook(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Write an error that nobody has caught as Python does, but masked."""
    sys.stderr.write(masked("".join(traceback.format_exception(kind, error, trace))))


def _mask(match: re.Match[str]) -> str:
    found = match.groupdict()
    if found["user"]:
        return f"{found['user']}{MASK}@"
    if found["header"]:
        return f"{found['header']}: {MASK}"
    return f"{found['name'] or ''}{MASK}"
