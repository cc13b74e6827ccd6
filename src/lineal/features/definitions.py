"""What people write: entities, feature views and services, as plain values.

They hold no data and touch no workspace; `Features.define` records them. Heavy libraries are
needed only once a computed view is resolved against its table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, overload

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from lineal.features.aggregates import Aggregate

__all__ = [
    "Computation",
    "Definition",
    "Entity",
    "FeatureService",
    "FeatureView",
    "Role",
    "entity",
    "feature_view",
    "service",
]

Computation = Callable[["ir.Table"], "Mapping[str, ir.Value | Aggregate]"]
"""From the view's table, as an Ibis expression, to its features by name."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True)
class Entity:
    """What features are about (an airport, a plane), and the columns that identify one."""

    name: str
    key: tuple[str, ...]
    owner: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FeatureView:
    """Features of one kind of entity, taken from one table.

    A selection names `columns`; a computed view has a `computation` instead. The rules of time
    are those of `lineal.engine.PointInTime`.
    """

    name: str
    of: tuple[Entity, ...]
    table: str
    columns: tuple[str, ...] = ()
    computation: Computation | None = None
    event_time: str | None = None
    max_age: timedelta | None = None
    known_at: str | None = None
    available_after: timedelta | None = None
    timeless: bool = False
    description: str = ""
    owner: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify one of the view's entities."""
        return tuple(column for one in self.of for column in one.key)

    def role(self, alias: str | None = None, /, **columns: str) -> Role:
        """Return this view looked up by other columns of the query, under a name of its own.

        `arrivals = weather.role(origin="dest")` is the weather at the destination, called
        `dest_weather` unless `alias` says otherwise.
        """
        for column in columns:
            if column not in self.key:
                raise InvalidInput(
                    f"view {self.name!r} has no key {column!r}; its keys are {_listed(self.key)}"
                )
        if not columns:
            raise InvalidInput(f"a role of view {self.name!r} needs a key, as in role(key=column)")
        name = alias or "_".join([*columns.values(), self.name])
        return Role(_checked_name("role", name), self, dict(columns))


@dataclass(frozen=True)
class Role:
    """A view under another name, looked up by other columns of the query."""

    name: str
    view: FeatureView
    columns: Mapping[str, str]
    """Key of the view -> column of the query."""


@dataclass(frozen=True)
class FeatureService:
    """What one model reads: some views, each under one name."""

    name: str
    views: tuple[FeatureView | Role, ...]
    owner: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


Definition = Entity | FeatureView | FeatureService


def entity(
    name: str,
    *,
    key: str | Sequence[str],
    owner: str = "",
    description: str = "",
    tags: Mapping[str, str] | None = None,
) -> Entity:
    """Name a kind of thing and the column, or columns, that identify one of it."""
    keys = (key,) if isinstance(key, str) else tuple(key)
    _checked_name("entity", name)
    if not keys:
        raise InvalidInput(f"entity {name!r} names no key; a view without keys is of=[]")
    _no_repeats(f"entity {name!r}", "key", keys)
    return Entity(name, keys, owner, description, dict(tags or {}))


@overload
def feature_view(
    name: str,
    *,
    of: Entity | Sequence[Entity],
    table: str,
    columns: Sequence[str],
    event_time: str | None = None,
    max_age: timedelta | None = None,
    known_at: str | None = None,
    available_after: timedelta | None = None,
    timeless: bool = False,
    description: str = "",
    owner: str = "",
    tags: Mapping[str, str] | None = None,
) -> FeatureView: ...


@overload
def feature_view(
    name: str | None = None,
    *,
    of: Entity | Sequence[Entity],
    table: str,
    event_time: str | None = None,
    max_age: timedelta | None = None,
    known_at: str | None = None,
    available_after: timedelta | None = None,
    timeless: bool = False,
    description: str = "",
    owner: str = "",
    tags: Mapping[str, str] | None = None,
) -> Callable[[Computation], FeatureView]: ...


