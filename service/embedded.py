"""The PostgreSQL that comes with the product: data in the home, kept between runs."""

import fcntl
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from service.cluster import (
    NAME,
    START_SECONDS,
    EmbeddedError,
    await_ready,
    initialise,
    launch,
    prepare,
    run,
    socket_directory,
)

log = logging.getLogger(__name__)


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
    home = prepare(home)
    with _locked(home / "postgres.lock"):
        if not (home / "postgres").exists():
            initialise(home)
        # One that runs may still be recovering, or just be dying of a kill.
        if not running(home) or not await_ready(home, running):
            launch(home)
    return Server(home=home, dsn=dsn(home))


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """Start the server of `home` for one service, bring it back if it dies, stop it at the end.

    Raises `EmbeddedError` with the other's process id where a service has `home` already.
    """
    home = prepare(home)
    with (home / "service.pid").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedError(
                f"Another Daybook (process {holder(home)}) already runs in {home}:"
                " stop it, or give this one a DAYBOOK_HOME of its own."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        server = start(home)
        over = threading.Event()
        keeper = threading.Thread(target=_keep, args=(home, over), daemon=True)
        keeper.start()
        try:
            yield server
        finally:
            over.set()
            keeper.join()
            stop(home)
            file.truncate(0)


def holder(home: Path) -> int | None:
    """Return the process id of the service that runs in `home`, if one does."""
    with suppress(OSError, ValueError), (home.expanduser() / "service.pid").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read())
    return None


def stop(home: Path) -> None:
    """Stop the server of `home`, if one runs: its sessions are ended, nothing committed is lost."""
    home = home.expanduser().resolve()
    if not running(home):
        return
    with _locked(home / "postgres.lock"):
        run("pg_ctl", "-D", str(home / "postgres"), "-m", "fast", "-w", "-t", "60", "stop")


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


def _keep(home: Path, over: threading.Event) -> None:
    """Start the server again whenever it is gone, until `over`."""
    while not over.wait(1):
        if not running(home):
            log.warning("the embedded PostgreSQL is gone; starting it again")
            with suppress(EmbeddedError):
                start(home)


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
