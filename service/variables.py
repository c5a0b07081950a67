"""The environment variables that the service reads: name, default, meaning, and what is right."""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from service.rate import Rates, rate

KEY_BYTES: Final = 32
"""The least that HMAC-SHA256 wants of a key (RFC 7518, section 3.2)."""


class Variable(Struct, frozen=True):
    """One variable; `read` turns its text into a value, or raises ValueError("must be …")."""

    name: str
    default: str
    means: str
    read: Callable[[str], Any] = str
    secret: bool = False


def whole(least: int, most: int) -> Callable[[str], int]:
    """Read a whole number from `least` to `most`."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and least <= int(text[:9]) <= most):
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """Read one of `words`, in any case."""

    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text.lower()

    return read


def flag(text: str) -> bool:
    """Read a yes or no in the spellings people use."""
    yes, no = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
    if text.lower() not in yes | no:
        raise ValueError("must be true or false")
    return text.lower() in yes


def temperature(text: str) -> float:
    """Read how much a model may vary what it says."""
    if not re.fullmatch(r"[01](\.\d{1,3})?|2(\.0{1,3})?", text):
        raise ValueError("must be a number from 0 to 2, such as 0.7")
    return float(text)


def url(*schemes: str) -> Callable[[str], str]:
    """Read a URL of one of `schemes`, with a host."""

    def read(text: str) -> str:
        try:
            parts = urlsplit(text)
            good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:  # its sentence may repeat the text
            good = False
        if not good:
            starts = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"must be a URL that starts with {starts}")
        return text

    return read


def origin(text: str) -> str:
    """Read an origin as browsers write it: scheme, host, and a port that is not the usual one."""
    parts = urlsplit(WEB(text))
    rest = parts.path.strip("/") + parts.query + parts.fragment + (parts.username or "")
    if rest or not text.isascii() or "*" in text:
        raise ValueError("must be scheme and host alone, such as https://daybook.example")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = parts.port in {None, {"http": 80, "https": 443}[parts.scheme]}
    return f"{parts.scheme}://{host}" + ("" if usual else f":{parts.port}")


def origins(text: str) -> tuple[str, ...]:
    """Read a list of origins, by commas; each by its name."""
    if "*" in text:
        raise ValueError(
            "must name each origin, such as https://app.example: with * every page of the web"
            " could try passwords from its visitors' browsers"
        )
    return tuple(origin(part.strip()) for part in text.split(",") if part.strip())


def key(text: str) -> str:
    """Read a signing key."""
    if len(text.encode()) < KEY_BYTES:
        raise ValueError(f"must be at least {KEY_BYTES} random bytes")
    return text


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read networks and single addresses with commas between them."""
    try:
        found = tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError("must be networks such as 10.0.0.0/8, with commas between") from error
    if any(network.prefixlen == 0 for network in found):
        raise ValueError("must not be every address there is: anybody could claim any address")
    return found


def folder(text: str) -> Path:
    """Read a folder as an absolute path."""
    return Path(text).expanduser().resolve()


def file(text: str) -> Path:
    """Read a file as an absolute path; a link stays one, as a mounted secret's is pointed anew."""
    return Path(text).expanduser().absolute()


POOLERS: Final = one_of("auto", "transaction", "none")
SWAPS: Final = one_of("auto", "manual")
LEVELS: Final = one_of("debug", "info", "warning", "error")
WEB: Final = url("http", "https")
RATES: Final = Rates()
SPOOLED: Final = "requests kept on the disk while the database is away; 0: none"

