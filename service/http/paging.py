"""Pages by cursor: steady while rows come and go, valid only for the filters they began with."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from service.http.call import Answer, Call, Read
from service.refusal import Malformed

T = TypeVar("T")
K = TypeVar("K")

SIGNATURE: Final = 16
"""Bytes of the keyed hash that a cursor begins with."""
NOT_FILTERS: Final = frozenset({"cursor", "limit", "min_position"})


class Paged(Read, frozen=True):
    """The query of a list: where to go on from, and how much to take."""

    cursor: Annotated[str, Meta(max_length=4000)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50


class Page(Struct, Generic[T], frozen=True):
    """Part of a list; `next` is the address of the following part, null at the end."""

    items: Sequence[T]
    next: str | None = None


def after(call: Call[Any, Paged], kind: type[K]) -> K | None:
    """Return the sort key that the caller's cursor goes on from, None for the first page.

    Raises `Malformed` for a cursor that is not ours, or that was made for other filters.
    """
    if call.query.cursor is None:
        return None
    signature, payload = _open(call.query.cursor)
    if not hmac.compare_digest(signature, _sign(call, payload)):
        raise Malformed("This cursor belongs to another query; start again without it.")
    return msgspec.json.decode(payload, type=kind)


def page(call: Call[Any, Paged], rows: Sequence[T], key: Callable[[T], object]) -> Answer[Page[T]]:
    """Answer with the page in `rows`, which were asked for with one more than the limit.

    `key` returns a row's sort key: what `after` will return for the next page.
    """
    items = rows[: call.query.limit]
    if len(rows) <= call.query.limit:
        return Answer(Page(items))
    address = following(call, key(items[-1]))
    return Answer(Page(items, address), {"Link": f'<{address}>; rel="next"'})


def following(call: Call[Any, Paged], key: object) -> str:
    """Return the address of the page that goes on after `key`, which `after` will return there."""
    cursor = _seal(call, msgspec.json.encode(key))
    return str(call.request.rel_url.update_query(cursor=cursor))


def _seal(call: Call[Any, Paged], payload: bytes) -> str:
    return urlsafe_b64encode(_sign(call, payload) + payload).rstrip(b"=").decode()


def _open(cursor: str) -> tuple[bytes, bytes]:
    try:
        sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        raise Malformed("This cursor is not one that this service gave out.") from None
    return sealed[:SIGNATURE], sealed[SIGNATURE:]


def _sign(call: Call[Any, Paged], payload: bytes) -> bytes:
    """Return the keyed hash that ties `payload` to the caller's tenant, path and filters."""
    filters = {
        name: value
        for name, value in msgspec.to_builtins(call.query).items()
        if name not in NOT_FILTERS
    }
    scope = [str(call.tenant_id), call.request.path, filters]
    text = msgspec.json.encode(scope, order="sorted") + b"\n" + payload
    key = call.resources.settings.secret_key.reveal().encode()
    return hmac.digest(key, text, hashlib.sha256)[:SIGNATURE]
