"""Docusaurus itself, to build sites with: installed once below the user's cache."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

LOCK: Final = Path(__file__).parent / "docusaurus"
"""What npm installs: each package by its release and its digest."""
INSTALL_SECONDS: Final = 150
BUILD_SECONDS: Final = 80
NPM: Final = (
    *("npm", "ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"),
    "--fetch-retries=1",  # the second would come after a minute
)
QUIET: Final = {"DOCUSAURUS_NO_PERSISTENT_CACHE": "true", "CI": "true", "NO_UPDATE_NOTIFIER": "1"}
NODE: Final = 20


def installed() -> Path:
    """Return a `node_modules` that has Docusaurus; skips where it cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or release(node) < NODE:
        pytest.skip(f"there is no node of release {NODE} or newer with npm (https://nodejs.org)")
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(LOCK.iterdir())))
    digest.update(str(release(node)).encode())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "daybook"
    place = home / f"docusaurus-{digest.hexdigest()[:16]}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / "docusaurus.lock"):
            if not place.exists():
                install(home, place)
    except OSError as error:
        pytest.skip(f"Docusaurus cannot be kept in {home}: {error}")
    return place / "node_modules"


def release(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    number = said.removeprefix("v").partition(".")[0]
    return int(number) if number.isdigit() else 0


def install(home: Path, place: Path) -> None:
    """Install beside `place`, and move it there once it is whole; skips where npm cannot."""
    with tempfile.TemporaryDirectory(prefix="installing-", dir=home) as name:
        new = Path(name) / "new"
        shutil.copytree(LOCK, new)
        try:
            done = subprocess.run(
                NPM, cwd=new, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not install Docusaurus in {INSTALL_SECONDS} seconds")
        if done.returncode:
            why = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
            pytest.skip(f"npm could not install Docusaurus: {' '.join(why)[:300]}")
        new.rename(place)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let no other process install meanwhile."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def built(files: Iterable[tuple[str, bytes]], root: Path) -> tuple[Path, str]:
    """Build a site in `root`; return the folder of its pages, and what was said. Fails if it does.

    Docusaurus resolves all from the site's own folder, where `node_modules` is a link.
    """
    modules = installed()
    for path, data in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    (root / "node_modules").symlink_to(modules)
    done = subprocess.run(
        [modules / ".bin" / "docusaurus", "build"],
        cwd=root,
        env={**os.environ, **QUIET},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    return root / "build", done.stdout
