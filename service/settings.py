"""What the service is told from outside: environment variables, or the same lines in ``.env``."""

import hmac
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import quote

from dotenv import dotenv_values
from msgspec import Struct

from service import dsn
from service.rate import Rates
from service.variables import VARIABLES

MASK: Final = "***"


class Secret:
    """A text that prints as three stars wherever it slips out; `reveal` is the way to it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__

    def __format__(self, _form: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        """Compare in a time that tells nothing of where two secrets differ."""
        return isinstance(other, Secret) and hmac.compare_digest(
            self._text.encode(), other._text.encode()
        )

    def __hash__(self) -> int:
        return hash(self._text)

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, _memo: object) -> "Secret":
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        """Refuse to be pickled: a file or another process is no place for it."""
        raise TypeError("A secret is not to be stored; keep what it was read from.")

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text


class SettingsError(ValueError):
    """What is wrong with the settings: a line per variable, never the value of a secret."""


class Settings(Struct, frozen=True, kw_only=True):
    """All that the service is told; `home` is absolute and there is a key to sign with."""

    database_url: Secret | None = None
    direct_url: Secret | None = None
    pooler: str = "auto"
    pool_size: int = 10
    max_overflow: int = 5
    may_sleep: bool = False
    projection_swap: str = "auto"
    home: Path
    host: str = "127.0.0.1"
    port: int = 8080
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    public_url: str | None = None
    cors_origins: tuple[str, ...] = ()
    api_docs: bool = True
    rates: Rates = Rates()
    connections: int = 10_000
    connections_each: int = 2_000
    streams: int = 1_000
    secret_key: Secret
    keys: Path | None = None
    worker_slots: int = 32
    generator: str = "offline"
    openai_api_key: Secret | None = None
    openai_base_url: str | None = None
    openai_model: str = "gpt-4o-mini"
    openai_max_tokens: int = 4096
    openai_context: int = 24_000
    openai_temperature: float | None = None
    openai_embedding_model: str | None = None
    openai_calls: int = 32
    openai_idle_seconds: int = 60
    openai_deadline_seconds: int = 600
    amqp_url: Secret | None = None
    amqp_tenant: str = "default"
    course_files: Path | None = None
    textbook_docs: Path | None = None
    chromium: str | None = None
    spool_limit: int = 10_000
    log_level: str = "info"
    sql_echo: bool = False


def load(environ: Mapping[str, str] = os.environ, dotenv: Path | None = Path(".env")) -> Settings:
    """Return what `environ` says and, where it is silent, the file `dotenv`, then the defaults.

    The first start makes the home, and in it the key. Raises `SettingsError` with every fault.
    """
    said = told(environ, dotenv)
    values, faults = _read(said)
    values["DATABASE_URL"] = _database_url(said, faults)
    if not {"OPENAI_API_KEY", "OPENAI_BASE_URL"} & said.keys():
        if values.get("GENERATOR") == "openai":
            needs = "GENERATOR=openai needs it, or OPENAI_BASE_URL"
            faults.append(f"OPENAI_API_KEY is missing: {needs}")
        elif values.get("OPENAI_EMBEDDING_MODEL"):
            needs = "OPENAI_EMBEDDING_MODEL needs it, or OPENAI_BASE_URL"
            faults.append(f"OPENAI_API_KEY is missing: {needs}")
    if faults:
        raise SettingsError("\n".join(faults))
    return _settled(values)


def _settled(values: Mapping[str, Any]) -> Settings:
    home: Path = values["DAYBOOK_HOME"]
    return Settings(
        database_url=_secret(values["DATABASE_URL"]),
        direct_url=_secret(values["DATABASE_DIRECT_URL"]),
        pooler=values["DB_POOLER"],
        pool_size=values["DB_POOL_SIZE"],
        max_overflow=values["DB_MAX_OVERFLOW"],
        may_sleep=values["DATABASE_MAY_SLEEP"],
        projection_swap=values["PROJECTION_SWAP"],
        home=home,
        host=values["DAYBOOK_HOST"],
        port=values["DAYBOOK_PORT"],
        trusted_proxies=values["TRUSTED_PROXIES"] or (),
        public_url=values["PUBLIC_URL"],
        cors_origins=values["CORS_ORIGINS"] or (),
        api_docs=values["API_DOCS"],
        connections=values["LIMIT_CONNECTIONS"],
        connections_each=values["LIMIT_PEER"],
        streams=values["LIMIT_STREAMS"],
        rates=_rates(values),
        secret_key=_secret(values["DAYBOOK_SECRET_KEY"]) or secret_key(home),
        keys=values["DAYBOOK_KEYS"],
        worker_slots=values["WORKER_SLOTS"],
        generator=values["GENERATOR"],
        **_models(values),
        amqp_url=_secret(values["AMQP_URL"] or _amqp_url(values)),
        amqp_tenant=values["AMQP_TENANT"],
        course_files=values["COURSE_FILES"],
        textbook_docs=values["TEXTBOOK_DOCS"],
        chromium=values["CHROMIUM"],
        spool_limit=values["SPOOL_LIMIT"],
        log_level=values["LOG_LEVEL"],
        sql_echo=values["SQL_ECHO"],
    )


def _rates(values: Mapping[str, Any]) -> Rates:
    return Rates(
        values["LIMIT_COMMANDS"],
        values["LIMIT_GENERATIONS"],
        values["LIMIT_LOGINS"],
        values["LIMIT_ADDRESS"],
    )


def _models(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of language models, by the names of the fields for it."""
    found = {name.lower(): value for name, value in values.items() if name.startswith("OPENAI_")}
    return found | {"openai_api_key": _secret(values["OPENAI_API_KEY"])}


