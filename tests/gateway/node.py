"""A RabbitMQ of the test's own, which can be killed and started again without disturbing others."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SCRIPT: Final = Path(shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin:/usr/sbin") or "/")
MISSING: Final = "there is no rabbitmq-server on this machine, or it belongs to another user"
PATIENCE: Final = 120.0


def runs_here() -> bool:
    """Tell whether this user may run a server of his own."""
    return SCRIPT.is_file() and os.access(SCRIPT, os.X_OK)


class Node:
    """A server on a port of its own, with its files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        with (self._folder / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [str(SCRIPT.resolve())],
                env=os.environ | self._environ(),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        end = time.monotonic() + PATIENCE
        while not greets(self.port):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self._folder / "out").read_text(errors="replace")[-2_000:])
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill the server with SIGKILL, as a machine does that loses its power."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE)
            self._process = None

    def stop(self) -> None:
        """Stop the server with SIGTERM, as an upgrade does."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(PATIENCE)
            self._process = None

    def _environ(self) -> dict[str, str]:
        return {
            "HOME": str(self._folder),
            "RABBITMQ_NODENAME": f"daybook-test-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
        }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def greets(port: int) -> bool:
    """Tell whether a server answers the protocol's first words."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as session:
            session.settimeout(2)
            session.sendall(b"AMQP\x00\x00\x09\x01")
            return session.recv(1) == b"\x01"
    except OSError:
        return False


@contextmanager
def node(folder: Path) -> Iterator[Node]:
    """Yield a server that is started, and leave nothing of it behind."""
    found = Node(folder)
    try:
        found.start()
        yield found
    finally:
        found.kill()
