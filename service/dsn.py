"""Where the database is: whatever form people paste, brought to the forms our two drivers take.

The rules were learnt from asyncpg 0.32 (it sends every query key it does not know to the server as
a setting), libpq (chapter 34.1 of PostgreSQL's manual), SQLAlchemy's and Prisma's habits, and Neon.
"""

import re
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from msgspec import Struct

SCHEME: Final = re.compile(r"(?:postgres|postgresql)(?:\+\w+)?", re.ASCII)
BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")

ALIASES: Final = {"ssl": "sslmode", "database": "dbname", "username": "user"}
SSLMODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SSL_WORDS: Final = {"true": "require", "on": "require", "1": "require", "false": "disable"}

BOTH: Final = frozenset(
    """host port dbname user password passfile service sslmode sslcert sslkey sslrootcert sslcrl
    sslnegotiation sslpassword ssl_min_protocol_version ssl_max_protocol_version krbsrvname gsslib
    target_session_attrs application_name options connect_timeout""".split()  # noqa: SIM905 - a list would fill the page
)
"""Keys that libpq and asyncpg both know, by these names."""
LIBPQ: Final = frozenset(
    """channel_binding keepalives keepalives_idle keepalives_interval keepalives_count
    tcp_user_timeout gssencmode gssdelegation sslcompression sslsni sslcertmode sslcrldir
    requirepeer require_auth client_encoding fallback_application_name hostaddr
    load_balance_hosts""".split()  # noqa: SIM905 - as above
)
"""Keys that only libpq knows."""
POOLING: Final = frozenset({"statement_cache_size", "prepared_statement_cache_size", "pgbouncer"})
"""Keys of other clients by which people say that a transaction pooler stands in between."""

POOLER_PORTS: Final = frozenset({"6432", "6543"})
"""PgBouncer's own port, and Supabase's for transaction pooling."""
HABITS: Final = (("DB_HOST", "DB_NAME", "DB_"), ("POSTGRES_SERVER", "POSTGRES_DB", "POSTGRES_"))
"""The variables for host and name, and the prefix of the others."""
CONNECT_SECONDS: Final = 15.0
"""A serverless database takes a moment to wake, sometimes seconds."""


class DsnError(ValueError):
    """A connection setting that cannot be used; the sentence never repeats its value."""


class Dsn(Struct, frozen=True):
    """A database by libpq's keywords; it prints as host, port and name alone."""

    parameters: dict[str, str]
    pooled: bool = False

    def __str__(self) -> str:
        of = self.parameters
        return f"{of.get('host', 'localhost')}:{of.get('port', '5432')}/{of.get('dbname', '')}"

    __repr__ = __str__

    @property
    def libpq(self) -> str:
        """The URL that psql, pg_dump and psycopg take, with the password in it."""
        of = {k: v for k, v in self.parameters.items() if k not in POOLING}
        user, password, name = (of.pop(key, "") for key in ("user", "password", "dbname"))
        login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        place = ""
        if not re.search("[/,]", of.get("host", "/")):
            host = of.pop("host")
            place = (f"[{host}]" if ":" in host else host) + f":{of.pop('port', '5432')}"
        query = f"?{urlencode(of, quote_via=quote, safe='/,')}" if of else ""
        return f"postgresql://{login}{'@' if login else ''}{place}/{quote(name, safe='')}{query}"

    @property
    def yoyo(self) -> str:
        """The URL that yoyo takes for psycopg 3; all in the query, which it decodes by the book."""
        of = {k: v for k, v in self.parameters.items() if k not in POOLING}
        return f"postgresql+psycopg://?{urlencode(of)}"

    @property
    def asyncpg(self) -> dict[str, Any]:
        """The arguments of ``asyncpg.connect``: no key that it would send to the server."""
        of = {k: v for k, v in self.parameters.items() if k in BOTH}
        arguments: dict[str, Any] = {
            "timeout": max(CONNECT_SECONDS, float(of.pop("connect_timeout", 0))),
            "statement_cache_size": 0 if self.pooled else 100,
        }
        if "host" in of:
            arguments["host"] = of.pop("host").split(",")
        if "port" in of:
            arguments["port"] = [int(port) for port in of.pop("port").split(",")]
        for key, keyword in (("user", "user"), ("password", "password"), ("dbname", "database")):
            if key in of:
                arguments[keyword] = of.pop(key)
        if of.get("sslrootcert") == "system":  # libpq 16's word for the machine's own certificates
            del of["sslrootcert"], of["sslmode"]
            arguments["ssl"] = ssl.create_default_context()
        return {"dsn": f"postgresql://?{urlencode(of)}"} | arguments


