"""``run.py prices``: what the tokens of language models cost."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import asdict

from service.commands import show
from service.commands.desk.act import Actor, Json, act
from service.commands.reach import on_database, on_log
from service.database import Database
from service.http.token import HOUSE
from service.log.handle import Context
from service.price import listing, views
from service.price.decider import PRICE, Publish
from service.price.prices import price_id
from service.price.publishing import publish_all
from service.price.views import PriceView
from service.sql import SQL

app = typer.Typer(
    no_args_is_help=True,
    help="Prices of language models, in US dollars per million tokens.",
)

MOST = 100_000
"""Prices in one list."""

Input = Annotated[str, typer.Argument(help="For a million tokens of what is asked, such as 0.15.")]
Output = Annotated[str, typer.Argument(help="For a million tokens of what is answered.")]


@app.command()
def publish(
    model: Annotated[str, typer.Argument(help="The model, as OPENAI_MODEL names it.")],
    input_price: Input,
    output_price: Output,
    *,
    actor: Actor = None,
) -> None:
    """Publish the price of a model; it holds at once."""
    wanted = Publish(model, dollars(input_price), dollars(output_price))
    context = by(actor)
    receipt = on_log(lambda log: log.handle(PRICE, price_id(model), wanted, context))
    said = "costs" if receipt.changed else "already costs"
    print(f"{model} {said} ${input_price} and ${output_price} per million tokens, in and out.")


@app.command("import")
def import_list(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV or JSON with model, input_price and output_price; or LiteLLM's JSON.",
            exists=True,
            dir_okay=False,
        ),
    ],
    *,
    actor: Actor = None,
) -> None:
    """Publish all prices of a file that do not hold yet: all of them, or none."""
    prices, context = listing.read(file), by(actor)
    published = on_log(lambda log: publish_all(log, prices, context))
    print(f"{published} of {len(prices)} prices are published; the others held already.")


@app.command("list")
def list_all(*, as_json: Json = False) -> None:
    """List the prices as they are now, by model."""
    found = on_database(_listed)
    show.rows([asdict(each) for each in found], as_json=as_json, empty="No model has a price.")


def dollars(text: str) -> Decimal:
    """Return a sum of money. Raises ValueError."""
    try:
        return Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        raise ValueError(f"{text[:40]} is no sum of money, such as 0.15.") from None


def by(actor: str | None) -> Context:
    """Return in whose name prices are published."""
    why = act(actor, None, doing="it is published", optional=True)
    return Context(HOUSE, why.actor, why.correlation_id)


async def _listed(database: Database) -> list[PriceView]:
    """Return the prices. Raises ValueError before the read models have been built."""
    rows = await database.ops.fetch(SQL["projection/freshness"])
    if "price" not in {row["name"] for row in rows}:
        raise ValueError("The read models have not been built yet: start the service, once.")
    return await views.page(database, after=None, limit=MOST)
