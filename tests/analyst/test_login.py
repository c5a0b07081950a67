"""The command that makes analysts: names, passwords, URLs, and what is left when they go."""

import base64
import hashlib
import hmac
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner, Result

from service import dsn
from service.analyst.login import NameRefused, checked, url, verifier
from service.cli import app
from service.http.token import tenant

PASSWORDS = "local all +daybook_analyst scram-sha-256\n"
PLENTY = 60


@pytest.fixture
def named(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """DATABASE_URL names a migrated database; its analysts are dropped afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    yield database_url
    for analyst in json.loads(run("list", "--json").stdout):
        run("drop", analyst["name"])


@pytest.fixture(scope="module")
def asking(server: str, template: str) -> None:
    """The embedded server asks analysts for their passwords, as one on a network does."""
    if "TEST_DATABASE_URL" in os.environ:
        pytest.skip("the rules of this server's logins are not ours to change")
    with psycopg.connect(server, autocommit=True) as session:
        (file,) = session.execute("SHOW hba_file").fetchone() or ("",)
        rules = Path(file)
        rules.write_text(PASSWORDS + rules.read_text())
        session.execute("SELECT pg_reload_conf()")


@pytest.fixture
def name() -> str:
    return f"ann_{uuid4().hex[:16]}"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ("analyst", *arguments))


def role(session: "psycopg.Connection[Any]", name: str) -> bool:
    return session.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone() is not None


def acts(database_url: str) -> list[Any]:
    """Return what the log says was done to analysts."""
    with psycopg.connect(database_url) as session:
        query = (
            "SELECT type, tenant_id, data->>'name', data->>'reason', metadata->>'actor'"
            " FROM log.events WHERE category = 'analyst' ORDER BY position"
        )
        return session.execute(query).fetchall()


@pytest.mark.parametrize("name", ["a", "ann", "ann_2", "select", "a" * 63])
def test_a_name_is_a_plain_word(name: str) -> None:
    assert checked(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "Ann", "2nd", "_a", "ann-b", "ann b", "änne", "ann\n", 'a"b', "a" * 64),
        *("pg_ann", "daybook", "daybook_service", "public", "none"),
    ],
)
def test_another_name_is_refused_by_the_rule(name: str) -> None:
    with pytest.raises(NameRefused, match="1 to 63 of the characters a-z, 0-9 and _"):
        checked(name)


def test_a_verifier_verifies_the_exchange_of_the_standard() -> None:
    # RFC 7677, section 3: user "user", password "pencil".
    exchange = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,"
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")

    said = verifier("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))

    kind, _, keys = said.split("$")
    stored, server = (base64.b64decode(key) for key in keys.split(":"))
    masked = hmac.digest(stored, exchange, "sha256")
    client = bytes(a ^ b for a, b in zip(proof, masked, strict=True))
    signature = base64.b64encode(hmac.digest(server, exchange, "sha256"))
    assert kind == "SCRAM-SHA-256"
    assert hashlib.sha256(client).digest() == stored
    assert signature == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_a_url_has_nothing_of_the_services_own_login() -> None:
    service = dsn.parse(
        "postgresql://owner:s3cret@db.example/book?sslmode=verify-full&sslkey=/k&options=-c%20x%3D1"
    )

    assert (
        url(service, "ann", "pass")
        == "postgresql://ann:pass@db.example:5432/book?sslmode=verify-full"
    )


def test_an_analyst_is_created_listed_and_dropped(named: str, name: str) -> None:
    created = run("create", name, "--tenant", "school", "--reason", "reports", "--actor", "eve")
    (line,) = created.stdout.splitlines()
    with psycopg.connect(line) as session:
        who = session.execute("SELECT session_user, current_schema()").fetchone()
        listed = json.loads(run("list", "--json").stdout)
        dropped = run("drop", name, "--reason", "left", "--actor", "eve")
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")

    assert who == (name, "read")
    assert [
        (row["name"], row["tenant_id"], row["sessions"], row["created_by"]) for row in listed
    ] == [(name, str(tenant("school")), 1, "eve")]
    assert dropped.stdout == f"{name} can no longer log in; sessions ended: 1.\n"
    with pytest.raises(psycopg.OperationalError, match=name):
        psycopg.connect(line)
    assert run("list").stderr == "There are no analysts.\n"
    assert acts(named) == [
        ("analyst.created", tenant("school"), name, "reports", "eve"),
        ("analyst.dropped", tenant("school"), name, "left", "eve"),
    ]


def test_the_password_opens_the_login_and_is_nowhere(asking: None, named: str, name: str) -> None:
    created = run("create", name)
    line = created.stdout.strip()
    password = dsn.parse(line).parameters["password"]

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        guess(line.replace(password, "guessed"))
    psycopg.connect(line).close()
    with psycopg.connect(named) as session:
        stored = session.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s", [name]
        ).fetchone() or ("",)
        written = session.execute(
            "SELECT string_agg(e::text, '') FROM log.events AS e"
        ).fetchone() or ("",)
    assert stored[0].startswith("SCRAM-SHA-256$4096:")
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", password)
    assert password not in str(stored) + str(written) + created.stderr


def guess(line: str) -> None:
    """Log in; again while that goes, since the server takes a moment to hear of its new rules."""
    deadline = time.monotonic() + PLENTY
    while time.monotonic() < deadline:
        psycopg.connect(line).close()


def test_a_name_that_is_taken_is_refused_whole(named: str, name: str) -> None:
    run("create", name)

    again = run("create", name, "--tenant", "another")

    assert (again.exit_code, again.stdout) == (1, "")
    assert re.fullmatch(
        rf"There is a role {name} already, .+: choose another name[.]\n", again.stderr
    )
    assert len(acts(named)) == 1


def test_whom_there_is_not_cannot_be_dropped(named: str, name: str) -> None:
    with psycopg.connect(named, autocommit=True) as session:
        session.execute(f"CREATE ROLE {name}")  # a role, and no analyst

        refused = run("drop", name)

        assert role(session, name)
        session.execute(f"DROP ROLE {name}")
    assert (refused.exit_code, refused.stderr) == (
        1,
        f"There is no analyst {name} in this database.\n",
    )


def test_dropping_one_ends_nobody_elses_session(named: str, name: str) -> None:
    other = run("create", f"{name}_2").stdout.strip()
    run("create", name)
    with psycopg.connect(named) as service, psycopg.connect(other) as analyst:
        assert "sessions ended: 0" in run("drop", name).stdout

        assert service.execute("SELECT 1").fetchone() == (1,)
        assert analyst.execute("SELECT 1").fetchone() == (1,)


def test_where_everybody_may_create_there_is_no_analyst(named: str, name: str) -> None:
    with psycopg.connect(named, autocommit=True) as session:
        session.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")

        refused = run("create", name)

        assert not role(session, name)
    assert "could create in schema public: take that right from PUBLIC first." in refused.stderr


def test_a_login_dropped_by_hand_is_forgotten(named: str, name: str) -> None:
    run("create", name)
    with psycopg.connect(named, autocommit=True) as session:
        session.execute(f"DROP ROLE {name}")

    assert "sessions ended: 0" in run("drop", name).stdout
    assert run("list").stderr == "There are no analysts.\n"
