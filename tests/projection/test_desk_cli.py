"""The desk on the command line, as an operator meets it."""

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.commands.desk.part import bounds, key_of
from service.database import Database
from service.log.append import GroupAppender
from service.projection import engine, rebuild
from service.projection.projector import advance
from service.projection.tail import Tail
from service.projection.text import projection
from tests.log.batches import commit, write
from tests.projection.generations import changed
from tests.projection.generations import live as serving
from tests.projection.test_engine import CREATED
from tests.projection.test_poison import COUNTS, GOOD, POISON, put, serve

T = TypeVar("T")
RUN = Path(__file__).parent.parent.parent / "run.py"
COLUMNS = 100
STREAM = UUID(int=77)
NEW = changed(
    projection("job"), "n.created_data ->> 'kind'", "'now ' || (n.created_data ->> 'kind')"
)

NEWER = changed(NEW, "'now '", "'newer '")


class Given:
    """A database whose projections are built, and three jobs in it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def do(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def done() -> T:
            database = Database(self.url)
            await database.open()
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(done())

    def execute(self, sql: str) -> None:
        self.do(lambda database: database.execute(sql))

    def value(self, sql: str) -> Any:
        return self.do(lambda database: database.fetchval(sql))

    def serving(self, name: str = "job") -> str:
        return self.do(lambda database: serving(database, name))

    def acts(self) -> list[tuple[str, str, str]]:
        found = json.loads(run("history", "--json").stdout)
        return [(row["type"], row["actor"], row["data"]["reason"]) for row in reversed(found)]


@pytest.fixture
def given(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Given:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAYBOOK_HOME", str(tmp_path))
    given = Given(database_url)
    given.do(filled)
    return given


@pytest.fixture
def new_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of the jobs has changed since what serves was built."""
    monkeypatch.setattr(rebuild, "projection", lambda _: NEW)


async def filled(database: Database) -> None:
    await engine.prepare(database)
    appender = GroupAppender(database.connect)
    for number in range(3):
        stream = STREAM if number == 0 else uuid4()
        await appender.append(
            commit(write(stream, 0, data=CREATED, type="job.created", category="job"))
        )
    await appender.close()
    await projected(database)


async def projected(database: Database) -> None:
    tail = Tail(database)
    while not await advance(database, tail):
        pass


async def poisoned(database: Database) -> UUID:
    """A stream that a projection called counts has parked."""
    await serve(database, COUNTS)
    appender = GroupAppender(database.connect)
    await put(appender, stream := uuid4(), GOOD, POISON, GOOD)
    await appender.close()
    await projected(database)
    return stream


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ("projections", *arguments))


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_rebuild_is_compared_approved_swapped_and_rolled_back(
    given: Given, new_text: None
) -> None:
    old = given.serving()

    refused = run("rebuild", "job")
    kept = given.serving()
    tried = run("rebuild", "job", "--dry-run", "--reason", "a look")
    difference = json.loads(said("diff", "job", "--json", "--samples", "2"))
    swapped = said("swap", "job", "--reason", "better kinds", "--actor", "ann")
    after = given.serving()
    rolled_back = said("rollback", "job", "--reason", "worse kinds", "--actor", "bob")

    assert (refused.exit_code, kept, tried.exit_code) == (1, old, 0)
    assert "projections swap job" in refused.stderr
    assert "generation_jobs: rows changed in kind in 3." in refused.stdout
    [table] = difference["tables"]
    assert (difference["clean"], table["columns_changed"]) == (False, {"kind": 3})
    assert (table["changed"], len(table["changed_keys"])) == (3, 2)
    assert swapped.startswith(f"job is served from {after}.\nTo go back")
    assert after == NEW.schema
    assert rolled_back == f"job is served from {old} again.\n"
    assert [(kind, why) for kind, _, why in given.acts()] == [
        ("projection.built", "no reason given"),
        ("projection.built", "a look"),
        ("projection.swapped", "better kinds"),
        ("projection.rolled-back", "worse kinds"),
    ]
    assert [who for _, who, _ in given.acts()[2:]] == ["ann", "bob"]


