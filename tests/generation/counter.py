"""Calls kept in memory: what the ladder needs of them, with a model that says what it was told."""

from collections.abc import Callable
from hashlib import sha256
from uuid import UUID

from service.generation.calls import Judge, Prompt
from service.generation.model import Asked, Reply
from service.ledger.answer import Answer
from service.ledger.decider import Outcome


class Counter:
    """Answers as `says` does; `paid`, `outcomes` and `served` tell what was done."""

    def __init__(self, says: Callable[[Asked], Reply]) -> None:
        self.says = says
        self.answers: dict[str, list[Answer]] = {}
        self.paid: list[Asked] = []
        self.prompts: list[str] = []
        self.outcomes: list[Outcome] = []
        self.served: list[UUID] = []

    async def kept(self, asked: Asked) -> Answer | None:
        return self.answers.get(asked.hash, [None])[-1]

    async def reused(self, answer: Answer, _prompt: Prompt, _purpose: str) -> None:
        self.served.append(answer.call_id)

    async def call(self, asked: Asked, prompt: Prompt, _purpose: str, judge: Judge) -> Answer:
        self.paid.append(asked)
        self.prompts.append(prompt.id)
        reply = self.says(asked)
        self.outcomes.append(judge(reply))
        answer = Answer(
            UUID(int=len(self.outcomes)),
            asked.hash,
            sha256(reply.text.encode()).hexdigest(),
            "openai",
            asked.model,
            reply.model,
            reply.response_id,
            reply.finish,
            reply.tokens_in,
            reply.tokens_out,
            reply.text,
        )
        self.answers.setdefault(asked.hash, []).append(answer)
        return answer