VARIABLES: Final = (
    Variable("DATABASE_URL", "", "any PostgreSQL ≥ 15; unset: our own, in the home", secret=True),
    Variable("DATABASE_DIRECT_URL", "", "the same, past its pooler, for LISTEN", secret=True),
    Variable("DB_HOST", "", "the database in parts, instead of DATABASE_URL"),
    Variable("DB_PORT", "5432", "beside DB_HOST", whole(1, 65535)),
    Variable("DB_NAME", "", "beside DB_HOST"),
    Variable("DB_USER", "", "beside DB_HOST"),
    Variable("DB_PASSWORD", "", "beside DB_HOST", secret=True),
    Variable("DB_SSLMODE", "", "beside DB_HOST"),
    Variable("POSTGRES_SERVER", "", "the database in parts, by another habit"),
    Variable("POSTGRES_PORT", "5432", "beside POSTGRES_SERVER", whole(1, 65535)),
    Variable("POSTGRES_USER", "", "beside POSTGRES_SERVER"),
    Variable("POSTGRES_PASSWORD", "", "beside POSTGRES_SERVER", secret=True),
    Variable("POSTGRES_DB", "", "beside POSTGRES_SERVER"),
    Variable("DB_POOLER", "auto", "transaction or none; auto looks at the URL", POOLERS),
    Variable("DB_POOL_SIZE", "10", "connections of a process", whole(4, 1000)),
    Variable("DB_MAX_OVERFLOW", "5", "connections beyond, when busy", whole(0, 1000)),
    Variable("DATABASE_MAY_SLEEP", "false", "let an idle database alone, to sleep", flag),
    Variable("PROJECTION_SWAP", "auto", "auto or manual: who swaps in a changed one", SWAPS),
    Variable("DAYBOOK_HOME", ".daybook", "where data, key and spool live", folder),
    Variable("DAYBOOK_HOST", "127.0.0.1", "the address to listen on"),
    Variable("DAYBOOK_PORT", "8080", "the port to listen on; 0 picks a free one", whole(0, 65535)),
    Variable("TRUSTED_PROXIES", "", "networks of proxies that say whom they serve", networks),
    Variable("PUBLIC_URL", "", "where people reach it, such as https://daybook.example", origin),
    Variable("CORS_ORIGINS", "", "by commas, whose pages may use the API from browsers", origins),
    Variable("API_DOCS", "true", "serve /docs and /openapi.json", flag),
    Variable("LIMIT_COMMANDS", str(RATES.commands), "commands of a tenant, or off", rate),
    Variable("LIMIT_GENERATIONS", str(RATES.generations), "what it may have generated", rate),
    Variable("LIMIT_LOGINS", str(RATES.logins), "failed logins of an identifier", rate),
    Variable("LIMIT_ADDRESS", str(RATES.address), "failures and registrations of an address", rate),
    Variable("LIMIT_CONNECTIONS", "10000", "connections of a process", whole(10, 1_000_000)),
    Variable("LIMIT_PEER", "2000", "connections from one address", whole(1, 1_000_000)),
    Variable("LIMIT_STREAMS", "1000", "event streams of a process", whole(1, 1_000_000)),
    Variable("DAYBOOK_SECRET_KEY", "", "signs tokens; unset: made in the home", key, secret=True),
    Variable("DAYBOOK_KEYS", "", "the file of rotated keys; unset: keys.json in the home", file),
    Variable("DAYBOOK_ADMIN_PASSWORD", "", "for account create-admin, if not typed", secret=True),
    Variable("WORKER_SLOTS", "32", "jobs that a worker does at a time", whole(1, 10_000)),
    Variable("GENERATOR", "offline", "offline or openai", one_of("offline", "openai")),
    Variable("OPENAI_API_KEY", "", "for GENERATOR=openai and embeddings", secret=True),
    Variable("OPENAI_BASE_URL", "", "any OpenAI-compatible server", WEB),
    Variable("OPENAI_MODEL", "gpt-4o-mini", "the model to ask"),
    Variable(
        "OPENAI_MAX_TOKENS", "4096", "room for an answer, twice in need", whole(256, 1_000_000)
    ),
    Variable("OPENAI_CONTEXT", "24000", "characters of sources in a request", whole(1000, 10**7)),
    Variable("OPENAI_TEMPERATURE", "", "0 to 2; unset: the model's own", temperature),
    Variable("OPENAI_EMBEDDING_MODEL", "", "for search by meaning; unset: by words alone"),
    Variable("OPENAI_CALLS", "32", "calls of a process at once", whole(1, 1000)),
    Variable("OPENAI_IDLE_SECONDS", "60", "silence that ends a call", whole(1, 3600)),
    Variable("OPENAI_DEADLINE_SECONDS", "600", "the longest a call takes", whole(1, 86_400)),
    Variable(
        "AMQP_URL", "", "RabbitMQ; unset: no intake by queue", url("amqp", "amqps"), secret=True
    ),
    Variable("AMQP_TENANT", "default", "the tenant whose requests come by queue"),
    Variable("RABBITMQ_HOST", "", "RabbitMQ in parts, instead of AMQP_URL"),
    Variable("RABBITMQ_PORT", "5672", "beside RABBITMQ_HOST", whole(1, 65535)),
    Variable("RABBITMQ_USER", "guest", "beside RABBITMQ_HOST"),
    Variable("RABBITMQ_PASSWORD", "", "beside RABBITMQ_HOST", secret=True),
    Variable("RABBITMQ_VHOST", "/", "beside RABBITMQ_HOST"),
    Variable("COURSE_FILES", "", "the folder to keep courses in, as files; unset: none", folder),
    Variable("TEXTBOOK_DOCS", "", "the docs folder to publish textbooks into; unset: none", folder),
    Variable("CHROMIUM", "", "the Chromium that prints PDFs; unset: one on PATH"),
    Variable("SPOOL_LIMIT", "10000", SPOOLED, whole(0, 1_000_000)),
    Variable("LOG_LEVEL", "info", "debug, info, warning or error", LEVELS),
    Variable("SQL_ECHO", "false", "log each statement and its time", flag),
)
"""All of them, in the order in which they are listed."""
