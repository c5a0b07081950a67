"""What an endpoint can do: supposed to be all at first, and unlearnt where it says no."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from service.generation.model import Asked

SHOW: Final = (
    "Answer with one JSON object and nothing else: no fences, no words around it. It must fit this"
    " JSON Schema:\n"
)


class Capability(Struct):
    """Learnt from refusals, which cost nothing, and from answers.

    `json_schema` and `json_object` are forms of `response_format` that the server takes;
    `obeys_schema` is False once it took a schema and answered with what was no JSON.
    `stream_usage`: it says what a stream took when asked to. `max_tokens` is its name for that
    limit. `models` are None until it has listed them, `embeddings` until it was asked for one.
    """

    json_schema: bool = True
    json_object: bool = True
    obeys_schema: bool = True
    stream_usage: bool = True
    max_tokens: str = "max_tokens"
    models: tuple[str, ...] | None = None
    embeddings: bool | None = None

    def body(self, asked: Asked) -> dict[str, Any]:
        """Return what to send for a request, in the best form that this server takes."""
        body: dict[str, Any] = {
            "model": asked.model,
            "messages": self._messages(asked),
            self.max_tokens: asked.max_tokens,
            "stream": True,
        }
        for name in ("temperature", "seed"):
            if (value := getattr(asked, name)) is not None:
                body[name] = value
        if (form := self._form(asked)) is not None:
            body["response_format"] = form
        if self.stream_usage:
            body["stream_options"] = {"include_usage": True}
        return body

    def learn(self, refusal: str, body: dict[str, Any]) -> bool:
        """Unlearn what a 400 with this message refused; tell whether to ask again without it."""
        said = refusal.lower()
        form = body.get("response_format", {}).get("type")
        if "max_completion_tokens" in said and "max_tokens" in body:
            self.max_tokens = "max_completion_tokens"
        elif "stream_options" in said and "stream_options" in body:
            self.stream_usage = False
        elif form is not None and any(word in said for word in ("response_format", "json", form)):
            self.json_schema = False
            self.json_object = form == "json_schema"
        else:
            return False
        return True

    def doubt(self, asked: Asked, text: str) -> None:
        """Note that a schema was asked for, and what came is no JSON: it is shown from now on."""
        if asked.schema is not None and not text.lstrip().startswith("{"):
            self.obeys_schema = False

    def _form(self, asked: Asked) -> dict[str, Any] | None:
        if asked.schema is None:
            return None
        if self.json_schema:
            named = {"name": asked.schema_name, "schema": asked.schema, "strict": True}
            return {"type": "json_schema", "json_schema": named}
        return {"type": "json_object"} if self.json_object else None

    def _messages(self, asked: Asked) -> list[dict[str, str]]:
        """Return the messages; the schema stands in the first where the server will not see to it.

        Some servers take one system message only, and only as the first.
        """
        messages = [{"role": one.role, "content": one.content} for one in asked.messages]
        if asked.schema is None or (self.json_schema and self.obeys_schema):
            return messages
        shown = SHOW + msgspec.json.encode(asked.schema, order="sorted").decode()
        if messages and messages[0]["role"] == "system":
            messages[0]["content"] += f"\n\n{shown}"
            return messages
        return [{"role": "system", "content": shown}, *messages]
