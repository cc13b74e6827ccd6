"""Check what a point-in-time join is asked, alike for every engine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from lineal.engine.protocol import PointInTime

__all__ = ["check_lookups", "is_instant", "microseconds", "reads_nanoseconds"]


def check_lookups(queries: pa.Schema, lookups: Sequence[tuple[pa.Schema, PointInTime]]) -> None:
    """Raise `NotFound` for an unknown column, and `InvalidInput` where no answer can be right."""
    taken = {name.casefold(): f"the query column {name!r}" for name in queries.names}
    for number, (source, lookup) in enumerate(lookups, start=1):
        here = f"lookup {number}"
        _check_times(queries, source, lookup, here)
        _check_keys(queries, source, lookup, here)
        _find(source, lookup.columns.values(), f"{here}: the source has no column")
        for name in lookup.columns:
            clash = taken.setdefault(name.casefold(), f"column {name!r} of {here}")
            if clash != f"column {name!r} of {here}":
                raise InvalidInput(
                    f"{here}: the result would have the column {name!r} twice, also as {clash}; "
                    "give it another name"
                )


def is_instant(arrow: pa.DataType) -> bool:
    """Tell whether values are points in time: dates (their midnight in UTC) and timestamps."""
    import pyarrow as pa

    return bool(pa.types.is_timestamp(arrow) or pa.types.is_date(arrow))


def reads_nanoseconds(*types: pa.DataType) -> bool:
    """Tell whether one of the types is finer than a microsecond."""
    import pyarrow as pa

    return any(pa.types.is_timestamp(arrow) and arrow.unit == "ns" for arrow in types)


def microseconds(duration: timedelta) -> int:
    """Return a duration as whole microseconds."""
    return duration // timedelta(microseconds=1)


def _check_times(queries: pa.Schema, source: pa.Schema, lookup: PointInTime, here: str) -> None:
    _find(queries, [lookup.query_time], f"{here}: the queries have no column")
    _find(source, [lookup.event_time], f"{here}: the source has no column")
    times = [(lookup.query_time, queries), (lookup.event_time, source)]
    if lookup.known_at is not None:
        _find(source, [lookup.known_at], f"{here}: the source has no column")
        times.append((lookup.known_at, source))
        if lookup.available_after is not None:
            raise InvalidInput(
                f"{here}: give either known_at (column {lookup.known_at!r}) or available_after "
                f"({lookup.available_after}), not both"
            )
    for name, schema in times:
        arrow = schema.field(name).type
        if not is_instant(arrow):
            raise InvalidInput(
                f"{here}: column {name!r} must hold times, and is {arrow}; cast it to a timestamp"
            )
    for word, duration in (
        ("available_after", lookup.available_after),
        ("max_age", lookup.max_age),
    ):
        if duration is not None and duration < timedelta(0):
            raise InvalidInput(f"{here}: {word} must not be negative, and is {duration}")


def _check_keys(queries: pa.Schema, source: pa.Schema, lookup: PointInTime, here: str) -> None:
    _find(queries, lookup.keys, f"{here}: the queries have no column")
    _find(source, lookup.keys.values(), f"{here}: the source has no column")
    for asked, stored in lookup.keys.items():
        left, right = queries.field(asked).type, source.field(stored).type
        if _family(left) is None or _family(left) != _family(right):
            raise InvalidInput(
                f"{here}: the key {asked!r} of the queries is {left}, the key {stored!r} of the "
                f"source is {right}: they can't be compared; cast one to the other's type"
            )


def _family(arrow: pa.DataType) -> str | None:
    """Return the kind of values, where values of one kind compare without a loss."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(arrow) or types.is_run_end_encoded(arrow):
        return _family(arrow.value_type)
    if isinstance(arrow, pa.BaseExtensionType):
        return str(arrow.extension_name)
    families = {
        "text": (types.is_string, types.is_large_string, types.is_string_view),
        "bytes": (
            types.is_binary,
            types.is_large_binary,
            types.is_binary_view,
            types.is_fixed_size_binary,
        ),
        "whole number": (types.is_integer,),
        "floating point": (types.is_floating,),
        "truth value": (types.is_boolean,),
        "timestamp": (types.is_timestamp,),
        "date": (types.is_date,),
        "time of day": (types.is_time,),
    }
    if types.is_decimal(arrow):
        return f"decimal of scale {arrow.scale}"
    for name, tests in families.items():
        if any(test(arrow) for test in tests):
            return name
    return None


def _find(schema: pa.Schema, names: Iterable[str], what: str) -> None:
    for name in names:
        if name not in schema.names:
            raise NotFound.among(what, name, schema.names, remedy="it has " + _list(schema.names))


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
