"""The official SDK, which is an extra: this is the only module that imports it."""

import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import httpx2
import openai

from service.generation.openai.failure import Broken, Refused, Silent

CONNECT: Final = 5.0
"""Seconds to reach a server; longer means that there is none."""

logging.getLogger("httpx2").setLevel(logging.WARNING)  # it tells of every request


class Wire:
    """Sends requests and yields what comes; never sends one again by itself: each costs money."""

    def __init__(self, key: str, base_url: str, idle: float) -> None:
        """Give up after `idle` seconds without a byte. Connects at the first request."""
        timeout = openai.Timeout(idle, connect=min(CONNECT, idle))
        self._client = openai.AsyncOpenAI(
            api_key=key, base_url=base_url, max_retries=0, timeout=timeout
        )

    async def chat(self, body: dict[str, Any], identity: str) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a streamed answer; closing the iterator closes the connection.

        `identity` is a name for the request that the server logs. Raises what `translated` does.
        """
        create = self._client.chat.completions.with_streaming_response.create
        with translated():
            async with create(**body, extra_headers={"X-Client-Request-Id": identity}) as response:
                async for data in response.iter_bytes():
                    yield data

    async def embeddings(self, model: str, texts: Sequence[str]) -> bytes:
        """Return the answer to a request for vectors. Raises what `translated` does."""
        create = self._client.embeddings.with_streaming_response.create
        with translated():
            async with create(model=model, input=list(texts), encoding_format="float") as response:
                return await response.read()

    async def models(self) -> tuple[str, ...]:
        """Return the names of the server's models. Raises what `translated` does."""
        with translated():
            return tuple([one.id async for one in await self._client.models.list()])

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


@contextmanager
def translated() -> Iterator[None]:
    """Raise `Refused`, `Silent` or `Broken` for what the SDK and its client raise."""
    try:
        yield
    except openai.APIStatusError as error:
        headers = {name.lower(): value for name, value in error.response.headers.items()}
        raise Refused(error.status_code, headers, error.body) from None
    except (openai.APIConnectionError, httpx2.HTTPError, httpx2.StreamError) as error:
        cause = error.__cause__ if isinstance(error, openai.APIError) else error
        if isinstance(cause, httpx2.ReadTimeout | httpx2.WriteTimeout):
            raise Silent from None
        if isinstance(cause, httpx2.ConnectTimeout | httpx2.PoolTimeout):
            raise Broken("it was not made in time", sent=False) from None
        sent = not isinstance(cause, httpx2.ConnectError)
        raise Broken(_innermost(error), sent=sent) from None
    except openai.OpenAIError as error:
        raise Broken(str(error), sent=True) from None


def _innermost(error: BaseException) -> str:
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__
