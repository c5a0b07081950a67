"""A fault: what is wrong with something made, and where."""

from collections.abc import Sequence

from msgspec import Struct


class Fault(Struct, frozen=True):
    """What is wrong at `path`, a JSON path such as ``$.checks[1].answer``; `message` ends bare."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class Misfit(Exception):  # noqa: N818 - an answer to be mended, no defect
    """An answer is not what was asked for."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
