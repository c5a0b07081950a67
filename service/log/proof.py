"""The report of an erasure: what was looked at and what was found, signed, without a personal word.

Signed by HMAC-SHA256 with a key that is derived from the service's secret (RFC 5869), over the
report's JSON with sorted names and an empty signature. What was looked for is in it as an HMAC with
another such key: whoever has the secret can tell whether a value was among it, nobody else can.
"""

import hmac
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from service.settings import Secret

FORMAT: Final = 1
SIGNING: Final = b"daybook: reports of erasures"
NAMING: Final = b"daybook: what was looked for"

Result = Literal["nothing left", "traces left", "not proved"]


class NotGenuine(ValueError):  # noqa: N818 - a sentence about a file
    """The report is not one that this service has signed."""


class Looked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table, how many rows were looked at, and how many hold a trace of the person.

    `rows` is None where the service may not read the table. `others` have what is somebody else's
    too, and name that person.
    """

    schema: str
    table: str
    rows: int | None
    traces: int = 0
    others: int = 0


class Report(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of an erasure.

    `position` is that of account.erased, `head` where the log stood when the scan began. `failed`
    are generations that could not be blanked. `values` are keyed hashes of what was looked for;
    `left_out` counts what was too much to look for. `key` tells the key it is signed with.
    """

    daybook: Literal["erasure"] = "erasure"
    format: int = FORMAT
    subject: UUID
    tenant_id: UUID
    log_id: UUID
    erased_at: datetime
    position: int
    payloads: int
    blanked: int
    failed: Sequence[str]
    head: int
    scanned_at: datetime
    values: Sequence[str]
    left_out: int
    tables: Sequence[Looked]
    result: Result
    key: str = ""
    signature: str = ""

    @property
    def rows(self) -> int:
        """How many rows were looked at."""
        return sum(each.rows or 0 for each in self.tables)

    @property
    def traces(self) -> Sequence[Looked]:
        """The tables with a trace."""
        return [each for each in self.tables if each.traces]


class Shown(Struct, frozen=True):
    """An erasure as the API shows it."""

    report: Report


def derived(secret: Secret, purpose: bytes) -> bytes:
    """Return a key of 32 bytes for one purpose (RFC 5869, with an empty salt)."""
    extracted = hmac.digest(b"", secret.reveal().encode(), "sha256")
    return hmac.digest(extracted, purpose + b"\x01", "sha256")


def named(secret: Secret, texts: Iterable[str]) -> list[str]:
    """Return what stands for values in a report: 16 bytes of a keyed hash each, in hex digits."""
    key = derived(secret, NAMING)
    return sorted(hmac.digest(key, each.encode(), "sha256")[:16].hex() for each in texts)


def judged(tables: Iterable[Looked], values: Sequence[str], left_out: int) -> Result:
    """Say what a scan has shown; with nothing to look for, or not everywhere, it shows little."""
    looked = list(tables)
    if any(each.traces for each in looked):
        return "traces left"
    if not values or left_out or any(each.rows is None for each in looked):
        return "not proved"
    return "nothing left"


def signed(report: Report, secret: Secret) -> Report:
    """Return the report with its signature."""
    key = derived(secret, SIGNING)
    unsigned = replace(report, key=_name(key), signature="")
    return replace(unsigned, signature=_signature(unsigned, key))


def check(report: Report, secret: Secret) -> None:
    """Raise `NotGenuine` unless the report is as this service has signed it."""
    key = derived(secret, SIGNING)
    if not hmac.compare_digest(report.key, _name(key)):
        raise NotGenuine("It was signed with another key: check it where that service's secret is.")
    if not hmac.compare_digest(report.signature, _signature(replace(report, signature=""), key)):
        raise NotGenuine("It was altered after it was signed.")


def read(text: bytes) -> list[Report]:
    """Return the reports in a file: one, also as the API shows it, or one a line.

    Raises `NotGenuine` for any other file.
    """
    with suppress(msgspec.DecodeError):
        return [msgspec.json.decode(text, type=Shown).report]
    try:
        lines = [line for line in text.splitlines() if line.strip()]
        return [msgspec.json.decode(line, type=Report) for line in lines]
    except msgspec.DecodeError as error:
        raise NotGenuine(f"It holds no report of an erasure: {error}.") from error


def _name(key: bytes) -> str:
    return hmac.digest(key, b"name", "sha256")[:4].hex()


def _signature(unsigned: Report, key: bytes) -> str:
    return hmac.digest(key, msgspec.json.encode(unsigned, order="sorted"), "sha256").hex()
