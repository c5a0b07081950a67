"""Files and folders are ingested, file by file."""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from service.library.decider import SOURCE, Present, source_id
from service.library.extract import LIMIT
from service.library.ingest import Report, Row, files, ingest
from service.log.handle import Context, Log

TENANT = UUID(int=7)
CELL = "# Cell\n\nThe cell is the smallest unit of life."


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    (tmp_path / "plants").mkdir()
    (tmp_path / "cell.md").write_text(CELL)
    (tmp_path / "plants" / "leaf.txt").write_text("Leaves are green.")
    return tmp_path


async def ingested(log: Log, *paths: Path, prefix: str = "") -> Report:
    return await ingest(log, files(paths), Context(TENANT, "ada", uuid4()), prefix=prefix)


def outcomes(rows: Iterable[Row]) -> dict[str, str]:
    return {row.path: row.outcome for row in rows}


async def test_a_folder_is_added_under_its_prefix_and_then_unchanged(log: Log, shelf: Path) -> None:
    first = await ingested(log, shelf, prefix="bio/")
    again = await ingested(log, shelf, prefix="bio/")

    assert outcomes(first.rows) == {"bio/cell.md": "added", "bio/plants/leaf.txt": "added"}
    assert again.counts == {"unchanged": 2}


async def test_what_has_changed_is_replaced(log: Log, shelf: Path) -> None:
    await ingested(log, shelf)
    (shelf / "cell.md").write_text(CELL + " It has a wall.")

    assert (await ingested(log, shelf)).counts == {"replaced": 1, "unchanged": 1}


async def test_a_file_whose_bytes_alone_differ_is_unchanged(log: Log, shelf: Path) -> None:
    await ingested(log, shelf)
    (shelf / "cell.md").write_text(CELL.replace("\n", "\r\n") + "\n\n")

    assert (await ingested(log, shelf)).counts == {"unchanged": 2}


async def test_a_bad_file_is_reported_and_the_rest_goes_on(log: Log, shelf: Path) -> None:
    (shelf / "a.md").write_bytes(b"caf\xe9")
    (shelf / "b.pdf").write_bytes(b"no pdf")
    (shelf / "c.md").symlink_to(shelf / "nowhere")
    told: list[Row] = []

    report = await ingest(log, files([shelf]), Context(TENANT, "ada", uuid4()), tell=told.append)

    assert report.counts == {"refused": 3, "added": 2}
    assert told == list(report.rows)
    reasons = [row.reason for row in report.rows if row.outcome == "refused"]
    assert reasons[0].startswith("a.md is not UTF-8: the byte at offset 3")
    assert reasons[1].startswith("b.pdf cannot be read as a PDF")
    assert reasons[2].startswith("No such file or directory")


async def test_a_file_over_the_limit_is_not_even_read(log: Log, tmp_path: Path) -> None:
    with (tmp_path / "big.md").open("wb") as file:
        file.truncate(LIMIT + 1)

    report = await ingested(log, tmp_path / "big.md")

    assert (
        report.rows[0].reason == "It has 20,000,001 bytes; a source may have 20,000,000. Split it."
    )


async def test_other_types_are_skipped_in_a_folder_and_refused_when_named(
    log: Log, shelf: Path
) -> None:
    (shelf / "photo.jpg").write_bytes(b"\xff\xd8")

    walked = await ingested(log, shelf)
    named = await ingested(log, shelf / "photo.jpg")

    assert walked.counts == {"added": 2, "skipped": 1}
    assert named.counts == {"refused": 1}


async def test_two_files_for_one_path_do_not_replace_each_other(log: Log, shelf: Path) -> None:
    (shelf / "plants" / "cell.md").write_text("Plants have cells as well.")

    report = await ingested(log, shelf / "cell.md", shelf / "plants" / "cell.md")

    assert [row.outcome for row in report.rows] == ["added", "refused"]
    assert "was read for the same path" in report.rows[1].reason


def test_hidden_files_and_loops_are_left_out(shelf: Path) -> None:
    (shelf / ".git").mkdir()
    (shelf / ".git" / "notes.md").write_text(CELL)
    (shelf / ".draft.md").write_text(CELL)
    (shelf / "plants" / "back").symlink_to(shelf, target_is_directory=True)

    assert [file.name for file in files([shelf])] == ["cell.md", "plants/leaf.txt"]


def test_a_hidden_file_that_is_named_is_read(shelf: Path) -> None:
    (shelf / ".draft.md").write_text(CELL)

    assert [file.name for file in files([shelf / ".draft.md"])] == [".draft.md"]


async def test_names_of_another_system_keep_one_path(log: Log, tmp_path: Path) -> None:
    (tmp_path / "u\u0308ber.md").write_text(CELL)

    await ingested(log, tmp_path)

    state = (await log.load(SOURCE, source_id(TENANT, "über.md"), TENANT)).state
    assert isinstance(state, Present)
    assert state.path == "über.md"


async def test_a_name_that_is_no_text_is_refused(log: Log, tmp_path: Path) -> None:
    (tmp_path / "caf\udce9.md").write_text(CELL)

    report = await ingested(log, tmp_path)

    assert outcomes(report.rows) == {"caf\\udce9.md": "refused"}