def test_a_candidate_that_a_newer_one_has_overtaken_goes_with_the_swap(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in (NEW, NEWER):
        monkeypatch.setattr(rebuild, "projection", lambda _, text=text: text)
        run("rebuild", "job", "--dry-run")
    said("swap", "job", "--yes")

    every = json.loads(said("list", "--all", "--json"))
    found = {row["role"]: row["generation"] for row in every if row["projection"] == "job"}
    assert found.keys() == {"serving", "previous"}
    assert found["serving"] == NEWER.schema


def test_every_table_fits_the_page(given: Given) -> None:
    given.do(poisoned)
    shown = [
        run("rebuild", "all", "--yes", "--reason", "a long look " * 9).stdout,
        *(said(*command) for command in (("list",), ("list", "--all"), ("diff", "course"))),
        *(said(*command) for command in (("history",), ("parked", "list"))),
        said("explain", "generation_jobs", str(STREAM)),
        said("replay", "job", "--stream", str(STREAM), "--reason", "a look"),
        said("as-of", "2"),
        said("as-of", "--list"),
    ]

    for text in shown:
        assert text.strip()
        assert max(map(len, text.splitlines())) <= COLUMNS, text


def test_a_check_finds_nothing_until_a_row_is_spoilt(given: Given) -> None:
    good = run("rebuild", "all", "--verify")
    given.execute("UPDATE read.generation_jobs SET note = '!' WHERE position = 1")
    bad = run("rebuild", "job", "--verify")
    replayed = said("replay", "job", "--stream", str(STREAM), "--reason", "a row was spoilt")

    assert (good.exit_code, good.stderr) == (0, "")
    assert "job built anew is equal: 3 rows" in good.stdout
    assert bad.exit_code == 1
    assert "generation_jobs: rows changed in note in 1." in bad.stdout
    assert f"changed id {STREAM}" in bad.stdout
    assert "Rows that were not as the log has them: 1." in replayed
    assert run("rebuild", "job", "--verify").exit_code == 0


NEEDS_REASON: tuple[tuple[str, ...], ...] = (
    ("swap", "job"),
    ("rollback", "job"),
    ("pause", "job"),
    ("resume", "job"),
    ("drop", "job_1"),
    ("reset", "--yes"),
    ("replay", "job", "--tenant", "default"),
    ("parked", "retry", "job", str(STREAM)),
    ("parked", "discard", "job", "1"),
)
WRONG: dict[tuple[str, ...], str] = {
    ("rebuild", "nothing"): "There is no projection nothing; there are job, library",
    ("diff", "job"): "Only one generation",
    ("swap", "nothing", "--reason", "x"): "no projection nothing",
    ("swap", "job", "--reason", "x"): "waiting to be swapped in",
    ("swap", "job", "--reason", "x" * 501): "501 characters",
    ("swap", "job", "--reason", "a\nb"): "printable",
    ("rollback", "job", "--yes"): "is kept to roll back to",
    ("resume", "job", "--yes"): "neither paused nor stopped",
    ("drop", "nothing", "--reason", "x"): "no generation nothing",
    ("reset", "--reason", "x"): "takes --yes",
    ("history", "nothing"): "no projection nothing",
    ("parked", "show", str(STREAM)): "is not parked",
    ("parked", "retry", "job", str(STREAM), "--reason", "x"): "is not parked",
    ("parked", "discard", "job", "999", "--reason", "x"): "no event at position 999",
    ("as-of",): "Give a time or a position",
    ("as-of", "4", "--list"): "Give a time or a position",
    ("as-of", "soon"): "neither a position nor a time",
    ("as-of", "99999"): "The log ends at position",
    ("as-of", "1", "--ttl", "long"): "30m, 1h or 7d",
    ("as-of", "1", "--name", "No"): "cannot name a past",
    ("as-of", "--drop", "never"): "no past in a schema as_of_never",
    ("replay", "job", "--reason", "x"): "Say what to replay",
    ("replay", "job", "--positions", "9-1", "--reason", "x"): "first and a last",
    ("explain", "nothing", "1"): "no view read.nothing",
    ("explain", "generation_jobs", str(UUID(int=5))): "No row of read.generation_jobs",
    ("explain", "generation_jobs", "colour=red"): "has no column colour",
}


def test_what_cannot_be_done_is_one_sentence_and_no_event(given: Given) -> None:
    for command in NEEDS_REASON:
        result = run(*command)
        assert (result.exit_code, result.stdout) == (1, ""), command
        assert result.stderr.startswith("Say why ")
        assert "--reason" in result.stderr
    for command, sentence in WRONG.items():
        result = run(*command)
        assert (result.exit_code, result.stdout) == (1, ""), command
        assert sentence in result.stderr, result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert given.acts() == []


def test_one_is_paused_resumed_and_everything_is_listed(given: Given) -> None:
    said("pause", "job", "--reason", "a look")
    paused = {row["name"]: row["state"] for row in json.loads(said("list", "--json"))}
    said("resume", "job", "--yes")
    given.do(projected)
    live = {row["name"]: row["state"] for row in json.loads(said("list", "--json"))}
    every = json.loads(said("list", "--all", "--json"))

    assert (paused["job"], live["job"]) == ("paused", "live")
    assert {"name", "state", "position", "head", "lag", "generation"} <= json.loads(
        said("list", "--json")
    )[0].keys()
    [row] = [row for row in every if row["projection"] == "job"]
    assert (row["role"], row["state"], row["position"] == row["goal"]) == (
        "serving",
        "following",
        True,
    )


def test_what_is_dropped_and_reset_is_recorded(given: Given, new_text: None) -> None:
    run("rebuild", "job", "--dry-run")
    said("drop", NEW.schema, "--reason", "not wanted")
    refused = run("drop", given.serving(), "--reason", "not wanted")
    said("reset", "--yes", "--reason", "restored")

    assert refused.exit_code == 1
    assert "serves" in refused.stderr
    assert given.value("SELECT count(*) FROM ops.generations") == 0
    assert [act[::2] for act in given.acts()][1:] == [
        ("projection.dropped", "not wanted"),
        ("projection.reset", "restored"),
    ]


def test_a_parked_stream_is_shown_tried_again_and_discarded(given: Given) -> None:
    stream = given.do(poisoned)

    [row] = json.loads(said("parked", "list", "--json"))
    shown = said("parked", "show", str(stream))
    tried = run("parked", "retry", "counts", str(stream), "--reason", "mended?")
    said("parked", "discard", "counts", str(row["position"]), "--reason", "a slip")

    assert (row["projection"], row["waiting"]) == ("counts", 1)
    assert "division by zero" in shown
    assert '"divisor": 0' in shown
    assert (tried.exit_code, tried.stdout) == (1, "")
    assert "fails again" in tried.stderr
    assert run("parked", "list").stderr == "No stream is parked.\n"
    assert given.value("SELECT events FROM read.counts") == 2


def test_the_past_is_a_schema_that_is_listed_and_dropped(given: Given) -> None:
    made = json.loads(said("as-of", "2", "--json", "--ttl", "1h"))
    count = given.value("SELECT count(*) FROM as_of_2.v_job_queue")
    named = said("as-of", "1", "--name", "first")
    listed = json.loads(said("as-of", "--list", "--json"))
    said("as-of", "--drop", "first")
    said("as-of", "--drop", made["schema"])

    assert (made["schema"], count) == ("as_of_2", 2)
    assert "SET search_path = as_of_first;" in named
    assert [row["schema"] for row in listed] == ["as_of_2", "as_of_first"]
    assert run("as-of", "--list").exit_code == 0
    assert given.value("SELECT count(*) FROM ops.pasts") == 0


def test_a_row_is_explained_by_its_events(given: Given) -> None:
    told = json.loads(said("explain", "generation_jobs", f"id={STREAM}", "--json"))

    assert [(event["position"], event["type"]) for event in told["events"]] == [(1, "job.created")]
    assert "These events alone make exactly this row." in said(
        "explain", "generation_jobs", str(STREAM)
    )


@pytest.mark.parametrize("text", ["", "a", "3-", "-3", "5-4", "0", "1-2-3", "9" * 30])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="first and a last"):
        bounds(text)


