"""Hypothesis strategies for the product's structs, as their annotations say."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar, get_type_hints

from hypothesis import strategies as st
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from service.log.decider import Decider
from service.refusal import Refusal

T = TypeVar("T", bound=Struct)

LINES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
"""Any text that PostgreSQL can store."""

st.register_type_strategy(str, LINES)
st.register_type_strategy(int, st.integers(0, 60))
st.register_type_strategy(float, st.floats(0, 100).map(lambda number: round(number, 2)))
st.register_type_strategy(Decimal, st.decimals(0, 100, places=12) | st.integers(0, 9).map(Decimal))
st.register_type_strategy(
    datetime,
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)


def structs(kind: type[T], **known: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """Return a strategy for `kind`: each field as annotated, or as `known` says."""
    hints = get_type_hints(kind)
    for hint in hints.values():
        for part in (hint, *getattr(hint, "__args__", ())):
            if isinstance(part, type) and issubclass(part, Struct):
                st.register_type_strategy(part, structs(part))
    drawn = {field.name: _field(field, hints[field.name]) for field in fields(kind)}
    return st.builds(kind, **(drawn | known))


def _field(field: FieldInfo, hint: Any) -> st.SearchStrategy[Any]:
    if field.default is NODEFAULT:
        return st.from_type(hint)
    return st.one_of(st.just(field.default), st.from_type(hint))


def reachable(
    decider: Decider[Any, Any, Any], commands: st.SearchStrategy[Any], most: int = 12
) -> st.SearchStrategy[list[Any]]:
    """Return histories: what happens when a decider is given any commands, one after another."""
    return st.lists(commands, max_size=most).map(lambda asked: history(decider, asked))


def history(decider: Decider[Any, Any, Any], commands: list[Any]) -> list[Any]:
    """Return the events that `commands` cause; refused ones cause none."""
    events: list[Any] = []
    state = decider.initial
    for command in commands:
        try:
            caused = decider.decide(command, state)
        except Refusal:
            continue
        events += caused
        state = decider.fold(caused, state)
    return events
