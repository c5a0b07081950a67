"""Claims: what only one may have is a stream, and its id follows from the value."""

from uuid import UUID, uuid5


def claimed(tenant_id: UUID, what: str, value: str) -> UUID:
    """Return the stream that stands for `value` within a tenant (RFC 9562, version 5).

    Whoever appends its first event, at expected version 0 and in one commit with whatever depends
    on it, has the value; everybody else's commit is a conflict. No projection is asked. `value`
    must be normalised by the caller: what people take for equal must be equal.
    """
    return uuid5(tenant_id, f"{what}:{value}")