def test_keys_and_ranges_are_read_as_they_are_written() -> None:
    assert (bounds("7"), bounds("7-90")) == ((7, 7), (7, 90))
    assert key_of(["a=b=c", "d="]) == {"a": "b=c", "d": ""}
    assert key_of(["plain"]) == "plain"
    with pytest.raises(ValueError, match="COLUMN=VALUE"):
        key_of(["a=1", "plain"])


def test_on_a_terminal_the_operator_is_asked_why_and_whether(given: Given) -> None:
    with on_terminal("reset") as child:
        child.expect("Why everything is built anew?")
        child.type("a backup was restored\n")
        child.expect("Nothing can be read until then.")
        child.type("y\n")
        child.expect("Every generation is dropped.")

    assert [act[::2] for act in given.acts()] == [("projection.reset", "a backup was restored")]


def hear_interrupts() -> None:
    """Hear SIGINT even where the tests run in the background of a shell, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%ops.join%'"
    " AND wait_event_type = 'Lock' AND datname = current_database() AND pid <> pg_backend_pid()"
)


def test_one_that_is_interrupted_leaves_what_serves_and_is_gone_on_with(
    given: Given, new_text: None
) -> None:
    old = given.serving()

    async def interrupted(database: Database) -> tuple[int | None, bytes]:
        holder = await database.connect()
        await holder.execute("BEGIN; SELECT FROM ops.tail FOR UPDATE")
        child = await asyncio.create_subprocess_exec(
            *command("rebuild", "job", "--yes"),
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=hear_interrupts,
        )
        try:
            async with asyncio.timeout(90):
                while not await database.fetchval(WAITS):  # noqa: ASYNC110 - nobody is told of it
                    await asyncio.sleep(0.05)
                child.send_signal(signal.SIGINT)
                _, said = await child.communicate()
        finally:
            with suppress(ProcessLookupError):
                child.kill()
            await holder.close()
        return child.returncode, said

    status, told = given.do(interrupted)
    assert (status, told) == (130, b"Stopped. What serves goes on serving.\n")
    assert given.serving() == old
    said("rebuild", "job", "--yes")
    assert given.serving() != old


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(RUN), "projections", *arguments]


class on_terminal:  # noqa: N801 - reads as a sentence
    """A command on a terminal of its own, 100 columns wide."""

    def __init__(self, *arguments: str) -> None:
        self.arguments, self.said = arguments, ""

    def __enter__(self) -> Self:
        self.master, slave = pty.openpty()
        environment = os.environ | {"COLUMNS": str(COLUMNS), "TERM": "xterm"}
        self.child = subprocess.Popen(
            command(*self.arguments), stdin=slave, stdout=slave, stderr=slave, env=environment
        )
        os.close(slave)
        return self

    def expect(self, text: str) -> None:
        """Read until the command has said `text`."""
        while text not in self.said:
            with suppress(OSError):
                if more := os.read(self.master, 65536):
                    self.said += more.decode(errors="replace")
                    continue
            raise AssertionError(self.said)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def __exit__(self, *exception: object) -> None:
        if exception[0] is not None:
            self.child.kill()
        with suppress(OSError):
            while os.read(self.master, 65536):
                pass
        os.close(self.master)
        assert self.child.wait(60) == 0 or exception[0] is not None
