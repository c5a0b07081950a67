"""``run.py keys``: the keys that sign tokens."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from service.commands import show
from service.commands.span import span
from service.http import keyring
from service.http.keyfile import file_of, fresh_key, ring
from service.http.keyring import Key
from service.http.token import Principal, mint
from service.settings import load

app = typer.Typer(no_args_is_help=True, help="Keys: what signs tokens, changed without a restart.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Overlap = Annotated[
    str | None, typer.Option(help="How long old tokens stay good; unset: until all have ended.")
]
Now = Annotated[
    bool, typer.Option("--now", help="In an emergency: void every token there is, at once.")
]


@app.command()
def rotate(overlap: Overlap = None, at_once: Now = False) -> None:  # noqa: FBT002 - typer's way
    """Make a new key that signs from now on; running processes take it up by themselves."""
    if at_once and overlap is not None:
        raise ValueError("--now leaves no overlap; give one of the two.")
    asked = span(overlap) if overlap else None
    file = file_of(load(), required=False)
    with file.locked():
        now = datetime.now(UTC)
        fresh = fresh_key(now)
        keys = (fresh,) if at_once else keyring.rotated(file.read(), fresh, now, asked)
        file.write(keys)
    if at_once:
        print(f"Key {fresh.id} signs. Every token made before is void within {_look()}.")
        return
    print(f"Key {fresh.id} signs from {_clock(keys[-1].not_before)} on.")
    for key in keys[:-1]:
        print(f"Key {key.id} verifies until {_clock(key.retire_at)}, then it may be forgotten.")


@app.command("list")
def list_all(as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of an option
    """List the keys, oldest first: which signs, which still verify, and until when."""
    now = datetime.now(UTC)
    keys = file_of(load()).read()
    signing = keyring.KeyRing(keys).signing(now)
    rows = [_row(key, _state(key, signing, now)) for key in keys]
    show.rows(rows, as_json=as_json, empty="There are no keys.")


def minted(principal: Principal, ttl: timedelta) -> str:
    """Return a token for `principal`; one that lives long is noted, so that its key stays for it.

    Raises ValueError where the ring cannot be read, or not be noted in.
    """
    settings = load()
    if ttl <= keyring.UNTOLD:
        return mint(ring(settings), principal, ttl, datetime.now(UTC))
    file = file_of(settings)
    with file.locked():
        now = datetime.now(UTC)
        keys = file.read()
        held = keyring.KeyRing(keys)
        token = mint(held, principal, ttl, now)
        file.write(keyring.noted(keys, held.signing(now).id, now + ttl))
    return token


def _row(key: Key, state: str) -> dict[str, Any]:
    return {
        "key": key.id,
        "state": state,
        "signs_from": key.not_before,
        "verifies_until": key.retire_at,
        "tokens_until": key.tokens_until,
    }


def _state(key: Key, signing: Key, now: datetime) -> str:
    if not key.verifies(now):
        return "retired"
    if key is signing:
        return "signs"
    return "verifies" if key.signs(now) else "waits"


def _clock(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else "further notice"


def _look() -> str:
    return f"{keyring.LOOK_SECONDS:.0f} seconds"
