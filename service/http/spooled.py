"""Requests that are answered while the database is away: appended, or kept on the disk till then.

Only what asks for something new can be: nothing need be read to decide it, and nothing that
somebody else does meanwhile can stand in its way.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

from service.http.admission import RECALLED
from service.http.call import Call
from service.log.commit import Receipt
from service.log.handle import Context, Write
from service.refusal import Unavailable


def new_ids(context: Context, new_id: Callable[[], UUID], count: int) -> tuple[UUID, ...]:
    """Return ids for the streams that a request begins.

    One with an idempotency key has ids of its own: whichever process takes it, and takes it again,
    they are the same, although none can ask the log while the database is away.
    """
    if context.key is None or not context.fingerprint:
        return tuple(new_id() for _ in range(count))
    request = uuid5(context.key, context.fingerprint.hex())
    return tuple(uuid5(request, str(number)) for number in range(count))


async def append(call: Call[Any, Any], *writes: Write) -> Receipt:
    """Append new streams; while the database is away, keep them on the disk: a `Later`.

    What was sent and not answered is kept too, under the key it was sent with, so that it is stored
    once. So is what comes from somebody who is to be asked about again, which the drain does.
    Raises KeyReused, Conflict, and Unavailable where it can be neither appended nor kept.
    """
    of, context = call.resources, call.context
    held = of.intake.held(context)
    if held is not None:
        return held
    refusal = Unavailable()
    if not call.request.get(RECALLED):
        try:
            return await of.log.append(context, *writes)
        except Unavailable as error:
            refusal = error
    if context.key is None or call.expected_version is not None:
        raise refusal
    return await of.intake.keep(of.now(), call.principal, context, writes)
