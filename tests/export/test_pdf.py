"""A textbook's page, printed by a Chromium where there is one, and by stand-ins that fail."""

import asyncio
import io
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from service.export import pdf as printing
from service.export.bound import headings
from service.export.page import page
from service.export.pdf import NAMES, NoChromium, Unprintable, pdf
from service.refusal import Unavailable
from service.textbook.published import PublishedTextbook
from tests.export.books import arabic, forces
from tests.export.web import tree

CHROMIUM = next((found for found in map(shutil.which, NAMES) if found), None)
MISSING = "there is no Chromium on this machine (Debian's package is called chromium)"
prints = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made, empty again after each test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Make a program of some lines of shell that is started instead of Chromium."""

    def made(lines: str) -> str:
        program = tmp_path_factory.mktemp("bin") / "chromium"
        program.write_text(f"#!/bin/sh\nexport STARTED_BY=$0\n{lines}\n")
        program.chmod(stat.S_IRWXU)
        return str(program)

    return made


def titles(outline: Any) -> Iterator[str]:
    for each in outline:
        if isinstance(each, list):
            yield from titles(each)
        else:
            yield each["/Title"]


def left(place: Path) -> list[Path]:
    return list(place.iterdir())


async def printed(book: PublishedTextbook) -> bytes:
    return await pdf(page(book), None)


@prints
async def test_a_book_is_printed_with_its_outline_its_tags_and_its_date(place: Path) -> None:
    read = PdfReader(io.BytesIO(await printed(forces())))
    root: Any = read.root_object

    assert read.pages[0].extract_text().startswith("Physics\nForces and motion")
    assert read.pages[0].mediabox.height == pytest.approx(842, abs=1)
    assert list(titles(read.outline)) == headings(tree(page(forces())))
    assert root["/MarkInfo"]["/Marked"]
    assert (root["/Lang"], root["/PageMode"]) == ("en", "/UseOutlines")
    assert root["/ViewerPreferences"] == {"/DisplayDocTitle": True, "/Direction": "/L2R"}
    said: Any = read.metadata
    assert said.title == "Forces and motion"
    assert said["/CreationDate"] == said["/ModDate"] == "D:20260104030405Z"
    assert left(place) == []


@prints
async def test_pages_are_numbered_and_headed_and_chapters_begin_on_new_ones() -> None:
    read = PdfReader(io.BytesIO(await printed(forces())))
    texts = [each.extract_text() for each in read.pages]
    first = next(number for number, text in enumerate(texts) if "Chapter 1" in text)
    second = next(number for number, text in enumerate(texts) if "Chapter 2" in text)

    assert "Laws of motion" in texts[second]
    assert all("Newton wrote three laws" not in text for text in texts[first:second])
    assert str(second + 1) in texts[second].splitlines()
    assert texts[second].count("Laws of motion") == 2  # the running head, and the title
    assert "Answers" in texts[-1]


@prints
async def test_the_same_version_gives_the_same_pdf_and_words_in_their_order() -> None:
    first, second = await printed(arabic()), await printed(arabic())
    read = PdfReader(io.BytesIO(first))
    root: Any = read.root_object

    assert first == second
    assert list(titles(read.outline))[2] == "ما هي القوة؟"
    assert root["/ViewerPreferences"]["/Direction"] == "/R2L"


async def test_without_a_chromium_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(NoChromium, match="Debian's package is called chromium") as refused:
        await pdf(b"", None)
    assert isinstance(refused.value, Unavailable)
    with pytest.raises(NoChromium, match="There is no program /no/chromium"):
        await pdf(b"", "/no/chromium")


async def test_a_chromium_that_prints_nothing_is_quoted(
    stand_in: Callable[[str], str], place: Path
) -> None:
    with pytest.raises(Unprintable, match=r"printed no PDF\. It said: out of memory"):
        await pdf(b"", stand_in("echo starting >&2; echo out of memory >&2; exit 1"))
    assert left(place) == []


async def test_a_chromium_that_falls_leaves_nothing_of_it_running(
    stand_in: Callable[[str], str], place: Path
) -> None:
    falls = stand_in("sleep 600 &\necho fell >&2\nexit 1")

    with pytest.raises(Unprintable, match="said: fell"):
        await pdf(b"", falls)

    gone(falls)
    assert left(place) == []


async def test_a_chromium_that_takes_too_long_is_ended(
    stand_in: Callable[[str], str], place: Path
) -> None:
    with pytest.raises(Unprintable, match="longer than 0 seconds"):
        await pdf(b"", stand_in("exec sleep 600"), patience=0)
    assert left(place) == []


async def test_only_so_many_are_printed_at_once(
    stand_in: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setattr(printing, "TURNS", asyncio.Semaphore(1))
    alone = stand_in(f'ls "{place}" | wc -l >&2')

    said = await asyncio.gather(*(pdf(b"", alone) for _ in range(3)), return_exceptions=True)

    assert [str(each).rpartition(" ")[2] for each in said] == ["1", "1", "1"]


async def test_it_sees_the_page_and_none_of_our_settings(
    stand_in: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a secret")
    tell = 'for last; do :; done; cat "${last#file://}" >&2; env | cut -d= -f1 | tr "\\n" " " >&2'

    with pytest.raises(Unprintable, match="said: a page") as refused:
        await pdf(b"a page ", stand_in(tell))
    names = set(str(refused.value).rpartition("a page ")[2].split())
    assert names - {"PWD", "OLDPWD", "SHLVL", "STARTED_BY", "_"} <= {
        *printing.PASSED,
        "HOME",
        "TMPDIR",
        "XDG_RUNTIME_DIR",
    }
    assert {"HOME", "PATH"} < names


async def test_who_cancels_leaves_no_process_and_no_file(
    stand_in: Callable[[str], str], place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = tmp_path_factory.mktemp("told") / "pipe"
    os.mkfifo(told)
    slow = stand_in(f"sleep 600 &\necho both run > {told}\nwait")
    task = asyncio.create_task(pdf(b"", slow))
    assert await asyncio.to_thread(told.read_text) == "both run\n"

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    gone(slow)
    assert left(place) == []


async def test_who_cancels_while_it_starts_leaves_nothing_either(
    stand_in: Callable[[str], str], place: Path
) -> None:
    slow = stand_in("sleep 600")
    for turns in range(12):
        task = asyncio.create_task(pdf(b"", slow))
        for _ in range(turns):
            await asyncio.sleep(0)

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        gone(slow)
        assert left(place) == []


def gone(program: str) -> None:
    """Return once nothing of a program runs; what was killed may take a moment to die."""
    deadline = time.monotonic() + 30
    while any(program in each for each in commands()):
        assert time.monotonic() < deadline, f"{program} goes on"


def commands() -> Iterator[str]:
    """The command and the surroundings of all that runs here: `sleep` tells by them whose it is."""
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with suppress(OSError):
                yield (process / name).read_bytes().decode(errors="replace")
