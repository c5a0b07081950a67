"""What is asked of a view, and how the server's refusals of it are told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

import asyncpg
from msgspec import Struct

from service.http.query import misfit
from service.refusal import Invalid, Malformed, NotFound


class NoSuchView(NotFound):
    """There is no view of that name; GET /api/v1/views lists those that there are."""


class Question(Struct, frozen=True):
    """Which rows and columns of a view a tenant wants to see.

    `filters` are as in ``{"lessons_ready.gte": "3"}``; `sort` names columns, those with ``-``
    before them descending; no `columns` are all columns.
    """

    view: str
    tenant_id: UUID
    filters: Mapping[str, str]
    sort: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@contextmanager
def refused() -> Iterator[None]:
    """Raise what the server refuses of a question as the refusal that its sender understands.

    Raises `NoSuchView`, `Invalid` with the parameter's name, `Malformed` for a place of no row.
    """
    try:
        yield
    except asyncpg.UndefinedTableError as error:
        raise NoSuchView from error
    except asyncpg.InvalidParameterValueError as error:
        if error.column_name is None:
            raise
        raise misfit(error.column_name, error.message) from error
    except asyncpg.ObjectNotInPrerequisiteStateError as error:
        raise Invalid(str(error)) from error
    except asyncpg.InvalidTextRepresentationError as error:
        raise Malformed("The place to go on from is not one of this view's.") from error
