"""``run.py log`` as operators use it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.database import Database
from tests.conftest import on
from tests.faults import child
from tests.log.archives import EVENTS, PRIVATE_AT, cloned, fill, superuser
from tests.log.batches import TENANT, append, named, one

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def sealed(server: str, template: str) -> Iterator[str]:
    """The name of a database whose log has all there is in logs."""
    for url in cloned(server, template):
        fill(url)
        yield urlsplit(url).path[1:]


@pytest.fixture
def url(server: str, sealed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.setenv("DAYBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    for found in cloned(server, sealed):
        monkeypatch.setenv("DATABASE_URL", found)
        yield found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["log", *arguments])


def lines(*arguments: str) -> list[dict[str, Any]]:
    result = run("tail", *arguments)
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


async def _tampered(url: str, change: str) -> None:
    database = Database(url)
    async with superuser(database) as intruder:
        await intruder.execute(change)


@pytest.mark.parametrize(
    ("options", "positions"),
    [
        (["-n", "2"], [EVENTS - 1, EVENTS]),
        (["-n", "0"], []),
        (["--after", str(EVENTS - 1)], [EVENTS]),
        (["--after", str(EVENTS)], []),
        (["-n", "1", "--types", "job.completed, job.cancelled"], [1_521]),
        (["--types", "person.told"], [1_501, 1_502]),
        (["--after", "1501", "--types", "person.told"], [1_502]),
        (["--stream", str(named("over"))], [1_508, 1_509, 1_510]),
        (["--tenant", "another"], []),
        (["--tenant", str(TENANT), "-n", "1"], [EVENTS]),
    ],
)
def test_the_events_that_are_asked_for_are_printed(
    options: list[str], positions: list[int], url: str
) -> None:
    assert [line["position"] for line in lines(*options)] == positions


def test_more_than_a_page_is_printed_in_order(url: str) -> None:
    assert [line["position"] for line in lines("--after", "0")] == list(range(1, EVENTS + 1))


def test_private_payloads_are_not_printed(url: str) -> None:
    (event,) = lines("--after", str(PRIVATE_AT - 1), "--types", "person.told", "-n", "9")[:1]

    assert event["data"].keys() == {"subject_id"}
    assert "Lúcia" not in json.dumps(event, ensure_ascii=False)


def test_a_position_beyond_the_log_is_refused(url: str) -> None:
    result = run("tail", "--after", "99999")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"This log ends at position {EVENTS}: ")
    assert len(result.stderr.splitlines()) == 1


async def test_events_are_printed_as_they_come(url: str) -> None:
    database = Database(url)
    connection = await database.connect()
    arguments = ("log", "tail", "--follow", "-n", "1", "--types", "thing.done")
    with child("run", *arguments) as process:
        await asyncio.to_thread(process.wait_for, 1)
        for version in (1, 2):
            await append(connection, one(named("new"), version))
            await asyncio.to_thread(process.wait_for, 1 + version)
        printed = [json.loads(line)["position"] for line in process.lines]
        assert process.kill() == -signal.SIGKILL
    await connection.close()

    assert printed == [EVENTS, EVENTS + 1, EVENTS + 2]


def test_whoever_has_seen_enough_may_leave(url: str) -> None:
    command = f"{sys.executable} run.py log tail --after 0 | head -n 1"
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert json.loads(done.stdout)["position"] == 1
    assert done.stderr == ""


def test_a_log_that_nobody_touched_is_said_to_be_whole(url: str) -> None:
    found = run("verify")
    facts = json.loads(run("verify", "--json").stdout)

    assert found.exit_code == 0
    assert "Verified: 2,297 events, 2 seals.\nThe last 297 events are not sealed" in found.stdout
    assert (facts["events"], facts["seals"], facts["divergence"]) == (EVENTS, 2, None)
    assert run("verify", "--seal", facts["last_seal"]).exit_code == 0


def test_a_divergence_is_named_and_fails_the_command(url: str) -> None:
    asyncio.run(_tampered(url, "UPDATE log.events SET data = '{\"a\": 1}' WHERE position = 17"))

    found = run("verify")
    facts = json.loads(run("verify", "--json").stdout)["divergence"]

    assert found.exit_code == 1
    says = f"DIVERGENCE at position 17, version 17 of stream {named('first')} (thing.done): "
    assert says + "the event is not the one that was sealed." in found.stdout
    assert (facts["fault"], facts["position"], facts["version"]) == ("altered", 17, 17)


@pytest.mark.parametrize("noted", ["ab" * 32, "no hash"])
def test_a_seal_of_another_log_is_not_found(noted: str, url: str) -> None:
    assert run("verify", "--seal", noted).exit_code == 1


def test_a_log_is_moved_from_server_to_server(
    url: str, server: str, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "log.ndjson.zst")
    exported = run("export", file)
    again = run("export", file)
    for target in cloned(server, template):
        monkeypatch.setenv("DATABASE_URL", target)
        imported = run("import", file)
        verified = run("verify", "--json")

    assert "2,297 events, 11 receipts." in exported.stdout
    assert (again.exit_code, "is a whole export" in again.stderr) == (1, True)
    assert f"up to position {EVENTS}: 2,310 lines, 2 seals as they were." in imported.stdout
    assert json.loads(verified.stdout)["divergence"] is None


def test_a_damaged_file_is_refused_in_one_sentence(
    url: str, server: str, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "log.ndjson"
    run("export", str(file))
    os.truncate(file, file.stat().st_size // 2)
    for target in cloned(server, template):
        monkeypatch.setenv("DATABASE_URL", target)
        refused = run("import", str(file))

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "the file is cut off in this line" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert on(server, "x") not in refused.stderr
