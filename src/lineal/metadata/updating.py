"""Update nodes, many with a few statements; what is replaced stays beside."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from lineal.errors import NotFound
from lineal.metadata import tables
from lineal.metadata.batch.catalog import catalog_of
from lineal.metadata.batch.cells import VALUE_COLUMNS, decode, kept_value
from lineal.metadata.batch.statements import Change, Lookup
from lineal.metadata.model import PropertyType, read_as
from lineal.metadata.properties import encode_all, split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.metadata.commit import Commit
    from lineal.metadata.model import Value

__all__ = ["NodeChange", "update_nodes"]

_UPDATED = "last_update_time_since_epoch"
_COLUMNS = {
    "artifact": ("state", "uri", "name"),
    "execution": ("last_known_state", "name"),
    "context": ("name",),
}


@dataclass(frozen=True)
class NodeChange:
    """New values of a node's columns, and properties to add or replace."""

    node_id: int
    columns: Mapping[str, object] = field(default_factory=dict)
    properties: Mapping[str, Value] = field(default_factory=dict)


def update_nodes(commit: Commit, kind: str, changes: Sequence[NodeChange]) -> None:
    """Change nodes of one kind; raise `NotFound` if one of them isn't there."""
    ids = [change.node_id for change in changes]
    stored = {row[0]: row for row in _nodes(kind).rows(commit, ids)}
    missing = next((each for each in ids if each not in stored), None)
    if missing is not None:
        raise NotFound(f"there is no {kind}/{missing}")
    held = _held(commit, kind, [each.node_id for each in changes if each.properties])
    names = ("id", "type_id", _UPDATED, *_COLUMNS[kind])
    kept: list[tuple[int, dict[str, object]]] = []
    rows: dict[tuple[str, ...], list[tuple[object, ...]]] = defaultdict(list)
    for change in changes:
        before = dict(zip(names, stored[change.node_id], strict=True))
        old: dict[str, object] = {name: before[name] for name in (_UPDATED, *change.columns)}
        if change.properties:
            old |= held[change.node_id].kept()
        kept.append((change.node_id, old))
        values = (commit.milliseconds, *change.columns.values())
        rows[tuple(change.columns)].append((*values, change.node_id))
    for columns, parameters in rows.items():
        _update(kind, columns).run(commit, parameters)
    types = {node_id: row[1] for node_id, row in stored.items()}
    _put_properties(commit, kind, types, held, [each for each in changes if each.properties])
    commit.keep_many(kind, kept)


@dataclass
class _Held:
    """The properties of one node, as the history keeps them."""

    declared: dict[str, object] = field(default_factory=dict)
    custom: dict[str, object] = field(default_factory=dict)

    def kept(self) -> dict[str, object]:
        return {"properties": self.declared, "custom_properties": self.custom}


def _held(commit: Commit, kind: str, ids: Sequence[int]) -> dict[int, _Held]:
    found = {node_id: _Held() for node_id in ids}
    for node_id, name, is_custom, *values in _properties(kind).rows(commit, ids):
        cell = decode(*values)
        if cell is not None:
            side = found[node_id].custom if is_custom else found[node_id].declared
            side[name] = kept_value(cell)
    return found


def _put_properties(
    commit: Commit,
    kind: str,
    types: Mapping[int, int],
    held: Mapping[int, _Held],
    changes: Sequence[NodeChange],
) -> None:
    if not changes:
        return
    catalog = catalog_of(commit)
    gone: list[tuple[object, ...]] = []
    rows: list[dict[str, object]] = []
    for change in changes:
        known = catalog.by_id[types[change.node_id]].properties
        declared = {name: read_as(PropertyType, number) for name, number in known.items()}
        for values, is_custom in zip(
            split(change.properties, declared), (False, True), strict=True
        ):
            before = held[change.node_id].custom if is_custom else held[change.node_id].declared
            gone += [(change.node_id, name, int(is_custom)) for name in values if name in before]
            rows += encode_all(kind, change.node_id, values, custom=is_custom)
    _delete(kind).run(commit, gone)
    commit.insert(getattr(tables, f"{kind}_property"), rows)


@cache
def _nodes(kind: str) -> Lookup:
    table: sa.Table = getattr(tables, kind)
    columns = [table.c[name] for name in ("id", "type_id", _UPDATED, *_COLUMNS[kind])]
    return Lookup(table.c.id, lambda wanted: sa.select(*columns).where(wanted))


@cache
def _properties(kind: str) -> Lookup:
    table: sa.Table = getattr(tables, f"{kind}_property")
    owner = table.c[f"{kind}_id"]
    columns = [table.c[name] for name in ("name", "is_custom_property", *VALUE_COLUMNS)]
    return Lookup(owner, lambda wanted: sa.select(owner, *columns).where(wanted))


@cache
def _update(kind: str, columns: tuple[str, ...]) -> Change:
    table: sa.Table = getattr(tables, kind)
    names = [f"new_{name}" for name in (_UPDATED, *columns)]
    values: dict[Any, Any] = {
        name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in (_UPDATED, *columns)
    }
    return Change(
        table.update().where(table.c.id == sa.bindparam("node")).values(values), [*names, "node"]
    )


@cache
def _delete(kind: str) -> Change:
    table: sa.Table = getattr(tables, f"{kind}_property")
    return Change(
        table.delete().where(
            table.c[f"{kind}_id"] == sa.bindparam("node"),
            table.c.name == sa.bindparam("called"),
            table.c.is_custom_property == sa.bindparam("custom"),
        ),
        ["node", "called", "custom"],
    )
