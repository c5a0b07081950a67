"""Price lists in files: CSV, JSON, and the JSON that LiteLLM keeps of all providers' prices."""

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import msgspec

from service.price.decider import DECIMALS, MILLION, BadPrice, Publish, decide
from service.refusal import Invalid

COLUMNS: Final = ("model", "input_price", "output_price")
PER_TOKEN: Final = ("input_cost_per_token", "output_cost_per_token")


class BadList(Invalid):
    """This is no list of prices: it needs columns model, input_price and output_price."""


def read(path: Path) -> list[Publish]:
    """Return the prices in a file, per million tokens, whatever of the three forms it has.

    Of LiteLLM's list only models are taken whose prices are by the token. Raises `BadList`, which
    names the row, and OSError.
    """
    text = path.read_text(encoding="utf-8-sig")
    rows = (
        _json(text) if text.lstrip().startswith(("{", "[")) else csv.DictReader(text.splitlines())
    )
    prices = [_price(number, row) for number, row in enumerate(rows, 1)]
    if not prices:
        raise BadList
    return prices


def _json(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a JSON list, or of an object that LiteLLM's is like."""
    try:
        found = msgspec.json.decode(text, type=list[dict[str, Any]] | dict[str, dict[str, Any]])
    except msgspec.MsgspecError as error:
        raise BadList(f"This is no list of prices: {error}.") from None
    return iter(found) if isinstance(found, list) else _by_token(found)


def _by_token(found: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for model, of in found.items():
        costs = [of.get(name) for name in PER_TOKEN]
        if model != "sample_spec" and all(isinstance(cost, int | float) for cost in costs):
            input_price, output_price = (_by_million(cost) for cost in costs)
            yield {"model": model, "input_price": input_price, "output_price": output_price}


def _by_million(cost: Any) -> Decimal:
    """Return a price by the token as one by the million, as exact as prices are."""
    return round(Decimal(repr(cost)).scaleb(MILLION), DECIMALS)


def _price(number: int, row: Mapping[str, Any]) -> Publish:
    try:
        model, *prices = (row[column] for column in COLUMNS)
        wanted = Publish(str(model).strip(), *(Decimal(str(price).strip()) for price in prices))
        if not wanted.model:
            raise BadList(f"Row {number} names no model.")
        decide(wanted, None)
    except (KeyError, InvalidOperation):
        raise BadList(f"Row {number} needs a model, an input_price and an output_price.") from None
    except BadPrice as bad:
        raise BadList(f"Row {number}: {bad}") from None
    return wanted
