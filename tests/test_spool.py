"""A spool: what was put is there after any end of its process, and is taken over once."""

import asyncio
import errno
import fcntl
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from service import journal, spool
from service.refusal import Unavailable
from service.spool import Spool, SpoolFull
from tests.faults import ROOT

BIG = b"b" * (2 << 20)
A, B, C = (UUID(int=number) for number in (1, 2, 3))


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Any]:
    """Makes spools in one folder, each as a process of its own has it."""
    async with AsyncExitStack() as stack:

        def make(**bounds: int) -> Spool:
            one = Spool(tmp_path / "spool", **bounds)
            stack.push_async_callback(one.close)
            return one

        yield make


def files(folder: Path) -> list[Path]:
    return sorted((folder / "spool").glob("*"))


def died(one: Spool) -> None:
    """Let a spool's process be gone: what it had open is closed, and that is all."""
    assert one._journal is not None  # noqa: SLF001
    one._journal.release()  # noqa: SLF001


async def test_what_was_put_is_left_until_it_is_dropped(made: Any) -> None:
    one = made()
    await one.put(A, b"a", durable=True)
    await one.put(B, b"b", durable=False)
    await one.put(A, b"newer", durable=True)
    assert dict(one.left()) == {B: b"b", A: b"newer"}

    await one.drop(A)

    assert dict(one.left()) == {B: b"b"}


async def test_the_entries_of_a_dead_process_are_taken_over_and_its_file_removed(
    made: Any, tmp_path: Path
) -> None:
    one, other = made(), made()
    await one.put(A, b"a", durable=True)
    await one.put(B, b"b", durable=True)
    await one.put(A, b"newer", durable=True)
    await one.drop(B)
    died(one)

    adopted = await other.adopt()

    assert dict(adopted) == dict(other.left()) == {A: b"newer"}
    assert len(files(tmp_path)) == 1
    died(other)
    assert dict(await made().adopt()) == {A: b"newer"}


async def test_the_file_of_a_process_that_lives_is_let_alone(made: Any, tmp_path: Path) -> None:
    one, other = made(), made()
    await one.put(A, b"a", durable=True)

    assert not await other.adopt()
    assert not await one.adopt()
    assert len(files(tmp_path)) == 1


async def test_two_that_adopt_at_once_take_each_entry_once(made: Any) -> None:
    for number in range(20):
        one = made()
        await one.put(UUID(int=number), b"x" * 1_000, durable=True)
        died(one)
    takers = [made() for _ in range(4)]

    found = await asyncio.gather(*(taker.adopt() for taker in takers))

    assert sorted(key.int for each in found for key in each) == list(range(20))


