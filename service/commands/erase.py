"""``run.py log erase``: erase a person and prove it; keep the reports, check and repeat them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from msgspec import Struct
from uuid_utils.compat import uuid7

from service.account import erasure
from service.account.decider import ACCOUNT, NoSuchAccount
from service.commands import progress
from service.commands.desk.act import clean, terminal, user
from service.commands.reach import on, reachable
from service.database import Database
from service.log import erase as erasing
from service.log import proof
from service.log.append import GroupAppender
from service.log.erase import Proof
from service.log.handle import Context, Log
from service.log.needle import Value
from service.log.proof import NotGenuine, Report
from service.log.scan import Person, Progress
from service.refusal import NotFound
from service.settings import Secret, load

What = Annotated[
    list[str] | None, typer.Argument(help="The account's id; files, with --check or --again.")
]
Reason = Annotated[
    str | None, typer.Option(help="Why; kept for good, so without a word about the person.")
]
Also = Annotated[
    list[str] | None, typer.Option(help="Look for this too, such as an earlier address.")
]
Actor = Annotated[str | None, typer.Option(help="Who acts, instead of this system's user.")]
Show = Annotated[bool, typer.Option("--report", help="Print the report of an erasure; of all.")]
Check = Annotated[bool, typer.Option("--check", help="Check the signatures of reports in files.")]
Again = Annotated[
    bool, typer.Option("--again", help="Repeat the erasures of reports in files, after a restore.")
]


class Asked(Struct, frozen=True):
    """Whom to erase, why, who acts, and what to look for beside what the log holds of him."""

    account: UUID
    reason: str | None
    actor: str
    also: Sequence[Value] = ()


def erase(
    what: What = None,
    *,
    reason: Reason = None,
    also: Also = None,
    actor: Actor = None,
    report: Show = False,
    check: Check = False,
    again: Again = False,
) -> None:
    """Erase all that belongs to a person, look for it everywhere, and keep a signed report.

    Exits 1 where traces are left. Erased before, the person is only looked for again: give what
    there was of him with --also.
    """
    named = what or []
    if report + check + again > 1:
        raise ValueError("Give one of --report, --check and --again.")
    if check:
        passed = [genuine(Path(name), load().secret_key) for name in files(named)]
        raise typer.Exit(0 if all(passed) else 1)
    if report:
        print_reports(named)
        return
    if again:
        repeat([each for name in files(named) for each in read(Path(name))], who(actor))
        return
    if len(named) != 1:
        raise ValueError("Name one account by its id.")
    account = account_of(named[0])
    values = [Value("also", text) for text in also or ()]
    asked = Asked(account, why(reason, account), who(actor), values)
    with reachable() as settings, progress.bar("looking for what is left") as tell:
        done = on(settings, lambda database: work(database, asked, settings.secret_key, tell))
    raise typer.Exit(told(done))


async def work(database: Database, asked: Asked, secret: Secret, tell: Progress) -> Proof:
    """Erase an account, or look again for one that was erased, and prove it."""
    log, account = Log(database, GroupAppender(database.connect)), asked.account
    loaded = await log.load(ACCOUNT, account, None)
    if loaded.tenant_id is None:
        raise NoSuchAccount(f"There is no account {account}.")
    context = Context(loaded.tenant_id, asked.actor, uuid7())
    found = await erasing.found(database, loaded.tenant_id, account)
    if found is not None:
        person = Person(account, found.subjects, found.tenant_id)
        values = [*asked.also, *await erasing.values_of(database, person.subjects)]
        if found.report is not None and not values:
            return Proof(found.report, 0)
        await erasing.forget(database, person)
    elif asked.reason is None:
        raise ValueError(f"Say why {account} is erased with --reason: it is recorded in the log.")
    else:
        erasure.discreet(asked.reason, asked.also)
        done = await erasure.erase(database, log, context, account, asked.reason)
        found, values = done.erasure, [*asked.also, *done.values]
    assert found is not None  # noqa: S101 - it was not erased before
    return await erasing.prove(database, found, values, secret, context, progress=tell)


def told(made: Proof) -> int:
    """Print what came of it; return the exit status."""
    report = made.report
    print(
        f"Erased {report.subject} at {report.erased_at:%Y-%m-%d %H:%M:%S} UTC, position"
        f" {report.position}: {report.payloads:,} private payloads deleted,"
        f" {report.blanked:,} read rows blanked."
    )
    print(
        f"Looked for {len(report.values)} values in {report.rows:,} rows of"
        f" {len(report.tables)} tables: {report.result}."
    )
    for line in notes(made):
        print(line)
    return 0 if report.result == "nothing left" else 1


def notes(made: Proof) -> Iterable[str]:
    """Yield what else there is to know about a proof."""
    report = made.report
    for each in report.tables:
        name = f"{each.schema}.{each.table}"
        if each.rows is None:
            yield f"  {name} could not be read: look there as its owner."
        if each.traces:
            yield f"  {name}: {each.traces:,} rows with a trace."
        if each.others:
            yield f"  {name}: {each.others:,} rows have the same of somebody else."
    if not report.values:
        yield "  Nothing was known to look for: give what there was of the person with --also."
    if report.left_out:
        yield f"  {report.left_out:,} more texts were not looked for."
    if made.elsewhere:
        yield f"  {made.elsewhere:,} rows of other tenants look alike: are they accounts of theirs?"


def print_reports(named: list[str]) -> None:
    """Print the reports of some accounts, or of all, a line of JSON each."""
    wanted = {account_of(name) for name in named}
    with reachable() as settings:
        rows = [r for r in on(settings, erasing.listed) if not wanted or r.account in wanted]
    if missing := wanted - {row.account for row in rows}:
        raise NotFound(f"Not erased: {', '.join(map(str, sorted(missing)))}.")
    for row in rows:
        if row.report is not None:
            print(msgspec.json.encode(row.report).decode())
    unproved = [str(row.account) for row in rows if row.report is None]
    if unproved:
        raise ValueError(f"Erased, but without a report yet: {', '.join(unproved)}.")


def repeat(reports: list[Report], actor: str) -> None:
    """Erase again whom an older log has brought back; say of each what became of him."""
    with reachable() as settings:
        for report in reports:
            proof.check(report, settings.secret_key)
        passed = on(
            settings, lambda database: all_anew(database, reports, actor, settings.secret_key)
        )
    raise typer.Exit(0 if passed else 1)


async def all_anew(
    database: Database, reports: Sequence[Report], actor: str, secret: Secret
) -> bool:
    """Repeat erasures, oldest first; say whether nothing is left of anybody."""
    ordered = sorted(reports, key=lambda report: report.erased_at)
    return all([await anew(database, report, actor, secret) for report in ordered])


async def anew(database: Database, report: Report, actor: str, secret: Secret) -> bool:
    """Repeat one erasure, unless this log has it, or never had the account."""
    log = Log(database, GroupAppender(database.connect))
    stands = await erasing.log_of(database)
    if stands != report.log_id:
        raise ValueError(f"The report on {report.subject} is of another log, {report.log_id}.")
    loaded = await log.load(ACCOUNT, report.subject, report.tenant_id)
    if loaded.version == 0 or await erasing.found(database, report.tenant_id, report.subject):
        known = "has been erased in it" if loaded.version else "is not in it"
        print(f"{report.subject}: this log needs nothing, the account {known}.")
        return True
    reason = f"again, as at {report.erased_at:%Y-%m-%d %H:%M:%S} UTC"
    return not told(await work(database, Asked(report.subject, reason, actor), secret, _silent))


def genuine(path: Path, secret: Secret) -> bool:
    """Say of each report in a file whether this service signed it, and whether it says so."""
    passed = True
    for report in read(path):
        try:
            proof.check(report, secret)
            at = f"{report.scanned_at:%Y-%m-%d %H:%M:%S} UTC"
            said = f"genuine: {report.result}, of {len(report.values)} values, at {at}"
        except NotGenuine as error:
            said, passed = f"NOT GENUINE. {error}", False
        print(f"{report.subject}: {said}")
    return passed


def read(path: Path) -> list[Report]:
    """Return the reports in a file. Raises ValueError."""
    try:
        return proof.read(path.read_bytes())
    except NotGenuine as error:
        raise ValueError(f"{path}: {error}") from error


def files(named: list[str]) -> list[str]:
    """Return the names of files. Raises ValueError where there are none."""
    if not named:
        raise ValueError("Name the files with the reports.")
    return named


def account_of(name: str) -> UUID:
    """Return an account's id. Raises ValueError for what is none."""
    try:
        return UUID(name)
    except ValueError:
        raise ValueError(f"“{name}” is no account's id; run.py account list shows them.") from None


def who(actor: str | None) -> str:
    """Return who acts."""
    return clean("actor", actor) or user()


def why(reason: str | None, account: UUID) -> str | None:
    """Return the reason, asked for on a terminal; None where nobody can be asked."""
    text = clean("reason", reason)
    if not text and terminal():
        text = clean("reason", typer.prompt(f"Why is {account} erased?", err=True))
    return text or None


def _silent(_done: int, _of: int) -> None:
    pass
