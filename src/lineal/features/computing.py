"""The Ibis expressions that compute a view's features, row by row or running.

Each gives the columns k0, k1, ... (keys), event, known, f0, f1, ... (features), times in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lineal.features.aggregates import AggregateKind
from lineal.features.expressions import build_expression
from lineal.features.resolving import unbound
from lineal.features.tables import ARTIFACT, LOADED_AT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from lineal.features.specs import FeatureSpec, ViewSpec
    from lineal.features.tables import TableState

__all__ = [
    "LOADS",
    "Changed",
    "entities",
    "next_moment",
    "restated_moments",
    "row_features",
    "running_features",
]

LOADS = "lineal loads"
"""The table of loads: what was loaded when, in which order, and since when it is known."""

_INSTANT = "timestamp('UTC', 6)"
_ALWAYS = datetime.min.replace(tzinfo=UTC)
"""The event time of rows that are timeless."""


def row_features(
    spec: ViewSpec, table: TableState, features: Sequence[FeatureSpec], *, restates: bool
) -> ir.Table:
    """Compute expressions over one row each; every row of the table gives one."""
    timed = _timed(spec, table, features, restates=restates)
    if restates:
        # Of rows with equal times the last in the table wins, so their order is put back.
        timed = timed.order_by(timed.position)
    return timed.select(*_names(spec, features))


def running_features(
    spec: ViewSpec, table: TableState, features: Sequence[FeatureSpec], *, restates: bool
) -> ir.Table:
    """Compute running aggregates; every moment at which one can change gives a row.

    A row of the table becomes visible at the later of its event time and known-at. The result
    has one row for each key and such a moment, which is its `known`, with the aggregates of all
    rows visible by then; its `event` is the newest event among them.
    """
    import ibis

    timed = _timed(spec, table, features, restates=restates)
    seen = timed.mutate(seen=ibis.greatest(timed.event, timed.known))
    inputs = [f"f{i}" for i, one in enumerate(features) if one.tree is not None]
    keys = [f"k{i}" for i in range(len(spec.keys))]
    # Rows of one moment are put in order by what is added up, so that sums of floats come out
    # alike each time.
    order = [seen[name] for name in ("seen", *inputs)]
    so_far = ibis.window(group_by=keys, order_by=order, preceding=None, following=0)
    whole = ibis.window(group_by=keys, order_by=order)
    values = {
        f"f{i}": _aggregate(seen, one.aggregate, f"f{i}" if one.tree is not None else None)
        for i, one in enumerate(features)
        if one.aggregate is not None
    }
    running = seen.select(
        *keys,
        event=seen.event.max().over(so_far),
        known=seen.seen,
        next=seen.seen.lead().over(whole),
        **{name: value.over(so_far) for name, value in values.items()},
    )
    is_last_of_its_moment = running.next.isnull() | (running.next != running.known)
    return running.filter(is_last_of_its_moment).select(*_names(spec, features))


def restated_moments(spec: ViewSpec, table: TableState) -> ir.Table:
    """Count the (key, event time) pairs that more than one load brought rows for."""
    rows = unbound(table.schema_with_load, table.name)
    by = [*spec.keys, *([spec.event_time] if spec.event_time else [])]
    present = rows.filter([rows[name].notnull() for name in by]) if by else rows
    keys = {f"k{i}": present[key] for i, key in enumerate(by)}
    told = present.select(**keys, brought=present[ARTIFACT], loaded=present[LOADED_AT])
    loads = _loads()
    keyed = told.left_join(loads, [told.brought == loads.artifact, told.loaded == loads["at"]])
    spans = keyed.aggregate(by=list(keys), first=keyed.number.min(), last=keyed.number.max())
    restated = spans.filter(spans["first"] < spans["last"])
    return restated.aggregate(count=restated.count())


def next_moment(spec: ViewSpec, table: TableState, *, after: datetime, restates: bool) -> ir.Table:
    """Give as `due` the first moment later than `after` at which a row becomes visible."""
    import ibis

    timed = _timed(spec, table, (), restates=restates)
    seen = timed.select(seen=ibis.greatest(timed.event, timed.known))
    later = seen.filter(seen.seen > _moment(after))
    return later.aggregate(due=later.seen.min())


@dataclass(frozen=True)
class Changed:
    """What an online store has: rows loaded by one time that were known by the other."""

    loaded: datetime
    known: datetime


def entities(
    spec: ViewSpec,
    table: TableState,
    *,
    moment: datetime,
    changed: Changed | None,
    restates: bool,
) -> ir.Table:
    """List each key of the table once, as k0, k1, ..., with `moment` beside it.

    With `changed`, only keys of rows that a store lacks: loaded since, or become known since.
    They come about in the order of their encoded form, in which a store writes them fastest: a
    text follows its length there.
    """
    import ibis

    from lineal.engine.functions import text_bytes

    if not spec.keys:
        rows = unbound(table.schema, table.name)
        return rows.aggregate(rows=rows.count()).select(moment=_moment(moment))
    found = _timed(spec, table, (), restates=restates, loaded=True)
    if changed is not None:
        known = ibis.greatest(found.event, found.known)
        is_new = found.loaded > _moment(changed.loaded)
        found = found.filter(is_new | (known > _moment(changed.known)))
    names = [f"k{i}" for i in range(len(spec.keys))]
    keys = found.select(*names).distinct()
    order: list[ir.Value] = []
    for i in sorted(range(len(spec.keys)), key=lambda i: spec.keys[i]):
        key = keys[f"k{i}"]
        order += [text_bytes(key), key] if key.type().is_string() else [key]
    return keys.order_by(order).mutate(moment=_moment(moment))


def _moment(moment: datetime) -> ir.Value:
    """Return a moment as a literal, to the microsecond and in UTC."""
    import ibis

    return ibis.literal(moment.isoformat()).cast(_INSTANT)


def _timed(
    spec: ViewSpec,
    table: TableState,
    features: Sequence[FeatureSpec],
    *,
    restates: bool,
    loaded: bool = False,
) -> ir.Table:
    """Return keys, both times and the features' expressions for each row that can be found."""
    import ibis

    with_load = loaded or restates
    rows = unbound(table.schema_with_load if with_load else table.schema, table.name)
    event = _moment(_ALWAYS) if spec.event_time is None else rows[spec.event_time].cast(_INSTANT)
    known = event
    if spec.known_at is not None:
        known = rows[spec.known_at].cast(_INSTANT)
    elif spec.available_after is not None:
        known = event + ibis.interval(spec.available_after)
    columns = {f"k{i}": rows[key] for i, key in enumerate(spec.keys)}
    values = {
        f"f{i}": build_expression(one.tree, rows, owner=f"feature {spec.name}.{one.name}")
        for i, one in enumerate(features)
        if one.tree is not None
    }
    load = (
        {
            "brought": rows[ARTIFACT],
            "loaded": rows[LOADED_AT],
            "position": ibis.row_number(),
        }
        if with_load
        else {}
    )
    timed = rows.select(**columns, event=event, known=known, **load, **values)
    timed = timed.filter([timed[name].notnull() for name in (*columns, "event", "known")])
    return _with_loads(timed, list(columns)) if restates else timed


