"""``run.py budget``, as those who run the service use it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.commands.reach import on_log
from service.http.token import tenant
from tests.budget.purses import job

Project = Callable[[], Awaitable[None]]


@pytest.fixture(autouse=True)
def named(database_url: str, projected: Project, monkeypatch: pytest.MonkeyPatch) -> str:
    """DATABASE_URL names a database that has its projections; no .env is near."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAYBOOK_SECRET_KEY", "a key for tests that opens nothing")
    return database_url


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ("budget", *arguments))


def told(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_budget_is_set_and_shown_and_ended() -> None:
    assert run("show").stdout == "There is no budget: calls may cost anything.\n"
    made = run("set", "25", "--period", "day", "--actor", "ann").stdout
    assert made.startswith("$25.00 a day: $0.00 spent, $0.00 set aside, $25.00 left until 2")
    assert run("show").stdout == made
    assert "There is no budget" in run("show", "--tenant", "school").stdout
    assert "There is no budget" in run("set", "none").stdout


def test_what_the_command_line_sets_is_the_houses() -> None:
    assert told("set", "25", "--tenant", "school")["set_by_house"] is True
    assert told("show", "--tenant", "school")["period"] == "month"


def test_a_job_has_the_budget_that_it_was_given_and_may_get_another() -> None:
    own = str(on_log(lambda log: job(log, "0.5", tenant=tenant("default"))))
    found = told("show", "--job", own)
    assert (found["limit"], found["period"], found["left"]) == ("0.5", "total", "0.5")

    assert told("set", "2", "--job", own)["left"] == "2"
    assert told("show", "--job", own)["set_by_house"] is False


@pytest.mark.parametrize(
    "wrong",
    [
        ("set", "much"),
        ("set", "--", "-1"),
        ("set", "1", "--period", "week"),
        ("show", "--job", "b0000000-0000-4000-8000-000000000001"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused_in_a_sentence(wrong: tuple[str, ...]) -> None:
    result = run(*wrong)

    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