def told(environ: Mapping[str, str], dotenv: Path | None) -> dict[str, str]:
    """Return the variables that are set, and not empty, in `environ` or else in `dotenv`."""
    file = dotenv_values(dotenv, interpolate=False) if dotenv and dotenv.is_file() else {}
    return {
        variable.name: text.strip()
        for variable in VARIABLES
        if (text := environ.get(variable.name) or file.get(variable.name) or "").strip()
    }


def listing(environ: Mapping[str, str], dotenv: Path | None) -> list[dict[str, str]]:
    """Return each variable with its value (masked if secret), its default and its meaning."""
    said = told(environ, dotenv)
    return [
        {
            "name": variable.name,
            "value": MASK
            if variable.secret and variable.name in said
            else said.get(variable.name, ""),
            "default": variable.default,
            "means": variable.means,
        }
        for variable in VARIABLES
    ]


def secret_key(home: Path) -> Secret:
    """Return the key kept in `home`, made at the first call; two at once agree on one key."""
    path = home / "secret-key"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        fresh = home / f"secret-key.{os.getpid()}.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600, exist_ok=False)
        with fresh.open("w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return Secret(path.read_text().strip())


def _read(said: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    faults: list[str] = []
    for variable in VARIABLES:
        text = said.get(variable.name, variable.default)
        try:
            values[variable.name] = variable.read(text) if text else None
        except ValueError as error:
            faults.append(f"{variable.name} {error}")
    return values, faults


def _database_url(said: Mapping[str, str], faults: list[str]) -> str | None:
    """Return the database as one URL, checked; what is wrong with it joins `faults`."""
    try:
        if direct := said.get("DATABASE_DIRECT_URL"):
            dsn.parse(direct, "DATABASE_DIRECT_URL")
        if url := said.get("DATABASE_URL"):
            dsn.parse(url)
            return url
        found = dsn.from_parts(said)
    except dsn.DsnError as error:
        faults.append(str(error))
        return None
    return found.libpq if found else None


def _amqp_url(values: Mapping[str, Any]) -> str | None:
    if not values["RABBITMQ_HOST"]:
        return None
    parts = (
        values["RABBITMQ_USER"],
        values["RABBITMQ_PASSWORD"] or "guest",
        values["RABBITMQ_VHOST"],
    )
    user, password, vhost = (quote(part, safe="") for part in parts)
    return f"amqp://{user}:{password}@{values['RABBITMQ_HOST']}:{values['RABBITMQ_PORT']}/{vhost}"


def _secret(text: str | None) -> Secret | None:
    return Secret(text) if text else None
