"""What is asked for besides: words that go into a request as a wish, and no more."""

from collections.abc import Sequence

from service.generation.openai.prompt import listed


def wished(instructions: str, faults: Sequence[str] = ()) -> str:
    """Return the end of a request: a person's instructions, and what was wrong the time before.

    Nothing where there are neither.
    """
    told = []
    if instructions.strip():
        told.append(
            "Whoever ordered this also wishes the following. Heed it as far as the sources, the"
            f" form and the rules above let you:\n{instructions.strip()}"
        )
    if faults:
        told.append(
            "What was written of this chapter before was not accepted. Do better in what concerns"
            f" you of this:\n{listed(faults)}"
        )
    return "\n" + "\n\n".join(told) if told else ""
