"""A folder that files are written into whole."""

import fcntl
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from service.gateway.folder import Folder, FolderError

FILES = {"course.json": b"{}", "course.md": b"# Light\n"}
ROOT = Path(__file__).parents[2]
ENDLESS = """
import sys
from pathlib import Path
from service.gateway.folder import Folder
folder = Folder(Path(sys.argv[1]))
folder.open()
turn = 0
while True:
    turn += 1
    text = str(turn % 10).encode() * 200_000
    folder.store(["light"], {"course.json": text, "course.md": text})
    if turn == 1:
        print("writing", flush=True)
"""


@contextmanager
def opened(root: Path) -> Iterator[Folder]:
    folder = Folder(root)
    try:
        folder.open(seconds=5)
        yield folder
    finally:
        folder.close()


def held(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_files_are_written_where_they_belong(tmp_path: Path) -> None:
    with opened(tmp_path / "new" / "courses") as folder:
        changed = folder.store(["@7", "light"], FILES)

    assert changed == ["course.json", "course.md"]
    assert held(tmp_path / "new") == {f"courses/@7/light/{k}": v for k, v in FILES.items()}


def test_what_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        folder.store(["light"], FILES)
        before = {path: path.stat() for path in (tmp_path / "light").iterdir()}
        again = folder.store(["light"], FILES)
        partly = folder.store(["light"], FILES | {"course.md": b"# Leaf!\n"})

    assert (again, partly) == ([], ["course.md"])
    kept = tmp_path / "light" / "course.json"
    assert kept.stat().st_mtime_ns == before[kept].st_mtime_ns
    assert kept.stat().st_ino == before[kept].st_ino
    assert (tmp_path / "light" / "course.md").read_bytes() == b"# Leaf!\n"


def test_a_folder_that_was_removed_meanwhile_is_made_anew(tmp_path: Path) -> None:
    root = tmp_path / "courses"
    with opened(root) as first:
        first.store(["light"], FILES)
        (root / "light" / "course.json").unlink()
        (root / "light" / "course.md").unlink()
        (root / "light").rmdir()
        root.rmdir()
    with opened(root) as second:
        assert second.store(["light"], FILES) == list(FILES)


def test_a_folder_that_is_made_anew_before_it_is_locked_is_the_one_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, lock = tmp_path / "courses", fcntl.flock
    calls: list[int] = []

    def replaced(at: int, how: int) -> None:
        if not calls:
            root.rename(tmp_path / "gone")
        calls.append(at)
        lock(at, how)

    monkeypatch.setattr(fcntl, "flock", replaced)
    with opened(root) as folder:
        folder.store(["light"], FILES)

    assert set(held(root)) == {f"light/{name}" for name in FILES}
    assert held(tmp_path / "gone") == {}


def test_one_writes_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(FolderError, match="another process") as refused:
        Folder(tmp_path).open(seconds=0)

    assert str(tmp_path) in str(refused.value)
    with opened(tmp_path):
        pass


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "a\0b"])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    with opened(tmp_path / "courses") as folder, pytest.raises(ValueError, match="no name"):
        folder.store([name], FILES)

    assert held(tmp_path) == {}


def test_a_link_in_the_place_of_a_course_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "courses").mkdir()
    (tmp_path / "courses" / "light").symlink_to(tmp_path / "outside")

    with (
        opened(tmp_path / "courses") as folder,
        pytest.raises(FolderError, match="light is a link"),
    ):
        folder.store(["light"], FILES)

    assert held(tmp_path / "outside") == {}


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"{}")
    (tmp_path / "light").mkdir()
    (tmp_path / "light" / "course.json").symlink_to(tmp_path / "secret")

    with opened(tmp_path) as folder, pytest.raises(FolderError, match=r"course\.json is a link"):
        folder.store(["light"], FILES)

    assert (tmp_path / "secret").read_bytes() == b"{}"


def test_a_link_in_the_place_of_what_is_being_written_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"old")
    (tmp_path / "light").mkdir()
    (tmp_path / "light" / ".course.json.part").symlink_to(tmp_path / "secret")

    with opened(tmp_path) as folder:
        folder.store(["light"], FILES)

    assert (tmp_path / "secret").read_bytes() == b"old"
    assert (tmp_path / "light" / "course.json").read_bytes() == b"{}"


def test_a_pipe_in_the_place_of_a_file_is_replaced_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "light").mkdir()
    os.mkfifo(tmp_path / "light" / "course.json")

    with opened(tmp_path) as folder:
        folder.store(["light"], FILES)

    assert (tmp_path / "light" / "course.json").read_bytes() == b"{}"


def test_a_full_disk_leaves_what_was_there_whole(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        folder.store(["light"], FILES)
        with room(1000), pytest.raises(FolderError, match="cannot be written: File too large"):
            folder.store(["light"], {"course.json": b"x" * 100_000})
        left = held(tmp_path)
        again = folder.store(["light"], {"course.json": b"x" * 100_000})

    assert left == {f"light/{name}": data for name, data in FILES.items()}
    assert again == ["course.json"]


@contextmanager
def room(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_after_a_kill_each_file_is_whole_and_the_next_goes_on(tmp_path: Path) -> None:
    for kill in range(6):
        command = [sys.executable, "-c", ENDLESS, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"writing\n"
            until = monotonic() + kill * 0.004
            while monotonic() < until:
                pass
            process.send_signal(signal.SIGKILL)
        for name in FILES:
            data = (tmp_path / "light" / name).read_bytes()
            assert len(data) == 200_000
            assert len(set(data)) == 1
    with opened(tmp_path) as folder:
        assert folder.store(["light"], FILES) == list(FILES)
    assert held(tmp_path) == {f"light/{name}": data for name, data in FILES.items()}
