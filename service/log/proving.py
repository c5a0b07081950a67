"""The proofs of erasures that a process owes: one scan after another, in the background."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from service.log.erase import Proof
from service.log.proof import Report

PATIENCE: Final = 5.0
"""Seconds that a process which is told to stop gives to the scans it has begun."""
TRIES: Final = 5
PAUSE: Final = 2.0
"""Seconds after which a scan that failed is begun anew, and as much more each time."""

Work = Callable[[], Awaitable[Proof]]

log: Final = logging.getLogger(__name__)


class Proofs:
    """Tasks by account; what is to be looked for is known to them alone, and kept nowhere else."""

    def __init__(self) -> None:
        """Owe none."""
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    def owed(self, account: UUID) -> bool:
        """Tell whether this process is still to prove the erasure of an account."""
        return account in self._tasks

    def begin(self, account: UUID, work: Work) -> None:
        """Do `work` once the proofs before it are done; its report is recorded by itself."""
        task = asyncio.create_task(self._proved(account, work), name=f"proof for {account}")
        self._tasks[account] = task
        task.add_done_callback(lambda _: self._tasks.pop(account, None))

    async def settled(self) -> None:
        """Wait until nothing is owed."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def close(self) -> None:
        """Let what is owed be done, for a while; say what is not, and how to do it."""
        owed = dict(self._tasks)
        if not owed:
            return
        await asyncio.wait(list(owed.values()), timeout=PATIENCE)
        left = {account: task for account, task in owed.items() if not task.done()}
        for account, task in left.items():
            task.cancel()
            log.warning("%s is erased, but not yet proved to be: %s", account, remedy(account))
        if left:
            await asyncio.wait(list(left.values()))

    async def _proved(self, account: UUID, work: Work) -> None:
        async with self._turn:
            for attempt in range(1, TRIES + 1):
                try:
                    proof = await work()
                except Exception:
                    log.exception("the scan for %s failed", account)
                else:
                    tell(proof.report)
                    return
                await asyncio.sleep(PAUSE * attempt)
        log.error("%s is erased, but that could not be proved: %s", account, remedy(account))


def tell(report: Report) -> None:
    """Log what a scan has shown."""
    level = logging.INFO if report.result == "nothing left" else logging.ERROR
    where = ", ".join(f"{each.schema}.{each.table}" for each in report.traces)
    said = f"{report.result}{f' in {where}' if where else ''}; {report.rows} rows were looked at"
    log.log(level, "the erasure of %s: %s", report.subject, said)


def remedy(account: UUID) -> str:
    """Return what an operator does where a proof is missing."""
    return f"run.py log erase {account} --also VALUE, with what there was of the person"
