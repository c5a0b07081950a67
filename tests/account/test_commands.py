"""``run.py account``, as an operator uses it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.commands import account
from tests.account.conftest import GOOD

Project = Callable[[], Awaitable[None]]
CREATE = ("create-admin", "--email", "Root@example.org")


@pytest.fixture
def named(database_url: str, projected: Project, monkeypatch: pytest.MonkeyPatch) -> str:
    """DATABASE_URL names a database that has its projections; no .env is near."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAYBOOK_SECRET_KEY", "a key for tests that opens nothing")
    monkeypatch.delenv(account.PASSWORD, raising=False)
    return database_url


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, ("account", *arguments), input=typed)


def done(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    return result.stderr


def test_the_first_administrator_is_made_once_and_with_a_good_password(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert account.PASSWORD in refused(*CREATE)
    monkeypatch.setenv(account.PASSWORD, "admin123")
    said = refused(*CREATE)
    assert "too easy to guess" in said
    assert "admin123" not in said
    monkeypatch.setenv(account.PASSWORD, GOOD)
    made = done(*CREATE, "--username", "root")
    again = run("create-admin", "--email", "root@EXAMPLE.org")
    assert (again.exit_code, GOOD in again.output) == (0, False)
    assert "already; nothing was changed" in again.stdout
    assert done(*CREATE) == made | {"created": False}

    why = ("--reason", "To see.", "--actor", "ann")
    assert "--reason" in refused("deactivate", "root")
    assert done("deactivate", "root", *why)["changed"] is True
    assert done("deactivate", made["id"], *why)["changed"] is False
    assert done("reactivate", "ROOT@example.org", *why)["version"] == 3
    assert "A role is one of" in refused("role", "root", "boss", *why)
    assert "has the role analyst" in run("role", "root", "analyst", *why).stdout
    assert "with the role analyst" in refused(*CREATE)
    assert "no account" in refused("deactivate", "nobody", *why)

    with psycopg.connect(named, autocommit=True) as session:
        session.execute("SELECT ops.advance(1000, 1.0)")
        reasons = session.execute(
            "SELECT p.data ->> 'reason', e.metadata ->> 'actor' FROM log.events AS e"
            " JOIN log.private AS p USING (position) WHERE p.data ? 'reason' ORDER BY position"
        ).fetchall()
    assert reasons == [("To see.", "ann")] * 3
    [row] = done("list", "--role", "analyst")
    assert (row["email"], row["username"], row["is_active"]) == ("Root@example.org", "root", True)
    assert "no accounts in school" in run("list", "--tenant", "school").stderr


def test_a_password_is_typed_twice(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "terminal", lambda: True)
    result = run("create-admin", typed=f"ann@example.org\n{GOOD}\nother\n{GOOD}\n{GOOD}\n")

    assert result.exit_code == 0, result.output
    assert "ann@example.org is an administrator of default" in result.stdout
    assert GOOD not in result.output
