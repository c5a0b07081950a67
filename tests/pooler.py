"""A PgBouncer in transaction mode before the tests' server, in a folder of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import psycopg

BINARY: Final = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MISSING: Final = "there is no pgbouncer on this machine (Debian's package is called pgbouncer)"
PORT: Final = 6432
"""Only names its socket: nothing listens on the network."""
SERVERS: Final = 5
"""Connections to the server, fewer than any service has of its own, so that they are shared."""

CONFIGURATION: Final = """
[databases]
* = {target}
[pgbouncer]
listen_port = {port}
unix_socket_dir = {folder}
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
auth_type = any
pool_mode = transaction
default_pool_size = {servers}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
server_login_retry = 1
server_connect_timeout = 2
"""


@contextmanager
def pooled(server: str, place: Path | None = None) -> Iterator[str]:
    """Yield the URL of a pooler before `server`; any database of it can be named in its place.

    In the same `place`, a folder, the next one is found by the same URL.
    """
    assert BINARY is not None, MISSING
    with nullcontext(str(place)) if place else _anywhere() as name:
        folder = Path(name)
        (folder / "pgbouncer.ini").write_text(
            CONFIGURATION.format(target=_target(server), port=PORT, folder=folder, servers=SERVERS)
        )
        command = [BINARY, "-q", str(folder / "pgbouncer.ini")]
        if os.geteuid() == 0:
            user = _unprivileged(server)
            shutil.chown(folder, user)
            command[1:1] = ["-u", user]
        process = subprocess.Popen(command)
        try:
            _await_ready(url := through(folder, server))
            yield url
        finally:
            process.kill()
            process.wait()


def _anywhere() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="daybook-pooler-")


def through(folder: Path, server: str) -> str:
    """Return the URL of a server's database through the pooler in `folder`."""
    parts = urlsplit(server)
    place = urlencode({"host": str(folder), "port": PORT}, safe="/")
    return f"postgresql://{parts.username or 'postgres'}@{parts.path}?{place}"


def _target(server: str) -> str:
    """Return how the pooler reaches the server, in libpq's keywords."""
    parts = urlsplit(server)
    found = {
        "host": str(_socket_folder(server) or parts.hostname or "127.0.0.1"),
        "port": str(parts.port or 5432),
        "user": unquote(parts.username or "postgres"),
    }
    if parts.password:
        found["password"] = unquote(parts.password)
    return " ".join(f"{key}={value}" for key, value in found.items())


def _socket_folder(server: str) -> Path | None:
    found = parse_qs(urlsplit(server).query).get("host")
    return Path(found[0]) if found else None


def _unprivileged(server: str) -> str:
    """Return who the pooler runs as when we are root, which it refuses to be."""
    folder = _socket_folder(server)
    owner = folder.owner() if folder else "root"
    return "nobody" if owner == "root" else owner  # the server's own user finds its socket


def _await_ready(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            return psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
