"""The chapter that other pieces are made for, as a request shows it."""

from typing import Final

from service.generation.openai.excerpt import Excerpt, open_tag
from service.textbook.content import Draft

_TAGS: Final = ("chapter", "page", "text", "book")


def opened(draft: Draft, excerpts: tuple[Excerpt, ...] = ()) -> dict[str, str]:
    """Return a chapter's places in a prompt: its text between tags that nothing there closes."""
    shown = "\n".join((draft.title, draft.markdown, *(one.text for one in excerpts)))
    page = open_tag(shown, _TAGS)
    text = f"<{page}>\n# {draft.title}\n\n{draft.markdown.strip()}\n</{page}>"
    return {"page": page, "chapter": text, "title": draft.title, "number": str(draft.number)}
