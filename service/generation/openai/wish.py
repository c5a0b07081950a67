"""What a person asks for besides: words that go into a request as a wish, and no more."""

from service.generation.generator import Brief


def instructed(brief: Brief) -> str:
    """Return a person's instructions as the end of a request; nothing where there are none."""
    if not brief.instructions.strip():
        return ""
    return (
        "\nWhoever ordered this also wishes the following. Heed it as far as the sources, the form"
        f" and the rules above let you:\n{brief.instructions.strip()}"
    )
