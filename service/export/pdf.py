"""A textbook's page as a PDF, printed by a Chromium of this machine, where there is one.

Chromium is started anew for each, with a profile and a home of its own that go with it. It sees
none of our settings, and the page's own policy lets it fetch nothing.
"""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from service.export.bound import bound
from service.refusal import Unavailable

MEDIA: Final = "application/pdf"
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE: Final = 120.0
"""Seconds that a book may take; one of 170 pages takes about ten."""
TURNS: Final = asyncio.Semaphore(2)
"""How many are printed at once: a Chromium takes some hundred megabytes, and a core."""
PAGE, PRINTED, SAID = "book.html", "book.pdf", "said.txt"
FLAGS: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--export-tagged-pdf",
    "--generate-pdf-document-outline",
)
PASSED: Final = ("PATH", "LANG", "LC_ALL", "FONTCONFIG_FILE", "FONTCONFIG_PATH")
"""What Chromium is told of our environment."""


class NoChromium(Unavailable):
    """There is no Chromium on this machine to print a PDF with."""


class Unprintable(Unavailable):
    """Chromium could not print the page."""


async def pdf(html: bytes, chromium: str | None, *, patience: float = PATIENCE) -> bytes:
    """Return a page of ours as a tagged PDF with an outline, by `chromium` or one on PATH.

    The same page gives the same bytes by the same Chromium and fonts. Raises `NoChromium`, and
    `Unprintable` where it fails, or its turn and it take longer than `patience` seconds.
    """
    program = found(chromium)
    try:
        async with asyncio.timeout(patience), TURNS:
            with tempfile.TemporaryDirectory(prefix="daybook-", ignore_cleanup_errors=True) as name:
                data = await printed(program, Path(name), html)
            return await asyncio.to_thread(bound, data, html)
    except TimeoutError:
        raise Unprintable(
            f"{program} took longer than {patience:g} seconds. Try again when less is going on."
        ) from None


def found(chromium: str | None) -> str:
    """Return the program that is called `chromium`, or the first on PATH. Raises `NoChromium`."""
    for name in NAMES if chromium is None else (chromium,):
        if program := shutil.which(name):
            return str(Path(program).absolute())
    missing = "No Chromium is on PATH" if chromium is None else f"There is no program {chromium}"
    raise NoChromium(
        f"{missing}, and PDFs are printed by it. Install one (Debian's package is called chromium)"
        " or name it by CHROMIUM; or take the textbook as html, and print that from a browser."
    )


def cause(said: str) -> str:
    """Return the line of what Chromium said that tells why it failed; it says much besides."""
    lines = said.strip().splitlines() or ["nothing"]
    return next((line for line in lines if "FATAL" in line), lines[-1])


async def printed(program: str, folder: Path, html: bytes) -> bytes:
    """Return the PDF of a page, printed in an empty `folder`. Raises `Unprintable`."""
    (folder / PAGE).write_bytes(html)
    process = await started(program, folder)
    try:
        await process.wait()
        return (folder / PRINTED).read_bytes()
    except FileNotFoundError:
        said = cause((folder / SAID).read_text(errors="replace"))
        raise Unprintable(f"{program} printed no PDF. It said: {said}") from None
    finally:
        await ended(process)


async def started(program: str, folder: Path) -> asyncio.subprocess.Process:
    """Start printing the page in `folder`; who is cancelled meanwhile leaves nothing running.

    asyncio itself never returns from a start that is cancelled in the wrong moment.
    """
    with (folder / SAID).open("wb") as said:
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *(program, *FLAGS, *unconfined()),
                f"--user-data-dir={folder / 'profile'}",
                f"--print-to-pdf={folder / PRINTED}",
                (folder / PAGE).as_uri(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=said,
                env=surroundings(folder),
                cwd=folder,
                start_new_session=True,
            )
        )
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            await ended(await starting)
            raise


async def ended(process: asyncio.subprocess.Process) -> None:
    """End a process, and all that it has started, which may outlive it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def unconfined() -> tuple[str, ...]:
    """Return the flag without which Chromium does not run as root, as in a container."""
    return ("--no-sandbox",) if os.geteuid() == 0 else ()


def surroundings(folder: Path) -> Mapping[str, str]:
    """Return the environment of Chromium, whose home and temporary files are in `folder`.

    It is started there: the whole path can be too long for a socket, which takes about 100 bytes.
    """
    own = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "TMPDIR": "."}
    return {**{name: os.environ[name] for name in PASSED if name in os.environ}, **own}
