import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from service import embedded
from service.cluster import EmbeddedError, socket_directory


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: each of its sessions closes that to the user PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="daybook-tests-") as folder:
        yield Path(folder)


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    yield folder / "home"
    embedded.stop(folder / "home")


def query(home: Path, sql: str) -> object:
    with psycopg.connect(embedded.dsn(home)) as session:
        row = session.execute(sql.encode()).fetchone()
        return row and row[0]


def run(home: Path, sql: str) -> None:
    with psycopg.connect(embedded.dsn(home)) as session:
        session.execute(sql.encode())


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def replaced(home: Path, before: int) -> bool:
    """Tell whether a server runs that is not the one from before; it may be gone for a moment."""
    with suppress(OSError, ValueError, IndexError):
        return postmaster(home) != before and embedded.running(home)
    return False


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def serve(home: Path) -> "subprocess.Popen[str]":
    """A real process that serves from `home`, and says so."""
    code = (
        "import sys; from pathlib import Path; from service import embedded\n"
        "with embedded.serving(Path(sys.argv[1])) as server:\n"
        "    print(server.dsn, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


def test_data_outlives_the_server(home: Path) -> None:
    embedded.start(home)
    run(home, "CREATE TABLE kept AS SELECT 1 AS n")
    embedded.stop(home)

    assert not embedded.running(home)
    embedded.start(home)
    assert query(home, "SELECT n FROM kept") == 1


def test_a_second_start_finds_the_first(home: Path) -> None:
    embedded.start(home)
    before = postmaster(home)

    assert embedded.start(home).dsn == embedded.dsn(home)
    assert postmaster(home) == before


def test_it_is_what_the_product_promises(home: Path) -> None:
    embedded.start(home)

    assert str(query(home, "SHOW server_version")).startswith("18")
    for durable in ("fsync", "full_page_writes", "synchronous_commit"):
        assert query(home, f"SHOW {durable}") == "on"
    run(home, "CREATE EXTENSION vector")


def test_other_users_of_the_machine_are_kept_out(home: Path) -> None:
    embedded.start(home)

    assert query(home, "SHOW listen_addresses") == ""
    assert (home / "postgres").stat().st_mode & 0o077 == 0


def test_what_was_committed_survives_a_kill_of_postgres(home: Path) -> None:
    embedded.start(home)
    run(home, "CREATE TABLE kept AS SELECT 1 AS n")
    os.kill(postmaster(home), signal.SIGKILL)
    until(lambda: not embedded.running(home))

    embedded.start(home)
    assert query(home, "SELECT n FROM kept") == 1


def test_it_starts_again_while_the_killed_one_is_still_dying(home: Path) -> None:
    embedded.start(home)

    for _ in range(3):
        os.kill(postmaster(home), signal.SIGKILL)
        embedded.start(home)

    assert query(home, "SELECT 1") == 1


def test_a_service_brings_its_killed_postgres_back(home: Path) -> None:
    with embedded.serving(home):
        before = postmaster(home)
        os.kill(before, signal.SIGKILL)

        until(lambda: replaced(home, before))
        assert query(embedded.start(home).home, "SELECT 1") == 1
    assert not embedded.running(home)


def test_a_second_service_on_one_home_says_who_has_it(home: Path) -> None:
    first = serve(home)

    assert embedded.holder(home) == first.pid
    with (
        pytest.raises(EmbeddedError, match=rf"process {first.pid}\) already runs"),
        embedded.serving(home),
    ):
        pass

    first.communicate("", timeout=30)
    assert not embedded.running(home)


def test_a_killed_service_leaves_its_home_to_the_next(home: Path) -> None:
    first = serve(home)
    run(home, "CREATE TABLE kept AS SELECT 1 AS n")
    first.kill()
    first.communicate(timeout=30)

    assert embedded.holder(home) is None
    with embedded.serving(home):
        assert query(home, "SELECT n FROM kept") == 1


def test_a_deep_home_gets_its_socket_elsewhere(folder: Path) -> None:
    home = folder / ("deep" * 20) / ("deeper" * 10)

    embedded.start(home)
    try:
        assert query(home, "SELECT 1") == 1
        assert socket_directory(home).parent != home
        assert socket_directory(home).stat().st_mode & 0o077 == 0
    finally:
        embedded.stop(home)


def test_a_socket_folder_somebody_else_has_made_is_refused(folder: Path) -> None:
    home = folder / ("deep" * 20) / ("deeper" * 10)
    sockets = socket_directory(home)
    sockets.mkdir(mode=0o777)
    sockets.chmod(0o777)

    with pytest.raises(EmbeddedError, match="open to others"):
        embedded.start(home)
    sockets.rmdir()


def test_a_process_id_that_now_belongs_to_another_program_is_no_obstacle(home: Path) -> None:
    embedded.start(home)
    file = home / "postgres" / "postmaster.pid"
    lines = file.read_text().splitlines()
    embedded.stop(home)
    file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    embedded.start(home)
    assert query(home, "SELECT 1") == 1


def test_a_kill_during_the_first_start_leaves_nothing_in_the_way(home: Path) -> None:
    half = home / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    embedded.start(home)
    assert query(home, "SELECT current_database()") == "daybook"


def test_data_of_another_major_release_is_refused_with_advice(home: Path) -> None:
    embedded.start(home)
    embedded.stop(home)
    version = home / "postgres" / "PG_VERSION"
    version.write_text("17\n")

    with pytest.raises(EmbeddedError, match="made by PostgreSQL 17"):
        embedded.start(home)


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    embedded.start(home)
    embedded.stop(home)
    with (home / "postgres" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")

    with pytest.raises(EmbeddedError, match="no_such_setting"):
        embedded.start(home)


def test_the_environment_of_other_clients_does_not_leak_in(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")

    embedded.start(home)
    assert embedded.running(home)