def feature_view(
    name: str | None = None,
    *,
    of: Entity | Sequence[Entity],
    table: str,
    columns: Sequence[str] | None = None,
    event_time: str | None = None,
    max_age: timedelta | None = None,
    known_at: str | None = None,
    available_after: timedelta | None = None,
    timeless: bool = False,
    description: str = "",
    owner: str = "",
    tags: Mapping[str, str] | None = None,
) -> FeatureView | Callable[[Computation], FeatureView]:
    """Describe features of an entity: some columns of a table, or (as a decorator) computed ones.

    `event_time` defaults to the table's declared one. A row counts as known at its `known_at`
    column, or else `available_after` its event time. Values older than `max_age` are not served,
    neither in training nor online; None keeps them for ever. `of=[]` makes a view without keys.
    `timeless` is for tables that have no event time, such as a list of planes: what they say
    holds for all times, unless a `known_at` column or a later load of the same key says since when.

    Decorated, the function takes the table as an Ibis expression and returns a dictionary of
    features: expressions over the columns of one row, or the running aggregates of
    `lineal.features` (`mean(flights.dep_delay)`). Its name and docstring become the view's.
    """
    entities = (of,) if isinstance(of, Entity) else tuple(of)

    def built(called: str, described: str, computation: Computation | None) -> FeatureView:
        view = FeatureView(
            _checked_name("view", called),
            entities,
            table,
            tuple(columns or ()),
            computation,
            event_time,
            _positive(called, "max_age", max_age),
            known_at,
            _positive(called, "available_after", available_after),
            timeless,
            described,
            owner,
            dict(tags or {}),
        )
        _check_view(view)
        return view

    if columns is not None:
        if name is None:
            raise InvalidInput("a view of columns needs a name: feature_view('weather', ...)")
        return built(name, description, None)

    def decorate(computation: Computation) -> FeatureView:
        docstring = (computation.__doc__ or "").strip()
        return built(name or computation.__name__, description or docstring, computation)

    return decorate


def service(
    name: str,
    views: Iterable[FeatureView | Role],
    *,
    owner: str = "",
    description: str = "",
    tags: Mapping[str, str] | None = None,
) -> FeatureService:
    """Name the views that one model reads."""
    chosen = tuple(views)
    _checked_name("service", name)
    for one in chosen:
        if not isinstance(one, FeatureView | Role):
            raise InvalidInput(
                f"service {name!r} takes feature views, not {type(one).__name__} {one!r}"
            )
    if not chosen:
        raise InvalidInput(f"service {name!r} names no view")
    _no_repeats(f"service {name!r}", "view", [one.name for one in chosen])
    return FeatureService(name, chosen, owner, description, dict(tags or {}))


def _check_view(view: FeatureView) -> None:
    what = f"view {view.name!r}"
    for one in view.of:
        if not isinstance(one, Entity):
            raise InvalidInput(f"{what} is of entities, not of {type(one).__name__} {one!r}")
    if view.computation is None and not view.columns:
        raise InvalidInput(f"{what} names no column")
    _no_repeats(what, "column", view.columns)
    _no_repeats(what, "key", view.key)
    if view.known_at is not None and view.available_after is not None:
        raise InvalidInput(
            f"{what} has both known_at={view.known_at!r} and available_after; a row is known "
            "either at its own column or some time after its event, so keep one of them"
        )
    timed = {"event_time", "max_age", "available_after"}
    given = sorted(name for name in timed if getattr(view, name) is not None)
    if view.timeless and given:
        raise InvalidInput(f"{what} is timeless, so it can't have {', '.join(given)}")


def _positive(view: str, what: str, value: timedelta | None) -> timedelta | None:
    """Return a length of time that is not negative; nothing at all means none."""
    if value is None:
        return None
    if not isinstance(value, timedelta):
        raise InvalidInput(f"{what} of view {view!r} must be a timedelta, not {value!r}")
    if value < timedelta(0):
        raise InvalidInput(f"{what} of view {view!r} is negative: {value}")
    return value or None


def _checked_name(what: str, name: str) -> str:
    if not _NAME.match(name):
        raise InvalidInput(
            f"{what} name {name!r} must be a word of letters, digits and _, not begin with a "
            "digit: it becomes the first part of column names (weather.visib)"
        )
    return name


def _no_repeats(owner: str, what: str, names: Sequence[str]) -> None:
    for name in names:
        if not isinstance(name, str) or not name:
            raise InvalidInput(f"{owner} has a {what} that is not a name: {name!r}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidInput(f"{owner} names the {what} {repeated[0]!r} twice")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
