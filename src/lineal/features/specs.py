"""Definitions as they are recorded: plain values with one canonical text each.

A view is resolved against its table when it is defined, so that a spec says everything: which
column is the event time, which expressions are the features. Reading it back runs no code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from lineal.errors import Corrupt, IncompatibleVersion
from lineal.features.aggregates import AggregateKind
from lineal.features.expressions import Tree, columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lineal.features.definitions import Entity

__all__ = [
    "EntitySpec",
    "FeatureSpec",
    "ServiceSpec",
    "Spec",
    "ViewSpec",
    "ViewUse",
    "content_of",
    "parse_spec",
    "text_of",
]

_FORMAT = 1
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class FeatureSpec:
    """One feature: an expression over a row, or a running aggregate of one."""

    name: str
    tree: Tree
    """None for a count of rows."""
    aggregate: AggregateKind | None = None

    @property
    def column(self) -> str | None:
        """The column that the feature simply is, if it is no more than that."""
        if self.aggregate is not None or not isinstance(self.tree, dict):
            return None
        column = self.tree.get("column")
        return column if isinstance(column, str) else None


@dataclass(frozen=True)
class ViewSpec:
    """A feature view with everything said."""

    name: str
    entities: tuple[str, ...]
    keys: tuple[str, ...]
    table: str
    event_time: str | None
    """None for a view that is timeless."""
    features: tuple[FeatureSpec, ...]
    known_at: str | None = None
    available_after: timedelta | None = None
    max_age: timedelta | None = None
    description: str = ""
    owner: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the table that the view reads."""
        read = (columns_of(feature.tree) for feature in self.features)
        return frozenset([*self.keys, *self.times]).union(*read)

    @property
    def times(self) -> tuple[str, ...]:
        """The columns that say when a row happened and since when it is known."""
        return tuple(name for name in (self.event_time, self.known_at) if name is not None)

    @property
    def is_selection(self) -> bool:
        """Whether event time and each feature simply are columns of the table."""
        plain = all(feature.column is not None for feature in self.features)
        return plain and self.event_time is not None

    @cached_property
    def values_id(self) -> str:
        """What the values depend on: neither words about the view nor when they expire."""
        content = self._values()
        return sha256(_canonical(content).encode()).hexdigest()[:16]

    def _values(self) -> dict[str, Tree]:
        return {
            "table": self.table,
            "keys": list(self.keys),
            "event_time": self.event_time,
            "known_at": self.known_at,
            "available_after": _microseconds(self.available_after),
            "features": [
                {
                    "name": one.name,
                    "tree": one.tree,
                    "aggregate": None if one.aggregate is None else one.aggregate.value,
                }
                for one in self.features
            ],
        }

    def to_fields(self) -> dict[str, Tree]:
        """Return the definition as JSON, field by field."""
        return {
            "format": _FORMAT,
            "kind": "view",
            "name": self.name,
            "entities": list(self.entities),
            **self._values(),
            "max_age": _microseconds(self.max_age),
            "description": self.description,
            "owner": self.owner,
            "tags": dict(self.tags),
        }


@dataclass(frozen=True)
class ViewUse:
    """A view as a service uses it: pinned to one content, under a name, by columns of a query."""

    name: str
    view: str
    content: str
    columns: Mapping[str, str] = field(default_factory=dict)
    """Key of the view -> column of the query, where they differ."""


@dataclass(frozen=True)
class ServiceSpec:
    """A service with its views pinned."""

    name: str
    views: tuple[ViewUse, ...]
    owner: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def to_fields(self) -> dict[str, Tree]:
        """Return the definition as JSON, field by field."""
        return {
            "format": _FORMAT,
            "kind": "service",
            "name": self.name,
            "views": [
                {
                    "name": use.name,
                    "view": use.view,
                    "content": use.content,
                    "columns": dict(use.columns),
                }
                for use in self.views
            ],
            "owner": self.owner,
            "description": self.description,
            "tags": dict(self.tags),
        }


@dataclass(frozen=True)
class EntitySpec:
    """An entity, which needs no resolving."""

    name: str
    key: tuple[str, ...]
    owner: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, entity: Entity) -> EntitySpec:
        """Return the recorded form of `entity`."""
        return cls(entity.name, entity.key, entity.owner, entity.description, entity.tags)

    def to_fields(self) -> dict[str, Tree]:
        """Return the definition as JSON, field by field."""
        return {
            "format": _FORMAT,
            "kind": "entity",
            "name": self.name,
            "key": list(self.key),
            "owner": self.owner,
            "description": self.description,
            "tags": dict(self.tags),
        }


Spec = EntitySpec | ViewSpec | ServiceSpec


def text_of(spec: Spec) -> str:
    """Return the definition as canonical text; equal definitions have equal text."""
    return _canonical(spec.to_fields())


def content_of(spec: Spec) -> str:
    """Return what identifies the definition: the SHA-256 of its canonical text."""
    return sha256(text_of(spec).encode()).hexdigest()


def parse_spec(text: str, *, ref: str) -> Spec:
    """Return the definition that `text_of` wrote; `ref` names it in messages."""
    try:
        content = json.loads(text)
        newer = content["format"] > _FORMAT
        spec = None if newer else _READERS[content["kind"]](content)
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt(f"the recorded definition {ref} can't be read: {error!r}") from error
    if spec is None:
        raise IncompatibleVersion(f"{ref} was defined by a newer Lineal; upgrade Lineal")
    return spec


def _view(content: Mapping[str, object]) -> ViewSpec:
    features = tuple(
        FeatureSpec(
            str(one["name"]),
            one["tree"],
            AggregateKind(str(one["aggregate"])) if one["aggregate"] else None,
        )
        for one in _records(content["features"])
    )
    return ViewSpec(
        name=str(content["name"]),
        entities=_names(content["entities"]),
        keys=_names(content["keys"]),
        table=str(content["table"]),
        event_time=_optional_text(content["event_time"]),
        features=features,
        known_at=_optional_text(content["known_at"]),
        available_after=_length(content["available_after"]),
        max_age=_length(content["max_age"]),
        description=str(content["description"]),
        owner=str(content["owner"]),
        tags=_texts(content["tags"]),
    )


def _service(content: Mapping[str, object]) -> ServiceSpec:
    views = tuple(
        ViewUse(str(one["name"]), str(one["view"]), str(one["content"]), _texts(one["columns"]))
        for one in _records(content["views"])
    )
    return ServiceSpec(
        str(content["name"]),
        views,
        str(content["owner"]),
        str(content["description"]),
        _texts(content["tags"]),
    )


def _entity(content: Mapping[str, object]) -> EntitySpec:
    return EntitySpec(
        str(content["name"]),
        _names(content["key"]),
        str(content["owner"]),
        str(content["description"]),
        _texts(content["tags"]),
    )


_READERS: dict[str, Callable[[Mapping[str, object]], Spec]] = {
    "view": _view,
    "service": _service,
    "entity": _entity,
}


def _canonical(content: Mapping[str, Tree]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _microseconds(length: timedelta | None) -> int | None:
    return None if length is None else length // _MICROSECOND


def _length(microseconds: object) -> timedelta | None:
    return None if microseconds is None else _MICROSECOND * int(str(microseconds))


def _records(value: object) -> list[Mapping[str, Tree]]:
    if not isinstance(value, list):
        raise TypeError(f"not a list: {value!r}")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"not a list of names: {value!r}")
    return tuple(str(one) for one in value)


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError(f"not a table of texts: {value!r}")
    return {str(key): str(text) for key, text in value.items()}


def _optional_text(value: object) -> str | None:
    return None if value is None else str(value)
