"""Resolve what people wrote into what is recorded, and tell two definitions apart."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.features.aggregates import Aggregate, AggregateKind
from lineal.features.expressions import Tree, write_expression
from lineal.features.specs import FeatureSpec, Spec, ViewSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir
    import pyarrow as pa

    from lineal.features.definitions import FeatureView

__all__ = ["Change", "ChangeKind", "resolve_view", "source_text", "unbound", "what_changed"]

_NUMBERS = (AggregateKind.MEAN, AggregateKind.TOTAL)


class ChangeKind(StrEnum):
    """What defining something would do."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Change:
    """What defining one thing does, or would do."""

    kind: ChangeKind
    what: str
    """`entity`, `view` or `service`."""
    name: str
    details: tuple[str, ...] = ()
    """For a changed one, a line for each field: `max_age: 3:00:00 -> 6:00:00`."""

    def __str__(self) -> str:
        lines = [f"{self.kind:<9} {self.what} {self.name}", *(f"  {one}" for one in self.details)]
        return "\n".join(lines)


def unbound(schema: pa.Schema, name: str) -> ir.Table:
    """Return an Ibis table of these columns, without data."""
    import ibis

    return ibis.table(ibis.Schema.from_pyarrow(schema), name=name)


def resolve_view(view: FeatureView, schema: pa.Schema, *, event_time: str | None) -> ViewSpec:
    """Return the view with everything said, checked against the columns of its table.

    `event_time` is the table's declared one, for a view that names none.
    """
    time = None if view.timeless else view.event_time or event_time
    if time is None and not view.timeless:
        raise InvalidInput(
            f"view {view.name!r} needs event_time=, since table {view.table} declares none; "
            "timeless=True takes what its rows say for true at all times"
        )
    spec = ViewSpec(
        name=view.name,
        entities=tuple(one.name for one in view.of),
        keys=view.key,
        table=view.table,
        event_time=time,
        features=_features(view, schema),
        known_at=view.known_at,
        available_after=view.available_after,
        max_age=view.max_age,
        description=view.description,
        owner=view.owner,
        tags=view.tags,
    )
    _check_columns(spec, schema)
    if view.timeless and any(one.aggregate for one in spec.features):
        raise InvalidInput(f"view {view.name!r} is timeless, so nothing in it can run over time")
    return spec


def source_text(view: FeatureView) -> str:
    """Return the text of a computed view's function, for people to read; never run again."""
    if view.computation is None:
        return ""
    try:
        return textwrap.dedent(inspect.getsource(view.computation))
    except (OSError, TypeError):
        return ""  # typed into an interpreter that keeps no text


def what_changed(old: Spec, new: Spec) -> tuple[str, ...]:
    """Return one line for each field in which two versions of a definition differ."""
    before, after = old.to_fields(), new.to_fields()
    lines: list[str] = []
    for key in after:
        if before.get(key) == after[key] or key == "format":
            continue
        if key in ("features", "views"):
            lines.extend(_changed_parts(_by_name(before.get(key)), _by_name(after[key])))
        elif key in ("max_age", "available_after"):
            lines.append(f"{key}: {getattr(old, key)} -> {getattr(new, key)}")
        else:
            lines.append(f"{key}: {before.get(key)} -> {after[key]}")
    return tuple(lines)


def _features(view: FeatureView, schema: pa.Schema) -> tuple[FeatureSpec, ...]:
    if view.computation is None:
        return tuple(FeatureSpec(column, {"column": column}) for column in view.columns)
    table = unbound(schema, view.table)
    features = view.computation(table)
    if not isinstance(features, dict) or not features:
        raise InvalidInput(
            f"view {view.name!r} must return a dictionary of features by name, "
            f"not {type(features).__name__}"
        )
    return tuple(_feature(view.name, name, one, table) for name, one in features.items())


def _feature(view: str, name: object, value: object, table: ir.Table) -> FeatureSpec:
    import ibis.expr.types as ir

    if not isinstance(name, str) or not name:
        raise InvalidInput(f"a feature of view {view!r} has no proper name: {name!r}")
    owner = f"feature {view}.{name}"
    if isinstance(value, Aggregate):
        if value.value is None:
            return FeatureSpec(name, None, value.kind)
        _check_aggregate(owner, value)
        return FeatureSpec(name, write_expression(value.value, table, owner=owner), value.kind)
    if not isinstance(value, ir.Value):
        raise InvalidInput(
            f"{owner} must be an expression or a running aggregate, not {type(value).__name__}"
        )
    return FeatureSpec(name, write_expression(value, table, owner=owner))


def _check_aggregate(owner: str, aggregate: Aggregate) -> None:
    import ibis.expr.types as ir

    if not isinstance(aggregate.value, ir.Value):
        raise InvalidInput(f"{owner} aggregates {aggregate.value!r}, which is no expression")
    if aggregate.kind in _NUMBERS and not isinstance(aggregate.value, ir.NumericValue):
        raise InvalidInput(
            f"{owner} takes the {aggregate.kind} of {aggregate.value.type()}; it needs a number"
        )


def _check_columns(spec: ViewSpec, schema: pa.Schema) -> None:
    import pyarrow as pa

    for column in sorted(spec.columns):
        if column not in schema.names:
            raise NotFound.among(
                f"view {spec.name!r}: table {spec.table} has no column",
                column,
                schema.names,
                remedy=f"lineal show {spec.table} lists them",
            )
    for time in spec.times:
        kind = schema.field(time).type
        if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            raise InvalidInput(
                f"view {spec.name!r}: column {time!r} of {spec.table} is {kind}, not a time"
            )


def _by_name(parts: Tree | None) -> dict[str, Mapping[str, Tree]]:
    if not isinstance(parts, list):
        return {}
    return {str(one["name"]): one for one in parts if isinstance(one, dict)}


def _changed_parts(
    before: Mapping[str, Mapping[str, Tree]], after: Mapping[str, Mapping[str, Tree]]
) -> list[str]:
    lines = [f"+ {name}" for name in after if name not in before]
    lines += [f"- {name}" for name in before if name not in after]
    lines += [f"~ {name}" for name in after if name in before and before[name] != after[name]]
    return lines or ["order changed"]
