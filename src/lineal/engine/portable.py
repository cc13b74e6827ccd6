"""The point-in-time join as one Ibis expression, for engines that have no ASOF join.

Number a key's rows by (event, known-at, position): the answer to a query is the highest number
among the rows seen by then. So rows and queries are laid on one time line, and a running maximum
of the number goes along it; the rows it names are joined back. A maximum skips nulls on every
engine, so nothing depends on how one treats them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.engine.functions import microseconds as instant
from lineal.engine.lookups import check_lookups, microseconds, reads_nanoseconds
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pyarrow as pa

    from lineal.engine.protocol import PointInTime

__all__ = ["point_in_time_expression"]


def point_in_time_expression(
    queries: ir.Table, lookups: Sequence[tuple[ir.Table, PointInTime]], *, position: str
) -> ir.Table:
    """Return the join's rows in the order of the queries, without the `position` column.

    Every table has an integer column `position` that grows with the order of its rows. The answer
    is that of `Engine.point_in_time`. Raises `InvalidInput` for times finer than a microsecond.
    """
    schema = queries.drop(position).schema().to_pyarrow()
    checked = [(source.drop(position).schema().to_pyarrow(), lookup) for source, lookup in lookups]
    check_lookups(schema, checked)
    for arrow, lookup in checked:
        _check_precision(schema, arrow, lookup)
    own = _free_prefix(
        [*queries.columns, *(name for _, lookup in lookups for name in lookup.columns)]
    )
    result = queries
    for source, lookup in lookups:
        won = _won(queries, source, lookup, position)
        names = {f"{own}{i}": name for i, name in enumerate(lookup.columns)}
        features = source.select(
            **{f"{own}row": source[position]},
            **{mine: source[lookup.columns[name]] for mine, name in names.items()},
        )
        found = won.join(features, won.row == features[f"{own}row"]).select(
            *(features[mine] for mine in names), **{f"{own}query": won.q}
        )
        joined = result.join(found, result[position] == found[f"{own}query"], how="left")
        result = joined.drop(f"{own}query").rename({name: mine for mine, name in names.items()})
    return result.order_by(position).drop(position)


def _free_prefix(names: Sequence[str]) -> str:
    """Return a beginning that none of the names has."""
    prefix = "lineal_"
    while any(name.casefold().startswith(prefix) for name in names):
        prefix += "_"
    return prefix


def _won(queries: ir.Table, source: ir.Table, lookup: PointInTime, position: str) -> ir.Table:
    """Return for each answered query `q` the position `row` of the winning row."""
    import ibis

    keys = [f"k{i}" for i in range(len(lookup.keys))]
    rows = _rows(queries, source, lookup, position)
    asked = _asked(queries, source, lookup, position)
    nothing = ibis.null("int64")
    line = rows.select(
        *keys,
        time=ibis.greatest(rows.event, rows.known),
        side=ibis.literal(0, "int8"),
        number=rows.number,
        q=nothing,
    ).union(
        asked.select(
            *keys, time=asked.time, side=ibis.literal(1, "int8"), number=nothing, q=asked.q
        )
    )
    so_far = ibis.window(
        group_by=keys or None, order_by=["time", "side"], preceding=None, following=0
    )
    best = line.mutate(best=line.number.max().over(so_far))
    best = best.filter(best.side == 1, best.best.notnull()).select(
        *(best[key].name(f"q{key}") for key in keys), "time", "q", "best"
    )
    same = [best[f"q{key}"] == rows[key] for key in keys]
    won = best.join(rows, [*same, best.best == rows.number])
    if lookup.max_age is not None:
        won = won.filter(won.time - won.event <= microseconds(lookup.max_age))
    return won.select("q", "row")


def _rows(queries: ir.Table, source: ir.Table, lookup: PointInTime, position: str) -> ir.Table:
    import ibis

    needed = [*lookup.keys.values(), lookup.event_time]
    if lookup.known_at is not None:
        needed.append(lookup.known_at)
    present = source.filter([source[name].notnull() for name in needed])
    event = instant(present[lookup.event_time])
    after = lookup.available_after
    known = (
        instant(present[lookup.known_at])
        if lookup.known_at is not None
        else event + (microseconds(after) if after is not None else 0)
    )
    rows = present.select(
        **_keys(queries, source, present, list(lookup.keys.values()), lookup),
        event=event,
        known=known,
        row=present[position].cast("int64"),
    )
    by_key = ibis.window(
        group_by=[f"k{i}" for i in range(len(lookup.keys))] or None,
        order_by=["event", "known", "row"],
    )
    return rows.mutate(number=ibis.row_number().over(by_key).cast("int64"))


def _asked(queries: ir.Table, source: ir.Table, lookup: PointInTime, position: str) -> ir.Table:
    needed = [*lookup.keys, lookup.query_time]
    present = queries.filter([queries[name].notnull() for name in needed])
    return present.select(
        **_keys(queries, source, present, list(lookup.keys), lookup),
        time=instant(present[lookup.query_time]),
        q=present[position].cast("int64"),
    )


def _keys(
    queries: ir.Table,
    source: ir.Table,
    side: ir.Table,
    names: Sequence[str],
    lookup: PointInTime,
) -> dict[str, ir.Value]:
    """Return the key columns k0, k1, ... of one side, in a type that both sides share."""
    import ibis.expr.datatypes as dt

    keys: dict[str, ir.Value] = {}
    for i, (name, (asked, stored)) in enumerate(zip(names, lookup.keys.items(), strict=True)):
        shared = dt.highest_precedence([queries[asked].type(), source[stored].type()])
        keys[f"k{i}"] = instant(side[name]) if shared.is_timestamp() else side[name].cast(shared)
    return keys


def _check_precision(queries: pa.Schema, source: pa.Schema, lookup: PointInTime) -> None:
    times = [(queries, lookup.query_time), (source, lookup.event_time)]
    if lookup.known_at is not None:
        times.append((source, lookup.known_at))
    for schema, name in times:
        if reads_nanoseconds(schema.field(name).type):
            raise InvalidInput(
                f"column {name!r} holds nanoseconds, and this engine compares microseconds; cast "
                "it to a timestamp of microseconds"
            )
