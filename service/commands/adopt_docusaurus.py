"""``run.py adopt docusaurus``: a docs folder becomes sources and a textbook."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from service.adopt.docusaurus import folder, site
from service.adopt.docusaurus.adopt import Report, Row, take
from service.adopt.docusaurus.book import OldTextbook, language_of
from service.adopt.docusaurus.folder import Folder, Left
from service.adopt.docusaurus.site import Site
from service.commands.reach import on_log
from service.http.token import tenant
from service.library.language import primary
from service.log.handle import Context, Log

TROUBLE = ("refused", "skipped", "waiting", "kept", "gone")


def docusaurus(
    docs: Annotated[
        Path, typer.Argument(help="The docs folder of the old site.", exists=True, file_okay=False)
    ],
    *,
    title: Annotated[str, typer.Option(help="The textbook's; the site's own by default.")] = "",
    subject: Annotated[str, typer.Option(help="What it is about; its title by default.")] = "",
    audience: Annotated[str, typer.Option(help="Who it is for.")] = "General readers",
    language: Annotated[str, typer.Option(help="Such as en; found in the texts.")] = "",
    tenant_name: Annotated[
        str, typer.Option("--tenant", help="Into this tenant, by name or id.")
    ] = "default",
    user: Annotated[str, typer.Option(help="Whose the textbook is.")] = "operator",
    without: Annotated[
        list[str] | None, typer.Option(help="A file to leave out, below the folder; repeatable.")
    ] = None,
    base_url: Annotated[str, typer.Option(help="Where the old site shows its documents.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a line a file.")] = False,
) -> None:
    """Take over a Docusaurus docs folder: its documents as sources, and one published textbook.

    All of it comes or, where a file is refused, nothing; --without leaves one out. Done again it
    brings what has changed since; a chapter that was edited here is left alone.
    """
    found = _kept(folder.read(docs), without or ())
    said = OldTextbook(
        title.strip(),
        subject.strip(),
        audience.strip(),
        language,
        user.strip(),
        base_url.strip(),
        found.documents,
    )
    old = _completed(said, site.read(docs))
    report = _taken(old, found.left, tenant_name, dry=dry_run)
    _tell(report, old.title, dry=dry_run, as_json=as_json)


def _completed(said: OldTextbook, site: Site) -> OldTextbook:
    """Return a textbook with what was not said of it: what its site says, or what its texts show.

    Raises ValueError where nothing says what it is called.
    """
    title = said.title or site.title
    if not title:
        raise ValueError("Neither --title nor a docusaurus.config beside the folder names it.")
    spoken = said.language or site.language
    return replace(
        said,
        title=title,
        subject=said.subject or title,
        language=primary(spoken) if spoken else language_of(said.documents),
        base_url=said.base_url or site.base_url,
    )


def _kept(found: Folder, without: Sequence[str]) -> Folder:
    """Return a folder without some of its files. Raises ValueError for one that is not there."""
    known = {one.path for one in found.documents} | {one.path for one in found.left}
    if unknown := [path for path in without if path not in known]:
        raise ValueError(f"--without names what is not in the folder: {', '.join(unknown)}.")
    left = [one for one in found.left if one.path not in without]
    left += [Left(path, "skipped", "It is left out by --without.") for path in without]
    return Folder(tuple(one for one in found.documents if one.path not in without), tuple(left))


def _taken(old: OldTextbook, left: tuple[Left, ...], tenant_name: str, *, dry: bool) -> Report:
    context = Context(tenant(tenant_name), "operator", uuid7())

    async def taken(log: Log) -> Report:
        return await take(log, old, left, context, dry=dry)

    return on_log(taken)


def _tell(report: Report, title: str, *, dry: bool, as_json: bool) -> None:
    """Print what became of each file. Raises ValueError where some were refused."""
    for row in report.rows:
        _say(row, as_json=as_json)
    counts = Counter(row.outcome for row in report.rows)
    if not as_json:
        listed = ", ".join(f"{n:,} {outcome}" for outcome, n in counts.items())
        print(f"{title} ({report.id}): {listed}" + (" (nothing was changed)" if dry else ""))
    if counts["refused"]:
        raise ValueError(f"Files refused: {counts['refused']}; so nothing was changed.")


def _say(row: Row, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(row).decode())
        return
    said = f"{row.outcome} {row.path}"
    if row.chapter:
        said += f": chapter {row.chapter}"
        said += f", version {row.version}" if row.version else ""
    said += f": {row.title}" if row.title else ""
    said += f": {row.reason}" if row.reason else ""
    print(said, file=sys.stderr if row.outcome in TROUBLE else sys.stdout)
    for remark in row.remarks:
        print(f"  as it came: {remark}")
