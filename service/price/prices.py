"""What calls of language models cost, and what one may cost at most, by the prices of now."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from math import ceil
from typing import Final
from uuid import UUID

import msgspec

from service.generation.model import Asked
from service.http.token import HOUSE
from service.log.claim import claimed
from service.log.handle import Log
from service.price.decider import Price, cost
from service.refusal import Unavailable
from service.sql import SQL

CHARACTERS: Final = 4
"""How many characters make a token, about, where words are written with letters."""
DENSE: Final = 1.5
"""How many do in Chinese, Japanese and Korean."""
FRAME: Final = 8
"""Tokens that a message takes beside its text."""
READ_SECONDS: Final = 2.0
"""How long a price is waited for; then the one that this process knew last holds."""


class Prices:
    """The prices of models, as they stand when they are asked for."""

    def __init__(self, log: Log) -> None:
        """Read them from the log, and remember them for when it cannot be reached."""
        self._database = log.database
        self._known: dict[str, Price] = {}

    async def cost(
        self, model_asked: str, model_returned: str, tokens_in: int, tokens_out: int
    ) -> Decimal | None:
        """Return what a call costs, in US dollars, None where neither model has a price.

        The price is that of the model that answered; of the one that was asked where the other has
        none, since providers name what answers more exactly. Never raises: while the log cannot be
        reached, the prices hold that this process knew last.
        """
        names = [name for name in (model_returned, model_asked) if name]
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(READ_SECONDS):
                await self._learn(names)
        found = next((self._known[name] for name in names if name in self._known), None)
        return None if found is None else cost(found, tokens_in, tokens_out)

    async def most(self, asked: Asked) -> Decimal | None:
        """Return what a call may cost at most, in US dollars, None where the model has no price.

        The tokens of the request are estimated; of the answer they are as many as are allowed.
        Raises Unavailable.
        """
        await self._learn([asked.model])
        price = self._known.get(asked.model)
        return None if price is None else cost(price, tokens(asked), asked.max_tokens)

    async def _learn(self, models: Iterable[str]) -> None:
        by_stream = {price_id(model): model for model in models}
        rows = await self._database.fetch(SQL["price/current"], list(by_stream))
        for row in rows:
            price = msgspec.json.decode(row["data"], type=Price)
            self._known[by_stream[row["stream_id"]]] = price


def price_id(model: str) -> UUID:
    """Return the stream of a model's price, which is the house's."""
    return claimed(HOUSE, "price", model)


def tokens(asked: Asked) -> int:
    """Return about how many tokens a request takes."""
    texts = [message.content for message in asked.messages]
    if asked.schema is not None:
        texts.append(msgspec.json.encode(asked.schema).decode())
    return ceil(sum(_weight(text) for text in texts)) + FRAME * len(asked.messages)


def _weight(text: str) -> float:
    dense = sum(map(_is_dense, text))
    return (len(text) - dense) / CHARACTERS + dense / DENSE


def _is_dense(character: str) -> bool:
    """Tell whether a character is of a script that has thousands: U+2E80 and what follows it."""
    return character >= "\u2e80" and not "\ufb00" <= character <= "\ufdff"
