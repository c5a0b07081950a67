"""Ids of a textbook's chapters, and of their questions, which outlive the versions they are in."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from msgspec.structs import asdict

from service.content.part import part_id
from service.textbook.content import KnownQuestion, Question


def chapter_id(textbook_id: UUID, number: int) -> UUID:
    """Return the id of a chapter, the same in every version of it."""
    return part_id(textbook_id, number)


def known(
    of: UUID,
    number: int,
    before: Sequence[KnownQuestion],  # noqa: ARG001
    asked: Sequence[Question],
) -> tuple[KnownQuestion, ...]:
    """Return the questions `asked` in chapter `number` with their ids, no id twice.

    `of` is what all ids of one textbook follow from; `before` are the questions of all earlier
    versions of the chapter, those of the latest first.
    """
    whole = chapter_id(of, number)
    return tuple(
        KnownQuestion(**asdict(question), id=uuid5(whole, f"question/{question.text}/{k}"))
        for k, question in enumerate(asked, 1)
    )
