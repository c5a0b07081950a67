"""The machine a figure comes from: what it is, and a PostgreSQL of the bench's own on it."""

import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from bench.size import Size
from bench.text import TEXT
from service import embedded, migrate

RESULTS: Final = Path(__file__).resolve().parent / "results"
TEMPLATE: Final = "bench_template"
PACKAGES: Final = ("asyncpg", "uvloop", "msgspec", "aiohttp")


class Lab:
    """A running PostgreSQL with a migrated template, from which each bar gets databases."""

    def __init__(self, home: Path, server: str, size: Size) -> None:
        """Measure at `size` on the server at the URL `server`; `home` is for files."""
        self.home = home
        self.server = server
        self.size = size
        self._kept: dict[str, str] = {}

    def database(self, name: str, template: str = TEMPLATE) -> str:
        """Return the URL of a new database, a copy of `template`; one of that name is replaced."""
        self.drop(name)
        with psycopg.connect(self.server, autocommit=True) as session:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            session.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database, if it is there."""
        with psycopg.connect(self.server, autocommit=True) as session:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            session.execute(statement.format(sql.Identifier(name)))

    def url(self, name: str) -> str:
        """Return the URL of a database of this server."""
        return urlunsplit(urlsplit(self.server)._replace(path=f"/{name}"))

    def kept(self, name: str) -> str | None:
        """Return the URL of a database that is kept from bar to bar, None before `keep` made it."""
        return self._kept.get(name)

    def keep(self, name: str) -> str:
        """Make a database that is kept until the lab is closed, and return its URL."""
        self._kept[name] = self.database(name)
        return self._kept[name]

    def seeded(self, events: int) -> str:
        """Return the name of a database with `events` events in its log, seeded at first."""
        name = f"bench_seeded_{events}"
        if self.kept(name) is None:
            with psycopg.connect(self.keep(name), autocommit=True) as session:
                psycopg.RawCursor(session).execute(TEXT["seed"], [events])
                session.execute("VACUUM (ANALYZE) log.events, log.receipts")
                session.execute("CHECKPOINT")
        return name


@contextmanager
def lab(size: Size) -> Iterator[Lab]:
    """Start a PostgreSQL with the product's own settings in a temporary home; stop it at the end.

    The home stands beside the results, not in the temporary directory, which may be memory.
    """
    RESULTS.mkdir(exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server is stopped then, too
    with tempfile.TemporaryDirectory(prefix="home-", dir=RESULTS) as folder:
        server = embedded.start(Path(folder) / "home")
        try:
            here = Lab(Path(folder), server.dsn, size)
            with psycopg.connect(server.dsn, autocommit=True) as session:
                session.execute(f"CREATE DATABASE {TEMPLATE}")
            migrate.up(here.url(TEMPLATE))
            yield here
        finally:
            server.stop()


def facts(lab: Lab) -> dict[str, Any]:
    """Return what a reader must know of the machine to judge the figures."""
    with psycopg.connect(lab.server, autocommit=True) as session:
        session.row_factory = dict_row  # type: ignore[assignment]
        server: Any = session.execute(TEXT["server"]).fetchone()
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "fdatasync_us": round(_fdatasync(lab.home) * 1e6),
        **server,
        **{package: version(package) for package in PACKAGES},
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((li.partition(":")[2].strip() for li in lines if li.startswith("model name")), "")


def _fdatasync(folder: Path, times: int = 64) -> float:
    """Return the seconds that making 8 kB durable takes there (median)."""
    took = []
    path = folder / "fdatasync"
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            os.pwrite(file.fileno(), bytes(8192), 0)
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - started)
    path.unlink()
    return median(took)
