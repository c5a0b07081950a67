import json
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from service import embedded
from service.cli import app
from service.http.keyring import KeyRing
from service.http.token import tenant, verify
from service.settings import secret_key

RUN = Path(__file__).parent.parent / "run.py"
ADDRESS = re.compile(r"listens on (http://127\.0\.0\.1:\d+)")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own; nothing else is set, and no .env is near."""
    for name in ("DATABASE_URL", "DB_HOST", "POSTGRES_SERVER", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    with tempfile.TemporaryDirectory(prefix="daybook-tests-") as folder:
        monkeypatch.setenv("DAYBOOK_HOME", folder)
        yield Path(folder)
        embedded.stop(Path(folder))


@pytest.fixture
def named(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """DATABASE_URL names a migrated database."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    return database_url


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", list(commands(get_command(app))), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    result = run(*path, "--help")

    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_a_token_stands_alone_and_says_what_was_asked(home: Path) -> None:
    result = run("token", "--role", "analyst", "--tenant", "school", "--ttl", "30m")

    (token,) = result.stdout.splitlines()
    principal = verify(KeyRing.of(secret_key(home)), token, datetime.now(UTC))
    assert (principal.role, principal.tenant_id) == ("analyst", tenant("school"))
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("token", "--ttl", "soon"), "30m, 1h or 7d"),
        (("token", "--role", "king"), "user, analyst, operator, admin"),
        (("serve", "--roles", "api,cook"), "api, projector, worker"),
        (("projections", "rebuild", "nothing"), "no projection nothing"),
    ],
)
def test_a_failure_is_one_sentence_on_stderr(arguments: tuple[str, ...], says: str) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (1, "")
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [("log", "tail"), ("projections", "list"), ("migrate", "status")]
)
def test_a_database_that_is_away_is_one_sentence_without_a_secret(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:s3cret@127.0.0.1:1/d")

    result = run(*arguments)

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "s3cret" not in result.output


def test_a_wrong_setting_stops_every_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYBOOK_PORT", "eighty")

    result = run("serve")

    assert (result.exit_code, result.stderr.splitlines()) == (
        1,
        ["DAYBOOK_PORT must be a whole number from 0 to 65535"],
    )


def test_settings_are_listed_with_secrets_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:s3cret@h/d")
    monkeypatch.setenv("GENERATOR", "openai")

    listed = {row["name"]: row for row in json.loads(run("settings", "--json").stdout)}

    assert listed["DATABASE_URL"]["value"] == "***"
    assert listed["GENERATOR"] | {"means": ""} == {
        "name": "GENERATOR",
        "value": "openai",
        "default": "offline",
        "means": "",
    }
    assert "s3cret" not in run("settings").output


def test_migrations_go_up_and_down(home: Path) -> None:
    assert run("migrate", "up").stdout.startswith("0001.create-log\n")
    assert run("migrate", "up").stdout == "Nothing was pending.\n"
    assert run("migrate", "down", "--to", "0002").exit_code == 0

    states = [row["state"] for row in json.loads(run("migrate", "status", "--json").stdout)]

    assert states[:3] == ["applied", "applied", "pending"]
    assert "rollback" in run("migrate", "history").stdout
    assert not embedded.running(home)


def test_the_url_stands_alone_and_its_server_stays_until_stopped(home: Path) -> None:
    result = run("db", "url")
    assert result.stderr == ""
    (url,) = result.stdout.splitlines()

    with psycopg.connect(url) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)
    assert run("db", "stop").exit_code == 0
    assert not embedded.running(home)


def test_psql_passes_its_arguments_and_its_status_on(named: str) -> None:
    arguments = [sys.executable, str(RUN), "db", "psql", "-Atc"]

    good = subprocess.run([*arguments, "SELECT 1 + 1"], capture_output=True, text=True, check=False)
    bad = subprocess.run([*arguments, "SELECT FROM x"], capture_output=True, check=False)

    assert (good.stdout, good.returncode) == ("2\n", 0)
    assert bad.returncode != 0


def test_files_are_added_once_and_a_bad_one_stops_no_other(named: str, tmp_path: Path) -> None:
    folder = tmp_path / "books"
    (folder / "cell").mkdir(parents=True)
    (folder / "cell" / "membrane.md").write_text("# Membrane\n\nA membrane surrounds the cell.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 no more")

    first = run("ingest", str(folder), "--prefix", "biology/")
    again = run("ingest", str(folder / "cell"), "--prefix", "biology/cell/")

    assert first.exit_code == 1
    assert "added biology/cell/membrane.md" in first.stdout
    assert "broken.pdf" in first.stderr
    assert (again.exit_code, again.stdout) == (0, "unchanged biology/cell/membrane.md\n")


def test_the_log_is_shown_as_lines_of_json(named: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nA text about something.\n")
    run("ingest", str(tmp_path / "a.md"))

    (event,) = map(json.loads, run("log", "tail").stdout.splitlines())
    (same,) = map(json.loads, run("log", "show", event["stream_id"]).stdout.splitlines())

    assert (event["position"], event["type"], event["data"]["path"]) == (1, "source.added", "a.md")
    assert same == event


class Service:
    """`run.py serve` as a real process."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, str(RUN), "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def welcome(self) -> str:
        """What it says up to the last of the lines to try."""
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "db psql" in line:
                break
        return "".join(said)

    def stop(self, *signals: int) -> int:
        for number in signals or (signal.SIGTERM,):
            self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode


def test_a_started_service_says_where_it_is_and_what_to_try(home: Path) -> None:
    service = Service()
    said = service.welcome()
    address = ADDRESS.search(said)
    assert address is not None

    with urllib.request.urlopen(f"{address[1]}/livez", timeout=30) as answer:  # noqa: S310
        assert answer.status == 200
    assert str(home) in said
    assert all(word in said for word in ("run.py token", "/api/v1/courses", "run.py db psql"))
    assert service.stop() == 0
    assert not embedded.running(home)


def test_a_second_service_on_the_home_says_so_and_stops(home: Path) -> None:
    first = Service()
    first.welcome()

    second = Service()
    said, _ = second.process.communicate(timeout=60)

    assert second.process.returncode == 1
    assert f"process {first.process.pid}" in said
    assert first.stop() == 0


def test_a_killed_service_starts_again_on_its_data(home: Path) -> None:
    first = Service()
    first.welcome()
    first.stop(signal.SIGKILL)

    second = Service()

    assert ADDRESS.search(second.welcome())
    assert second.stop() == 0


def test_a_second_interrupt_ends_it_at_once() -> None:
    service = Service()
    address = ADDRESS.search(service.welcome())
    assert address is not None
    until(lambda: status(f"{address[1]}/readyz") == 200)

    service.process.send_signal(signal.SIGINT)
    until(lambda: status(f"{address[1]}/readyz") == 503)

    assert service.stop(signal.SIGINT) == 1


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own address
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
