"""The system user of the embedded server is made once, however many processes want it at once."""

import os
import pwd
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service import cluster

USERADD = """#!/bin/sh
# As the real one: it looks first, waits for its lock, and then gives the name a new number.
[ -e {folder}/user ] && exit 9
echo made >> {folder}/calls
while [ $(wc -l < {folder}/calls) -lt 2 ] && [ $(wc -l < {folder}/turns) -lt 20 ]
do echo turn >> {folder}/turns; sleep 0.05; done
echo $$ > {folder}/user
"""


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the machine's users, of whom there is none yet."""
    (tmp_path / "turns").touch()
    program = tmp_path / "useradd"
    program.write_text(USERADD.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(cluster, "USERS", tmp_path)
    monkeypatch.setattr(pwd, "getpwnam", found(tmp_path))
    return tmp_path


def found(users: Path) -> Callable[[str], Any]:
    def getpwnam(name: str) -> object:
        if not (users / "user").exists():
            raise KeyError(name)
        return object()

    return getpwnam


def test_two_that_start_at_once_do_not_take_the_user_from_each_other(users: Path) -> None:
    both = [threading.Thread(target=cluster._ensure_system_user) for _ in range(2)]  # noqa: SLF001
    for each in both:
        each.start()
    for each in both:
        each.join()

    assert (users / "calls").read_text() == "made\n"
