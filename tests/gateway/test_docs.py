"""The docs folder: what is published of textbooks is there, and of ours nothing else."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from service.database import Database
from service.export.docusaurus import files
from service.gateway.docs import LIST, TYPES, keep, stored, write
from service.gateway.files import DEFAULT, Behind
from service.gateway.folder import Folder, FolderError
from service.gateway.subscriber import Subscriber
from service.log.handle import Context, Log
from service.textbook.commands import (
    ArchiveTextbook,
    Command,
    PublishChapter,
    ReviseChapter,
    RollBackChapter,
)
from service.textbook.decider import TEXTBOOK
from service.textbook.published import PublishedTextbook
from service.textbook.views import published
from tests.export.books import forces
from tests.gateway.following import follow
from tests.gateway.test_files import stamps
from tests.textbook.pieces import TEXT, WHOLE

Project = Callable[[], Awaitable[None]]
SCHOOL = UUID(int=1)


async def do(log: Log, own: UUID, *commands: Command, of: UUID = DEFAULT) -> int:
    receipts = [await log.handle(TEXTBOOK, own, each, Context(of, "ann", own)) for each in commands]
    return receipts[-1].position


def keeper(database: Database, root: Path) -> Subscriber:
    return Subscriber("docs", TYPES, partial(keep, database, root))


def held(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != LIST
    }


def store(root: Path, book: PublishedTextbook, kind: type[Folder] = Folder) -> bool:
    folder = kind(root)
    try:
        folder.open(seconds=5)
        return stored(folder, replace(book, tenant_id=DEFAULT))
    finally:
        folder.close()


async def test_what_is_published_is_there_and_nothing_before(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    own = uuid4()
    await do(log, own, *WHOLE)
    await projected()
    subscriber = keeper(database, tmp_path)
    await follow(database, subscriber)
    assert held(tmp_path) == {}

    await do(log, own, PublishChapter(1))
    await projected()
    await follow(database, subscriber)

    book = await published(database, DEFAULT, own)
    assert book is not None
    assert held(tmp_path) == dict(files(book))
    assert {path for path in held(tmp_path) if path.endswith("l.md")} == {
        "forces/01-push-and-pull.md"
    }


async def test_only_a_publication_changes_what_readers_have(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    own = uuid4()
    await do(log, own, *WHOLE, PublishChapter(1), PublishChapter(2))
    await projected()
    subscriber = keeper(database, tmp_path)
    await follow(database, subscriber)
    first, before = held(tmp_path), stamps(tmp_path)

    await do(log, own, ReviseChapter(1, TEXT + "\n\nBetter."))
    await projected()
    await follow(database, subscriber)
    assert stamps(tmp_path) == before

    await do(log, own, PublishChapter(1))
    await projected()
    await follow(database, subscriber)
    after = stamps(tmp_path)
    assert "Better." in held(tmp_path)["forces/01-push-and-pull.md"].decode()
    assert after["02-motion.md"] == before["02-motion.md"]
    assert after["01-push-and-pull.md"] != before["01-push-and-pull.md"]

    await do(log, own, RollBackChapter(1, 1), PublishChapter(1), ArchiveTextbook())
    await projected()
    await follow(database, subscriber)
    page = "forces/01-push-and-pull.md"
    assert held(tmp_path)[page] == first[page]


async def test_another_tenants_books_have_a_folder_and_addresses_of_their_own(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    for tenant in (DEFAULT, SCHOOL):
        await do(log, uuid4(), *WHOLE, PublishChapter(1), of=tenant)
    await projected()

    await follow(database, keeper(database, tmp_path))

    found = held(tmp_path)
    assert {path.rpartition("/")[0] for path in found} == {"forces", f"@{SCHOOL}/forces"}
    assert f'slug: "/@{SCHOOL}/forces"'.encode() in found[f"@{SCHOOL}/forces/index.md"]


async def test_a_page_that_somebody_edited_or_lost_is_made_again(tmp_path: Path) -> None:
    store(tmp_path, forces())
    before = held(tmp_path)
    pages = sorted((tmp_path / "forces-and-motion").glob("0*.md"))
    pages[0].write_text("Edited.")
    pages[1].unlink()

    assert store(tmp_path, forces())
    assert held(tmp_path) == before
    assert not store(tmp_path, forces())


def test_of_what_is_no_more_only_our_own_goes(tmp_path: Path) -> None:
    book, folder = forces(), tmp_path / "forces-and-motion"
    old = replace(book.chapters[0], path="09-old.md", number=9, slug="old")
    odd = replace(book.chapters[0], path="08-odd.md", number=8, slug="odd")
    store(tmp_path, replace(book, chapters=(*book.chapters, odd, old)))
    (folder / "08-odd.md").write_text("By a person.")
    (folder / "notes.md").write_text("Mine.")

    assert store(tmp_path, book)

    assert not (folder / "09-old.md").exists()
    assert (folder / "08-odd.md").read_text() == "By a person."
    assert (folder / "notes.md").read_text() == "Mine."
    listed = json.loads((folder / LIST).read_text())["files"]
    assert listed.keys() == {path.rpartition("/")[2] for path, _ in files(book)}


def test_a_page_of_somebody_else_is_not_written_over(tmp_path: Path) -> None:
    mine = tmp_path / "forces-and-motion" / "index.md"
    mine.parent.mkdir()
    mine.write_text("My own docs.")

    with pytest.raises(FolderError, match=r"forces-and-motion/index\.md is not of our making"):
        store(tmp_path, forces())
    assert held(tmp_path) == {"forces-and-motion/index.md": b"My own docs."}

    mine.unlink()
    assert store(tmp_path, forces())


def test_a_list_of_another_textbook_gives_no_right_to_its_pages(tmp_path: Path) -> None:
    store(tmp_path, forces())
    before = held(tmp_path)
    other = replace(forces(), id=uuid4(), title="Other forces")

    with pytest.raises(FolderError, match="not of our making"):
        store(tmp_path, other)
    assert held(tmp_path) == before


@pytest.mark.parametrize("data", [b"", b"{}", b"no json", b'{"textbook": 1, "files": {}}'])
def test_a_broken_list_is_none(tmp_path: Path, data: bytes) -> None:
    store(tmp_path, forces())
    (tmp_path / "forces-and-motion" / LIST).write_bytes(data)

    assert store(tmp_path, forces())  # all pages are as they would be, so they may be ours
    assert not store(tmp_path, forces())


def test_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "forces-and-motion").symlink_to("/etc")

    with pytest.raises(FolderError, match="is a link"):
        store(tmp_path, forces())


async def test_read_models_that_are_behind_are_waited_for(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    own = uuid4()
    await projected()
    position = await do(log, own, *WHOLE, PublishChapter(1))

    with pytest.raises(Behind, match=f"textbooks have not come to position {position}"):
        await write(database, tmp_path, DEFAULT, own, position)

    await projected()
    assert await write(database, tmp_path, DEFAULT, own, position)


class Cut(Folder):
    """A folder of a process that ends before it has removed anything."""

    def remove(self, parts: Sequence[str], names: Mapping[str, str]) -> list[str]:
        raise FolderError(f"{parts} {names}")


def test_what_a_process_did_not_come_to_remove_the_next_one_does(tmp_path: Path) -> None:
    book = forces()
    old = replace(book.chapters[0], path="09-old.md", number=9, slug="old")
    store(tmp_path, replace(book, chapters=(*book.chapters, old)))

    with pytest.raises(FolderError):
        store(tmp_path, book, Cut)
    assert store(tmp_path, book)

    assert held(tmp_path) == dict(files(book))