def parse(url: str, variable: str = "DATABASE_URL", pooler: str = "auto") -> Dsn:
    """Return what `url` says, be it a URL of any client or a copied psql command.

    `pooler` is ``transaction`` where a transaction pooler stands in between, ``none`` where none
    does, and ``auto`` to tell by host, port and keys. Raises `DsnError`, which names `variable`.
    """
    text = re.sub(r"^psql\s+", "", url.strip()).strip("'\" ")
    scheme, separator, rest = text.partition("://")
    if not separator or not SCHEME.fullmatch(scheme):
        raise DsnError(f"{variable} must be a URL that starts with postgresql://")
    if BROKEN_ESCAPE.search(rest):
        raise DsnError(
            f"{variable} has a '%' that is no escape; write a '%' of the password as %25"
        )
    authority, path, query = _split(rest, variable)
    login, _, place = authority.rpartition("@")
    user, _, password = login.partition(":")
    hosts, ports = _places(place, variable)
    found = {
        "host": hosts,
        "port": ports,
        "user": unquote(user),
        "password": unquote(password),
        "dbname": unquote(path),
    }
    found |= _checked(dict(parse_qsl(query)), variable)
    parameters = {key: value for key, value in found.items() if value}
    return Dsn(parameters, _pooled(parameters, pooler))


def from_parts(environ: Mapping[str, str]) -> Dsn | None:
    """Return the database that `environ` names in parts, under either habit; None if in none.

    Raises `DsnError` with the variable that is wrong or missing.
    """
    for host, name, prefix in HABITS:
        if not environ.get(host):
            continue
        if not environ.get(name):
            raise DsnError(f"{name} is missing: beside {host} it names the database")
        found = {
            "host": environ[host],
            "port": environ.get(f"{prefix}PORT", ""),
            "user": environ.get(f"{prefix}USER", ""),
            "password": environ.get(f"{prefix}PASSWORD", ""),
            "dbname": environ[name],
            "sslmode": environ.get(f"{prefix}SSLMODE", ""),
        }
        parameters = {key: value for key, value in found.items() if value}
        return Dsn(_checked(parameters, f"{prefix}SSLMODE"), _pooled(parameters, "auto"))
    return None


def _split(rest: str, variable: str) -> tuple[str, str, str]:
    """Return authority, path and query; an '@' or '#' out of place betrays a raw password."""
    try:
        parts = urlsplit(f"//{rest}")
    except ValueError:  # its sentence repeats the login
        raise DsnError(f"{variable} has a host that cannot be read") from None
    if parts.netloc.count("@") > 1 or "@" in parts.path + parts.query or "#" in rest:
        raise DsnError(
            f"{variable} has a character in its user or password that a URL must escape:"
            " write '@' as %40, '/' as %2F, '#' as %23, '?' as %3F"
        )
    return parts.netloc, parts.path.removeprefix("/"), parts.query


def _places(place: str, variable: str) -> tuple[str, str]:
    """Return hosts and ports of ``a:1,b:2``, comma separated; ports empty where none is given."""
    hosts, ports = [], []
    for spec in place.split(",") if place else []:
        match = re.fullmatch(r"(?:\[([^\]]*)\]|([^:\[\]]*))(?::(\d*))?", spec)
        if match is None:
            raise DsnError(f"{variable} has a port that is no number, or an unescaped ':' or '['")
        hosts.append(unquote(match[1] or match[2] or ""))
        ports.append(match[3] or "5432")
    given = any(re.search(r":\d+$", spec) for spec in place.split(","))
    return ",".join(hosts), ",".join(ports) if given else ""


def _checked(query: dict[str, str], variable: str) -> dict[str, str]:
    """Return `query` under libpq's names, or raise `DsnError` with the first key nobody knows."""
    found = {ALIASES.get(key, key): value for key, value in query.items()}
    for key in found:
        if key not in BOTH | LIBPQ | POOLING:
            raise DsnError(f"{variable} has the unknown parameter {key[:40]!r}; remove it")
    if mode := found.get("sslmode"):
        found["sslmode"] = SSL_WORDS.get(mode.lower(), mode.lower())
        if found["sslmode"] not in SSLMODES:
            raise DsnError(f"{variable} must have an sslmode of {', '.join(SSLMODES)}")
    for key in ("port", "connect_timeout"):
        if not re.fullmatch(r"\d+(,\d+)*", found.get(key, "0")):
            raise DsnError(f"{variable} must have a whole number as {key}")
    return found


def _pooled(parameters: Mapping[str, str], pooler: str) -> bool:
    """Tell whether a pooler in transaction mode stands in between."""
    if pooler != "auto":
        return pooler == "transaction"
    said = parameters.get("pgbouncer") == "true" or "0" in (
        parameters.get("statement_cache_size"),
        parameters.get("prepared_statement_cache_size"),
    )
    ports = set(parameters.get("port", "").split(","))
    return said or "-pooler." in parameters.get("host", "") or bool(ports & POOLER_PORTS)
