"""A person leaves: nothing of him stays in the database or in what is made of it afterwards."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
import pytest
from typer.testing import CliRunner, Result

from service.account.decider import ACCOUNT, Erased
from service.cli import app
from service.database import Database
from service.log import proof
from service.log.export import export
from service.log.proof import Report
from service.log.restore import restore
from service.log.seal import verify
from service.projection import diff, engine, past
from service.projection.act import Act
from service.projection.text import projection
from tests.account.conftest import GOOD, OTHER, Site
from tests.http.conftest import KEY
from tests.log.archives import cloned

AGENT: Final = "Mozilla/5.0 (X11; AdasOwn)"
TRACES: Final = (
    b"ada.byron", b"ada1815", b"lovelace", b"1990-12-10", b"astronomy", b"weave", b"adasown",
    b"left the", b"argon2id$", b"127.0.0.1",
)  # fmt: skip
"""What there is of the person, in lower case."""
ACT: Final = Act("ops", UUID(int=1), uuid4(), "to look back")


async def lived(site: Site, operator: str) -> UUID:
    """Let Ada do everything of which something private is kept; return her account."""
    for name in ("Ada.Byron@example.org", "ada1815"):  # before anybody has it
        await site.said(401, "POST", "/auth/login", identifier=name, password=OTHER)
    registered = await site.register(
        "ada1815", email="Ada.Byron@Example.org", name="Ada Lovelace", birthdate="1990-12-10"
    )
    again = {"email": "ada.byron@example.org", "password": GOOD}
    refused = await site.ask("POST", "/auth/register", json=again, headers={"User-Agent": AGENT})
    assert refused.status == 409
    await site.said(401, "POST", "/auth/login", identifier="ada1815", password=OTHER)
    mine = {"identifier": "ada1815", "password": GOOD}
    response = await site.ask("POST", "/auth/login", json=mine, headers={"User-Agent": AGENT})
    token = (await response.json())["access_token"]
    await site.said(
        200, "PATCH", "/me", token, interests=["astronomy"], learning_goals=["weave patterns"]
    )
    changed = {"current_password": GOOD, "new_password": OTHER}
    await site.said(200, "POST", "/me/password", token, **changed)
    account = f"/accounts/{registered['id']}"
    await site.said(200, "POST", f"{account}/deactivate", operator, reason="Left the school.")
    await site.said(200, "POST", f"{account}/reactivate", operator)
    await site.of.audit.flush(site.of.log, site.of.database)
    return UUID(registered["id"])


async def folded(site: Site) -> int:
    """Wait until all there is has been folded; return its position."""
    head = int(await site.of.database.fetchval("SELECT position FROM log.head"))
    assert await site.of.tail.reached(head, 20)
    return head


def silent(_done: int, _of: int) -> None:
    pass


async def exported(database: Database, path: Path) -> bytes:
    await export(database, path, silent)
    return path.read_bytes().lower()  # noqa: ASYNC240 - small


@pytest.fixture
def elsewhere(server: str, template: str) -> Iterator[str]:
    """The URL of an empty database."""
    yield from cloned(server, template)


async def test_nothing_is_left_of_whoever_leaves(
    site: Site, operator: str, tmp_path: Path, elsewhere: str
) -> None:
    of = site.of
    account = await lived(site, operator)
    bob = (await site.register("bob", name="Ada Lovelace"))["id"]
    await past.as_of(of.database, await folded(site), ACT)
    await engine.rebuild(of.database, projection("account"))
    await engine.candidate(of.database, projection("account"))
    before = await exported(of.database, tmp_path / "before.ndjson")
    assert [trace for trace in TRACES if trace not in before] in ([], [b"127.0.0.1"])
    token = (await site.log_in("ada1815", OTHER))["access_token"]

    await site.said(403, "DELETE", "/me", token, password=GOOD)
    left = await site.said(200, "DELETE", "/me", token, password=OTHER)

    assert left["id"] == str(account)
    gone = {"email": "ada.byron@example.org", "password": OTHER}
    late = await site.ask("POST", "/auth/login", json=gone, headers={"User-Agent": AGENT})
    assert late.status == 401
    await of.audit.flush(of.log, of.database)
    await of.proofs.settled()
    shown = await site.said(200, "GET", f"/erasures/{account}", operator)
    assert (shown["state"], shown["report"]["result"]) == ("nothing left", "nothing left")
    report = msgspec.convert(shown["report"], Report)
    proof.check(report, of.settings.secret_key)
    schemas = {each.schema for each in report.tables}
    assert {row["schema"] for row in await engine.generations(of.database)} <= schemas
    assert len([name for name in schemas if "account" in name]) == 4
    assert {each.table for each in report.tables if each.others} == {"private", "users"}  # Bob's
    assert not isinstance((await of.log.load(ACCOUNT, UUID(bob), None)).state, Erased)

    await folded(site)
    for name in ("account", "audit"):
        assert (await diff.verify(of.database, name)).clean
    assert (await verify(of.database, silent)).divergence is None
    after = await exported(of.database, tmp_path / "after.ndjson")
    bobs = (b"lovelace", b"argon2id$", b"127.0.0.1")
    assert [trace for trace in TRACES if trace in after and trace not in bobs] == []
    other = Database(elsewhere)
    await other.open()
    await restore(other, tmp_path / "after.ndjson", silent, silent, silent)
    assert (await verify(other, silent)).divergence is None
    await other.close()


async def test_the_tenants_administrator_erases_once_and_the_name_is_free_again(
    site: Site, operator: str, bearer: Any
) -> None:
    registered = await site.register()
    account = f"/accounts/{registered['id']}"
    mine = (await site.log_in())["access_token"]
    stranger = bearer("admin", tenant="elsewhere")["Authorization"].partition(" ")[2]

    await site.said(404, "POST", f"{account}/erase", stranger, reason="I do not like it.")
    await site.said(404, "GET", f"/erasures/{registered['id']}", operator)
    await site.said(422, "POST", f"{account}/erase", operator, reason="ada@example.org asked")
    done = await site.said(200, "POST", f"{account}/erase", operator, reason="asked for by letter")
    again = await site.said(200, "POST", f"{account}/erase", operator, reason="asked again")

    assert done["version"] == again["version"] == registered["version"] + 1
    await site.said(401, "GET", "/me", mine)
    await site.said(401, "POST", "/auth/login", identifier="ada", password=GOOD)
    await site.of.proofs.settled()
    assert (await site.register())["id"] != registered["id"]
    begun = "SELECT data FROM log.events WHERE type LIKE 'erasure.%' ORDER BY position"
    events = [json.loads(bytes(row[0])) for row in await site.of.database.fetch(begun)]
    assert [each.get("reason") for each in events] == ["asked for by letter", None]


async def test_an_administrator_leaves_by_password_like_everybody(
    site: Site, operator: str
) -> None:
    registered = await site.register()
    account = registered["id"]
    await site.said(200, "POST", f"/accounts/{account}/role", operator, role="admin")
    token = (await site.log_in())["access_token"]

    await site.said(409, "POST", f"/accounts/{account}/erase", token, reason="asked for by letter")


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["log", "erase", *arguments])


async def test_what_a_stopped_process_owes_is_proved_by_hand_checked_and_repeated(
    site: Site,
    operator: str,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in (("DATABASE_URL", database_url), ("DAYBOOK_SECRET_KEY", KEY)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAYBOOK_HOME", str(tmp_path / "home"))
    account = str((await site.register("byron"))["id"])
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr("service.log.proving.PATIENCE", 0.0)
        patch.setattr("service.log.erase.scan", stuck)
        erased = f"/accounts/{account}/erase"
        await site.said(200, "POST", erased, operator, reason="asked for by letter")
        assert await state(site, operator, account) == "scanning"
        await site.of.proofs.close()
    assert f"run.py log erase {account}" in caplog.text
    assert await state(site, operator, account) == "unproved"

    unknown = await run("--report")
    assert (unknown.exit_code, account in unknown.stderr) == (1, True)
    vague = await run(account)
    assert (vague.exit_code, "not proved" in vague.stdout) == (1, True)
    proved = await run(account, "--also", "byron@example.org", "--also", "byron")
    assert (proved.exit_code, "nothing left" in proved.stdout) == (0, True)

    file = tmp_path / "reports.ndjson"
    file.write_text((await run("--report", account)).stdout)
    assert (await run("--check", str(file))).exit_code == 0
    again = await run("--again", str(file))
    assert (again.exit_code, "has been erased in it" in again.stdout) == (0, True)
    file.write_text(file.read_text().replace('"nothing left"', '"traces left"'))
    forged = await run("--check", str(file))
    assert (forged.exit_code, "NOT GENUINE" in forged.stdout) == (1, True)


async def test_an_older_log_forgets_again_by_the_reports_that_were_kept(
    site: Site, operator: str, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = str((await site.register("ada1815"))["id"])
    await exported(site.of.database, tmp_path / "before.ndjson")
    await site.said(200, "POST", f"/accounts/{account}/erase", operator, reason="by letter")
    await site.of.proofs.settled()
    shown = await site.said(200, "GET", f"/erasures/{account}", operator)
    (tmp_path / "report.json").write_text(json.dumps(shown))
    older = Database(elsewhere)
    await older.open()
    await restore(older, tmp_path / "before.ndjson", silent, silent, silent)
    for name, value in (("DATABASE_URL", elsewhere), ("DAYBOOK_SECRET_KEY", KEY)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAYBOOK_HOME", str(tmp_path / "home"))

    again = await run("--again", str(tmp_path / "report.json"))

    assert (again.exit_code, "nothing left" in again.stdout) == (0, True), again.stderr
    assert b"ada1815" not in await exported(older, tmp_path / "after.ndjson")
    await older.close()


async def stuck(*_: Any) -> None:
    await asyncio.Event().wait()


async def state(site: Site, operator: str, account: str) -> str:
    return str((await site.said(200, "GET", f"/erasures/{account}", operator))["state"])
