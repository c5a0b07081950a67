"""Checks of a lesson, each by an id that stays as long as its question does."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import asdict

from service.content.block import ids
from service.course.content import Check


class Identified(Check, frozen=True, kw_only=True):
    """A question with its id."""

    id: UUID


def identified_checks(lesson: UUID, checks: Sequence[Check]) -> list[Identified]:
    """Return the checks of a lesson with their ids."""
    known = ids(lesson, [("check", check.question) for check in checks])
    return [Identified(**asdict(check), id=at) for check, at in zip(checks, known, strict=True)]