async def test_a_file_that_another_adopts_while_it_is_opened_is_none(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, real = made(), fcntl.flock
    await one.put(A, b"a", durable=True)
    died(one)

    def flock(file: Any, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", real)
        for other in journal.dead(tmp_path / "spool"):
            other.remove()
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)

    assert list(journal.dead(tmp_path / "spool")) == []


async def test_what_this_process_has_is_newer_than_what_it_adopts(made: Any) -> None:
    one, other = made(), made()
    await one.put(A, b"old", durable=True)
    await other.put(A, b"new", durable=True)
    died(one)

    assert not await other.adopt()
    assert dict(other.left()) == {A: b"new"}


@pytest.mark.parametrize("cut", [1, 7, 8, 9, 24, 25, 26, 29])
async def test_a_torn_tail_is_cut_with_a_warning(
    made: Any, tmp_path: Path, cut: int, caplog: pytest.LogCaptureFixture
) -> None:
    one = made()
    await one.put(A, b"a", durable=True)
    await one.put(B, b"bbbbb", durable=True)
    died(one)
    (file,) = files(tmp_path)
    os.truncate(file, file.stat().st_size - cut)

    assert dict(await made().adopt()) == {A: b"a"}
    assert "no whole record" in caplog.text


async def test_a_changed_byte_is_no_record(
    made: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = made()
    await one.put(A, b"a", durable=True)
    await one.put(B, b"bbbbb", durable=True)
    died(one)
    (file,) = files(tmp_path)
    file.write_bytes(file.read_bytes()[:-1] + b"c")

    assert dict(await made().adopt()) == {A: b"a"}
    assert "no whole record" in caplog.text


async def test_a_file_of_something_else_holds_nothing(made: Any, tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / f"1{journal.SUFFIX}").write_bytes(b"something else" * 10)

    assert not await made().adopt()


async def test_there_is_a_bound_which_a_replacement_never_meets(made: Any) -> None:
    one, small = made(most=2), made(most_bytes=10)
    await one.put(A, b"a", durable=True)
    await one.put(B, b"b", durable=True)
    await small.put(A, b"12345678", durable=True)

    with pytest.raises(SpoolFull):
        await one.put(C, b"c", durable=True)
    with pytest.raises(SpoolFull):
        await small.put(B, b"123", durable=True)
    await one.put(B, b"longer", durable=True)
    await small.put(A, b"1234567890123", durable=True)
    await one.drop(A)
    await one.put(C, b"c", durable=True)

    assert dict(one.left()) == {B: b"longer", C: b"c"}


async def test_many_at_once_do_not_get_past_the_bound(made: Any) -> None:
    one = made(most=10)

    puts = (one.put(uuid4(), b"x", durable=True) for _ in range(100))
    outcomes = await asyncio.gather(*puts, return_exceptions=True)

    assert sum(outcome is None for outcome in outcomes) == len(one.left()) == 10
    assert {type(outcome) for outcome in outcomes if outcome} == {SpoolFull}


async def test_a_file_shrinks_when_nothing_is_left(made: Any, tmp_path: Path) -> None:
    one = made()
    keys = [uuid4() for _ in range(100)]
    await asyncio.gather(*(one.put(key, b"x" * 1_000, durable=True) for key in keys))
    await asyncio.gather(*(one.drop(key) for key in keys))
    await one.put(A, b"a", durable=True)
    await one.drop(A)
    await one.close()

    assert files(tmp_path) == []


async def test_a_file_never_holds_much_more_than_what_counts(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "WASTE_BYTES", 10_000)
    one = made()
    await one.put(B, b"kept", durable=True)
    for _ in range(200):
        await one.put(A, b"x" * 1_000, durable=False)

    (file,) = files(tmp_path)
    assert file.stat().st_size < 20_000
    died(one)
    assert dict(await made().adopt()) == {B: b"kept", A: b"x" * 1_000}


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def test_a_full_disk_is_told_and_got_over(made: Any) -> None:
    one = made()
    await one.put(A, b"a", durable=True)
    with full_disk(1 << 20):
        with pytest.raises(OSError, match="large") as told:
            await one.put(B, BIG, durable=True)
        await one.put(C, b"c", durable=True)  # it fits, after what did not

    assert told.value.errno == errno.EFBIG
    assert dict(one.left()) == {A: b"a", C: b"c"}
    await one.put(B, BIG, durable=True)
    died(one)
    assert dict(await made().adopt()) == {A: b"a", C: b"c", B: BIG}


async def test_what_cannot_be_taken_over_stays_where_it_is(made: Any, tmp_path: Path) -> None:
    one, other = made(), made()
    await one.put(A, BIG, durable=True)
    died(one)
    with full_disk(1 << 20), pytest.raises(OSError, match="large"):
        await other.adopt()

    assert not other.left()
    assert dict(await other.adopt()) == {A: BIG}
    assert len(files(tmp_path)) == 1


async def test_a_file_whose_disk_failed_once_is_never_trusted_again(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, real = made(), os.fsync
    await one.put(A, b"a", durable=True)
    (before,) = files(tmp_path)

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "the disk has failed")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="failed"):
        await one.put(B, b"b", durable=True)
    monkeypatch.setattr(os, "fsync", real)
    await one.put(C, b"c", durable=True)

    assert files(tmp_path) != [before]
    died(one)
    assert dict(await made().adopt()) == {A: b"a", C: b"c"}


async def test_durable_is_on_the_disk_before_the_answer_and_many_share_one_sync(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, real, synced = made(), os.fsync, []
    await one.put(A, b"a", durable=True)

    def fsync(descriptor: int) -> None:
        synced.append(len(one.left()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    await one.put(B, b"b", durable=True)
    assert synced == [1]
    await one.put(C, b"c", durable=False)
    assert synced == [1]
    await asyncio.gather(*(one.put(uuid4(), b"x", durable=True) for _ in range(500)))

    assert len(synced) < 10


async def test_a_cancelled_put_can_be_dropped(made: Any) -> None:
    one = made()
    putting = asyncio.create_task(one.put(A, b"a", durable=True))
    await asyncio.sleep(0)
    putting.cancel()

    await one.drop(A)
    await one.put(B, b"b", durable=True)

    assert dict(one.left()) == {B: b"b"}


async def test_after_its_end_nothing_is_kept(made: Any) -> None:
    one = made()
    await one.put(A, b"a", durable=True)
    await one.close()
    await one.close()

    with pytest.raises(Unavailable):
        await one.put(B, b"b", durable=True)
    assert dict(await made().adopt()) == {A: b"a"}


def test_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    one = journal.begin(tmp_path / "spool", {})
    one.release()

    assert (tmp_path / "spool").stat().st_mode & 0o077 == 0
    assert files(tmp_path)[0].stat().st_mode & 0o077 == 0


WRITER = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from service.spool import Spool

async def main():
    one = Spool(Path(sys.argv[1]))
    async def put(first):
        for number in range(first, 10_000_000, 8):
            await one.put(UUID(int=number), b"x" * 300, durable=True)
            print(number, flush=True)
    await asyncio.gather(*(put(first) for first in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 97, 400])
async def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(
    made: Any, tmp_path: Path, lines: int
) -> None:
    process = subprocess.Popen(  # noqa: ASYNC220 - it ends in a moment
        [sys.executable, "-c", WRITER, str(tmp_path / "spool")],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    told += [line for line in process.stdout if line.endswith("\n")]
    process.wait()
    process.stdout.close()

    adopted = await made().adopt()

    assert {int(line) for line in told} <= {key.int for key in adopted}
    assert set(adopted.values()) == {b"x" * 300}
