"""Publishing a whole list of prices: all of them at once, or none."""

from collections.abc import Iterable

from service.log.handle import Context, Log, Write
from service.price.decider import PRICE, Publish
from service.price.prices import price_id


async def publish_all(log: Log, prices: Iterable[Publish], context: Context) -> int:
    """Publish the prices that do not hold yet, in one commit; return how many these were.

    Of several prices of one model the last counts. Raises BadPrice, Conflict and Unavailable.
    """
    writes = []
    for wanted in {price.model: price for price in prices}.values():
        stream_id = price_id(wanted.model)
        known = await log.load(PRICE, stream_id, context.tenant_id)
        if events := PRICE.decide(wanted, known.state):
            writes.append(Write(PRICE, stream_id, known.version, events))
    if writes:
        await log.append(context, *writes)
    return len(writes)
