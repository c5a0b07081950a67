"""Processes of the bench's own: each does one kind of work and answers a JSON line with another."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.client import storm
from bench.load import Streams, drive, grouped
from bench.ratio import CouldNotMeasure
from bench.serving import projecting, serving, working

START_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 300.0
ROOT: Final = Path(__file__).resolve().parent.parent

Ask = Callable[[Any], Awaitable[Any]]


class Child:
    """The parent's side of a process that runs this module."""

    def __init__(self, process: asyncio.subprocess.Process, hello: Any) -> None:
        """Speak to `process`, which has said `hello`."""
        self._process = process
        self.hello = hello

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    async def ask(self, question: Any) -> Any:
        """Return the process's answer. Raises CouldNotMeasure where it ends or takes too long."""
        assert self._process.stdin is not None  # noqa: S101 - `child` has asked for pipes
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        return await _line(self._process, ANSWER_SECONDS)


@asynccontextmanager
async def child(kind: str, *arguments: str) -> AsyncIterator[Child]:
    """Run a process of a `kind` of KINDS; it ends with the block."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "bench.child", kind, *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)
    try:
        yield Child(process, await _line(process, START_SECONDS))
    finally:
        assert process.stdin is not None  # noqa: S101 - asked for above
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _line(process: asyncio.subprocess.Process, seconds: float) -> Any:
    assert process.stdout is not None  # noqa: S101 - `child` has asked for pipes
    line = await asyncio.wait_for(process.stdout.readline(), seconds)
    if not line:
        raise CouldNotMeasure("A process of the bench ended before it answered.")
    return json.loads(line)


@asynccontextmanager
async def appending(url: str, callers: str) -> AsyncIterator[tuple[Any, Ask]]:
    """Append from `callers` callers for as long as each question says."""
    streams = Streams(int(callers))
    async with grouped(url) as appender:

        async def answer(seconds: float) -> int:
            return (await drive([appender.append] * int(callers), streams, seconds)).commits

        yield None, answer


@asynccontextmanager
async def storming() -> AsyncIterator[tuple[Any, Ask]]:
    """Send HTTP requests as each question says."""

    async def answer(question: Any) -> Any:
        return await storm(**question)

    yield None, answer


KINDS: Final[dict[str, Callable[..., Any]]] = {
    "append": appending,
    "http": storming,
    "serve": serving,
    "project": projecting,
    "work": working,
}


async def main(kind: str, *arguments: str) -> None:
    """Do the work of `kind` until the parent closes the pipe."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        hello, answer = await stack.enter_async_context(KINDS[kind](*arguments))
        print(json.dumps(hello), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
