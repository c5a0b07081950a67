import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from service import migrate
from service.cluster import BIN
from service.migrate import MIGRATIONS, MigrationError

NAMES = sorted(p.stem for p in MIGRATIONS.glob("*.sql") if not p.stem.endswith(".rollback"))


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    name = sql.Identifier(f"daybook_{uuid4().hex}")
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name.as_string()[1:-1]}"))
        session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three small migrations, none of which could run twice."""
    previous = ""
    for number in (1, 2, 3):
        name = f"000{number}.create-t{number}"
        text = f"-- Creates t{number}.\n{previous}CREATE TABLE t{number} (id int);\n"
        (tmp_path / f"{name}.sql").write_text(text)
        (tmp_path / f"{name}.rollback.sql").write_text(f"-- Drops it.\nDROP TABLE t{number};\n")
        previous = f"-- depends: {name}\n"
    return tmp_path


def schema(url: str) -> str:
    """The whole schema, as pg_dump writes it."""
    command = [str(BIN / "pg_dump"), "--schema-only", "--restrict-key=x", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # Some servers note on each column when it was made; that differs each time, and is not ours.
    return "\n".join(line for line in said.splitlines() if "SET (pg_attver=" not in line)


def start(url: str, folder: Path, before: str = "") -> "subprocess.Popen[str]":
    """A real process that migrates; `before` is run in it first."""
    code = (
        "import os, signal, sys; from pathlib import Path; from service import migrate\n"
        f"{before}\nprint(*migrate.up(sys.argv[1], Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", code, url, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_migration_and_its_rollback_cancel_out(empty: str, name: str) -> None:
    migrate.status(empty)  # makes yoyo's own tables
    for earlier in NAMES[: NAMES.index(name)]:
        migrate.up(empty, to=earlier)
    before = schema(empty)
    migrate.up(empty, to=name)
    after = schema(empty)

    assert migrate.down(empty) == [name]
    assert schema(empty) == before

    migrate.up(empty, to=name)
    assert schema(empty) == after


def test_all_of_it_can_be_taken_back_and_made_again(empty: str) -> None:
    assert migrate.up(empty) == NAMES
    made = schema(empty)

    assert migrate.down(empty, to="") == NAMES[::-1]
    assert migrate.up(empty) == NAMES

    assert schema(empty) == made
    assert migrate.up(empty) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_migration_tells_the_operator_what_to_expect(name: str) -> None:
    text = (MIGRATIONS / f"{name}.sql").read_text()
    rollback = (MIGRATIONS / f"{name}.rollback.sql").read_text()

    header = text.split("\n\n", 1)[0]
    assert re.match(r"-- \w.*\.\n|-- \w.*\n", header)
    assert "-- For the operator: " in header
    assert rollback.startswith("-- ")


def test_serials_have_no_gap_and_each_depends_on_the_one_before() -> None:
    assert [int(name.split(".")[0]) for name in NAMES] == list(range(1, len(NAMES) + 1))
    for before, name in pairwise(NAMES):
        assert f"-- depends: {before}\n" in (MIGRATIONS / f"{name}.sql").read_text()


def test_five_processes_that_start_at_once_migrate_once(empty: str, folder: Path) -> None:
    processes = [start(empty, folder) for _ in range(5)]
    applied = [process.communicate(timeout=60)[0].split() for process in processes]

    assert [process.returncode for process in processes] == [0] * 5
    assert sorted(chain(*applied)) == [f"000{n}.create-t{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize("moment", ["process_steps", "log_migration", "mark_one", "init_database"])
def test_a_kill_at_any_moment_is_healed_by_the_next_start(
    empty: str, folder: Path, moment: str
) -> None:
    owner = "migrate.Backend" if moment != "process_steps" else "yoyo.migrations.Migration"
    after = (
        f"import yoyo.migrations; original = {owner}.{moment}\n"
        f"def fatal(self, *a, **k):\n"
        f"    original(self, *a, **k)\n"
        f"    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"{owner}.{moment} = fatal"
    )
    killed = start(empty, folder, after)
    killed.communicate(timeout=60)

    assert killed.returncode == -signal.SIGKILL
    assert migrate.up(empty, folder) == [f"000{n}.create-t{n}" for n in (1, 2, 3)]


def test_a_lock_row_left_by_a_dead_process_is_broken(empty: str, folder: Path) -> None:
    before = (
        "import yoyo.internalmigrations\n"
        "yoyo.internalmigrations.upgrade = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"
    )
    start(empty, folder, before).communicate(timeout=60)
    with psycopg.connect(empty) as session:
        assert session.execute("SELECT count(*) FROM yoyo_lock").fetchone() == (1,)

    assert len(migrate.up(empty, folder)) == 3


def test_a_migration_edited_after_it_was_applied_stops_the_start(empty: str, folder: Path) -> None:
    migrate.up(empty, folder)
    file = folder / "0002.create-t2.sql"
    file.write_text(file.read_text() + "-- a thought\n")

    with pytest.raises(MigrationError, match=r"0002\.create-t2 was changed after it was applied"):
        migrate.up(empty, folder)
    assert [m.state for m in migrate.status(empty, folder)] == ["applied", "changed", "applied"]


def test_a_newer_database_stops_an_older_release(empty: str, folder: Path) -> None:
    migrate.up(empty, folder)
    for path in folder.glob("0003*"):
        path.unlink()

    with pytest.raises(MigrationError, match=r"0003\.create-t3, which this release does not know"):
        migrate.up(empty, folder)


def test_a_failing_migration_leaves_nothing_behind(empty: str, folder: Path) -> None:
    file = folder / "0002.create-t2.sql"
    file.write_text("CREATE TABLE half (id int);\nSELECT 1 / 0;\n")

    with pytest.raises(MigrationError, match="division by zero"):
        migrate.up(empty, folder)
    assert [m.state for m in migrate.status(empty, folder)] == ["applied", "pending", "pending"]
    assert "half" not in schema(empty)


def test_what_a_migration_selects_stays_off_stdout(
    empty: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "0001.create-t1.sql").write_text("SELECT 'noise' AS noise;\n")

    migrate.up(empty, folder, to="0001")

    assert capsys.readouterr().out == ""


def test_a_waiting_migration_gives_up_rather_than_block_others(
    empty: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.up(empty, folder, to="0001")
    (folder / "0002.create-t2.sql").write_text("ALTER TABLE t1 ADD COLUMN note text;\n")
    monkeypatch.setattr(migrate, "ATTEMPTS", 1)

    with psycopg.connect(empty) as reader:
        reader.execute("SELECT FROM t1")
        with pytest.raises(MigrationError, match="got no lock"):
            migrate.up(empty, folder, to="0002")

    assert migrate.up(empty, folder, to="0002") == ["0002.create-t2"]


def test_an_index_may_be_built_concurrently(empty: str, folder: Path) -> None:
    (folder / "0002.create-t2.sql").write_text(
        "-- transactional: false\nCREATE INDEX CONCURRENTLY IF NOT EXISTS t1_id_idx ON t1 (id);\n"
    )

    assert migrate.up(empty, folder, to="0002") == ["0001.create-t1", "0002.create-t2"]
    assert "t1_id_idx" in schema(empty)


def test_a_role_that_may_not_create_is_told_so(empty: str, folder: Path) -> None:
    role = sql.Identifier(f"reader_{uuid4().hex}")
    with psycopg.connect(empty, autocommit=True) as session:
        session.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'pass'").format(role))
    user = role.as_string()[1:-1]
    parts = urlsplit(empty)
    netloc = f"{user}:pass@{parts.netloc.rpartition('@')[2]}"

    with pytest.raises(MigrationError, match="may not create"):
        migrate.up(urlunsplit(parts._replace(netloc=netloc)), folder)

    with psycopg.connect(empty, autocommit=True) as session:
        session.execute(sql.SQL("DROP ROLE {}").format(role))


def test_an_unknown_target_is_named(empty: str, folder: Path) -> None:
    with pytest.raises(MigrationError, match="no migration 0009"):
        migrate.up(empty, folder, to="0009")


def test_a_missing_database_is_one_sentence_without_a_secret() -> None:
    with pytest.raises(MigrationError) as refused:
        migrate.up("postgresql://u:s3cret@127.0.0.1:1/d")

    assert "127.0.0.1:1/d" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_history_tells_what_was_done(empty: str, folder: Path) -> None:
    migrate.up(empty, folder, to="0001")
    migrate.down(empty, folder)

    assert [(row["operation"], row["id"]) for row in migrate.history(empty)] == [
        ("apply", "0001.create-t1"),
        ("rollback", "0001.create-t1"),
    ]


async def test_the_log_is_not_rolled_back_while_it_holds_events(empty: str) -> None:
    await asyncio.to_thread(migrate.up, empty)
    with psycopg.connect(empty, autocommit=True) as session:
        session.execute(
            "INSERT INTO log.events VALUES (1, now(), gen_random_uuid(), gen_random_uuid(),"
            " 1, 'course', 'course.requested', '{}', '{}')"
        )

    with pytest.raises(MigrationError, match="log holds events"):
        await asyncio.to_thread(migrate.down, empty, to="")

    assert migrate.status(empty)[0].state == "applied"