def _loads() -> ir.Table:
    import ibis

    columns = {"artifact": "int64", "at": _INSTANT, "number": "int64", "since": _INSTANT}
    return ibis.table(columns, name=LOADS)


def _with_loads(timed: ir.Table, keys: list[str]) -> ir.Table:
    """Let a row that restates an earlier load's (key, event) be known no sooner than its load."""
    import ibis

    loads = _loads()
    joined = timed.left_join(loads, [timed.brought == loads.artifact, timed.loaded == loads["at"]])
    since = ibis.coalesce(joined.since, joined.loaded)
    first = joined.number.min().over(ibis.window(group_by=[*keys, "event"]))
    restated = joined.number > first
    return joined.mutate(
        known=ibis.ifelse(restated, ibis.greatest(joined.known, since), joined.known)
    )


def _aggregate(rows: ir.Table, kind: AggregateKind, name: str | None) -> ir.Value:
    if name is None:
        return rows.count()
    column = rows[name]
    match kind:
        case AggregateKind.COUNT:
            return column.count()
        case AggregateKind.MEAN:
            return column.mean()
        case AggregateKind.TOTAL:
            return column.sum()
        case AggregateKind.SMALLEST:
            return column.min()
        case AggregateKind.LARGEST:
            return column.max()


def _names(spec: ViewSpec, features: Sequence[FeatureSpec]) -> list[str]:
    keys = [f"k{i}" for i in range(len(spec.keys))]
    return [*keys, "event", "known", *(f"f{i}" for i in range(len(features)))]
