"""The test server's handlers: what OpenAI's API says, and what the rules make of it."""

import asyncio
import base64
import json
import math
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from typing import Any, Final

from aiohttp import web

from tests.generation.openai_server_parts.answering import answer
from tests.generation.openai_server_parts.likeness import vector
from tests.generation.openai_server_parts.log import Entry, Log
from tests.generation.openai_server_parts.rule import Control, Rule
from tests.generation.openai_server_parts.spoiling import spoilt

CREATED: Final = 1_760_000_000

BROKEN_OFF: Final = frozenset({"error", "end"})


class Refused(Exception):  # noqa: N818 - an answer, not a defect
    """The request is answered with an error."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.code: str | None = None


class Cut(Exception):  # noqa: N818 - as it was told
    """The connection is to be closed in the middle."""


class Speaking:
    """Answers requests and keeps the log."""

    def __init__(self, control: Control, log: Log) -> None:
        self._control = control
        self._log = log

    async def models(self, request: web.Request) -> web.StreamResponse:
        return await self._answered(request, "models", self._models)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        return await self._answered(request, "chat", self._chat)

    async def embeddings(self, request: web.Request) -> web.StreamResponse:
        return await self._answered(request, "embeddings", self._embeddings)

    async def _answered(self, request: web.Request, path: str, handle: Any) -> web.StreamResponse:
        text = await request.text()
        body = json.loads(text) if text else {}
        model = body.get("model", "")
        canonical = json.dumps(body, sort_keys=True).encode()
        client_id = request.headers.get("X-Client-Request-Id", "")
        entry = self._log.begin(path, client_id, sha256(canonical).hexdigest(), model)
        rule = self._control.rule_for(path, model, text)
        entry.rule = rule.do if rule else ""
        try:
            self._check(request, rule)
            await self._before(rule)
            response: web.StreamResponse = await handle(request, body, entry, rule)
        except Refused as refused:
            self._log.end(entry, "refused", refused.status)
            return _error(refused)
        except Cut:
            self._log.end(entry, "aborted", 0)
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        except (asyncio.CancelledError, ConnectionError):
            self._log.end(entry, "aborted", 0)
            raise
        self._log.end(entry, "finished", 200)
        return response

    def _check(self, request: web.Request, rule: Rule | None) -> None:
        key = self._control.settings.key
        if key is not None and request.headers.get("Authorization") != f"Bearer {key}":
            raise Refused(401, "Incorrect API key provided.")
        if rule is not None and rule.do == "status":
            refused = Refused(rule.status, rule.message, _waits(rule))
            refused.code = rule.code
            raise refused

    async def _before(self, rule: Rule | None) -> None:
        await self._control.pause(self._control.settings.latency)
        if rule is not None and rule.at == "before":
            await self._trouble(rule)

    async def _trouble(self, rule: Rule) -> None:
        if rule.do == "stall":
            cleared = self._control.cleared
            await (cleared.wait() if rule.seconds is None else asyncio.sleep(rule.seconds))
        elif rule.do == "cut":
            raise Cut

    async def _models(
        self, _request: web.Request, _body: Any, _entry: Entry, _rule: Rule | None
    ) -> web.Response:
        names = self._control.settings.models
        listed = [
            {"id": name, "object": "model", "created": CREATED, "owned_by": "tests"}
            for name in names
        ]
        return web.json_response({"object": "list", "data": listed})

    async def _embeddings(
        self, _request: web.Request, body: dict[str, Any], entry: Entry, rule: Rule | None
    ) -> web.Response:
        if not self._control.settings.embeddings:
            raise Refused(404, "This server has no embeddings.")
        self._known(body["model"])
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        used = sum(counted(text) for text in texts)
        self._within_limit(used)
        entry.tokens_in, _ = _said(rule, used, 0)
        entry.model_returned = _returned(body["model"], rule)
        encoded = body.get("encoding_format") == "base64"
        listed = [
            {"object": "embedding", "index": index, "embedding": _encoded(vector(text), encoded)}
            for index, text in enumerate(texts)
        ]
        answered: dict[str, Any] = {"object": "list", "data": listed}
        answered["model"] = entry.model_returned
        if not (rule and rule.do == "usage" and rule.missing):
            answered["usage"] = {"prompt_tokens": entry.tokens_in, "total_tokens": entry.tokens_in}
        return web.json_response(answered)

    async def _chat(
        self, request: web.Request, body: dict[str, Any], entry: Entry, rule: Rule | None
    ) -> web.StreamResponse:
        self._known(body["model"])
        self._can(body)
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        text, finish = spoilt(answer(body, true=not (rule and rule.do == "quote")), rule)
        if limit is not None and counted(text) > limit:
            text, finish = text[: limit * 4], "length"
        used = counted(json.dumps(body["messages"], ensure_ascii=False)), counted(text)
        self._within_limit(sum(used))
        entry.tokens_in, entry.tokens_out = _said(rule, *used)
        entry.model_returned = _returned(body["model"], rule)
        if not body.get("stream"):
            return web.json_response(_whole(entry, rule, text, finish))
        return await self._streamed(request, body, entry, rule, text, finish)

    async def _streamed(
        self,
        request: web.Request,
        body: dict[str, Any],
        entry: Entry,
        rule: Rule | None,
        text: str,
        finish: str,
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        usage = bool((body.get("stream_options") or {}).get("include_usage"))
        size = self._control.settings.chunk_size
        for number, event in enumerate(_events(entry, rule, text, finish, size, usage=usage)):
            if rule is not None and rule.at == "within" and number == rule.after_chunks:
                await self._trouble(rule)
            if rule is not None and rule.do in BROKEN_OFF and number == rule.after_chunks:
                if rule.do == "error":
                    await response.write(_frame({"error": {"message": rule.message}}))
                self._log.end(entry, "aborted", 200)
                break
            await response.write(_frame(event))
            await self._control.pause(self._control.settings.chunk_pause)
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    def _known(self, model: str) -> None:
        if model not in self._control.settings.models:
            raise Refused(404, f"The model `{model}` does not exist or you do not have access.")

    def _can(self, body: dict[str, Any]) -> None:
        settings = self._control.settings
        form = (body.get("response_format") or {}).get("type")
        if form == "json_schema" and not settings.json_schema:
            raise Refused(400, "Invalid parameter: 'response_format' of type 'json_schema'.")
        if form == "json_object" and not settings.json_object:
            raise Refused(400, "Invalid parameter: 'response_format' of type 'json_object'.")
        if body.get("stream_options") and not settings.stream_usage:
            raise Refused(400, "Unrecognized request argument supplied: stream_options")

    def _within_limit(self, tokens: int) -> None:
        wait = self._log.limited(tokens)
        if wait is not None:
            seconds = str(max(1, math.ceil(wait)))
            raise Refused(
                429, "Rate limit reached for tokens per minute.", {"Retry-After": seconds}
            )


def _frame(event: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(event)}\n\n".encode()


def counted(text: str) -> int:
    """Return how many tokens a text has, to this server: one for four characters begun."""
    return -(-len(text) // 4)


def _waits(rule: Rule) -> dict[str, str]:
    headers = {}
    if rule.retry_after is not None:
        headers["Retry-After"] = rule.retry_after
    if rule.retry_after_date is not None:
        at = datetime.now(UTC) + timedelta(seconds=rule.retry_after_date)
        headers["Retry-After"] = format_datetime(at, usegmt=True)
    if rule.retry_after_ms is not None:
        headers["retry-after-ms"] = str(rule.retry_after_ms)
    return headers


def _error(refused: Refused) -> web.Response:
    kind = "rate_limit_error" if refused.status == 429 else "invalid_request_error"
    error = {"message": str(refused), "type": kind, "param": None, "code": refused.code}
    return web.json_response({"error": error}, status=refused.status, headers=refused.headers)


def _said(rule: Rule | None, tokens_in: int, tokens_out: int) -> tuple[int, int]:
    """Return the tokens as the usage says them, true or not."""
    if rule is None or rule.do != "usage" or rule.missing:
        return tokens_in, tokens_out
    return (
        tokens_in if rule.tokens_in is None else rule.tokens_in,
        tokens_out if rule.tokens_out is None else rule.tokens_out,
    )


def _returned(model: str, rule: Rule | None) -> str:
    return rule.name if rule is not None and rule.do == "model" else f"{model}-2026-11-01"


def _usage(entry: Entry, rule: Rule | None) -> dict[str, int] | None:
    if rule is not None and rule.do == "usage" and rule.missing:
        return None
    return {
        "prompt_tokens": entry.tokens_in,
        "completion_tokens": entry.tokens_out,
        "total_tokens": entry.tokens_in + entry.tokens_out,
    }


def _whole(entry: Entry, rule: Rule | None, text: str, finish: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    whole = {
        "id": entry.id,
        "object": "chat.completion",
        "created": CREATED,
        "model": entry.model_returned,
        "choices": [choice],
    }
    usage = _usage(entry, rule)
    return whole if usage is None else {**whole, "usage": usage}


def _events(
    entry: Entry, rule: Rule | None, text: str, finish: str, size: int, *, usage: bool
) -> Iterator[dict[str, Any]]:
    """Yield the chunks of a stream; the usage comes last, where it was asked for."""
    frame = {
        "id": entry.id,
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": entry.model_returned,
    }

    def chunk(delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        return {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    yield chunk({"role": "assistant", "content": ""}, None)
    for start in range(0, len(text), size):
        yield chunk({"content": text[start : start + size]}, None)
    yield chunk({}, finish)
    said = _usage(entry, rule)
    if usage and said is not None:
        yield {**frame, "choices": [], "usage": said}


def _encoded(values: list[float], encoded: bool) -> Any:  # noqa: FBT001
    if not encoded:
        return values
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
