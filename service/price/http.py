"""Prices over HTTP: for everybody to see, and for those who run the service to publish."""

from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import replace

from service.http import paging
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, committed
from service.http.paging import Page, Paged
from service.http.token import HOUSE
from service.price import views
from service.price.decider import PRICE, BadPrice, Publish
from service.price.prices import price_id
from service.price.views import PriceView

PUBLISHED: Final = (BadPrice,)
"""What may stand in the way."""

Dollars = Annotated[Decimal, Meta(description="US dollars per million tokens.", examples=["0.15"])]


class NewPrice(Struct, frozen=True, forbid_unknown_fields=True):
    """What a model costs from now on: `input_price` for what is asked, the other for the answer."""

    model: Annotated[str, Meta(min_length=1, max_length=200, examples=["gpt-4o-mini"])]
    input_price: Dollars
    output_price: Dollars


async def browse(call: Call[Nothing, Paged]) -> Answer[Page[PriceView]]:
    """List the prices of language models as they are now, by model."""
    rows = await views.page(
        call.resources.database, after=paging.after(call, str), limit=call.query.limit + 1
    )
    return paging.page(call, rows, lambda row: row.model)


async def publish(call: Call[NewPrice, Nothing]) -> Answer[Committed]:
    """Publish the price of a model; it holds at once, for calls that end from now on."""
    of = call.body
    receipt = await call.resources.log.handle(
        PRICE,
        price_id(of.model),
        Publish(of.model, of.input_price, of.output_price),
        replace(call.context, tenant_id=HOUSE),
        expected_version=call.expected_version,
    )
    return committed(receipt)
