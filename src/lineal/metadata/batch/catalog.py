"""The types of a store, kept in memory from one write to the next.

Types are only ever added and widened, so the greatest id and the number of declared properties
tell whether what is kept still holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.batch.statements import Lookup, single
from lineal.metadata.model import NodeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata.batch.forms import Kind
    from lineal.metadata.commit import Commit

__all__ = ["NUMBER_OF_KIND", "Catalog", "KnownType", "catalog_of", "types_changed"]

NUMBER_OF_KIND: Mapping[Kind, int] = {
    "artifact": int(NodeKind.ARTIFACT),
    "execution": int(NodeKind.EXECUTION),
    "context": int(NodeKind.CONTEXT),
}

_types, _declared = tables.type_, tables.type_property


@dataclass(slots=True)
class KnownType:
    """A stored type: what it is called, and the types of its properties by number."""

    id: int
    kind: int
    name: str
    version: str
    properties: Mapping[str, int]


@dataclass(slots=True)
class Catalog:
    """The stored types by id; and by kind, name and version, the oldest of those called so."""

    mark: tuple[int, int] = (0, 0)
    by_id: dict[int, KnownType] = field(default_factory=dict)
    by_name: dict[tuple[int, str, str], KnownType] = field(default_factory=dict)


_shared: WeakKeyDictionary[sa.Engine, Catalog] = WeakKeyDictionary()
_own: WeakKeyDictionary[Commit, Catalog | None] = WeakKeyDictionary()

_MARK_TEXTS: dict[str, str] = {}
_MARK = sa.select(
    sa.select(sa.func.max(_types.c.id)).scalar_subquery(),
    sa.select(sa.func.count()).select_from(_declared).scalar_subquery(),
)
_TYPES_AFTER = sa.select(_types.c.id, _types.c.type_kind, _types.c.name, _types.c.version)
_DECLARED = sa.select(_declared.c.type_id, _declared.c.name, _declared.c.data_type)
_DECLARED_OF = Lookup(_declared.c.type_id, _DECLARED.where)


def catalog_of(commit: Commit) -> Catalog:
    """Return the types as they stand in this transaction."""
    greatest, declared = single(commit, _MARK, _MARK_TEXTS)
    mark = (greatest or 0, declared)
    engine = commit.connection.engine
    known = _own.get(commit) or _shared.get(engine)
    if known is not None and known.mark == mark:
        return known
    found = _extended(commit, known, mark) if known else None
    found = found or _loaded(commit, Catalog(), mark, after=0)
    if commit in _own:
        _own[commit] = found
    else:
        _shared[engine] = found
    return found


def types_changed(commit: Commit) -> None:
    """Say that this transaction changed types, so that what it sees is no other one's."""
    _own.setdefault(commit, None)


def _extended(commit: Commit, known: Catalog, mark: tuple[int, int]) -> Catalog | None:
    """Return `known` with the types added since; None if old ones changed, too."""
    if mark[0] <= known.mark[0]:
        return None
    found = _loaded(
        commit, Catalog((0, 0), dict(known.by_id), dict(known.by_name)), mark, after=known.mark[0]
    )
    added = sum(len(each.properties) for each in found.by_id.values() if each.id > known.mark[0])
    return found if known.mark[1] + added == mark[1] else None


def _loaded(commit: Commit, into: Catalog, mark: tuple[int, int], *, after: int) -> Catalog:
    query = _TYPES_AFTER.where(_types.c.id > after).order_by(_types.c.id)
    new = {
        row.id: KnownType(row.id, row.type_kind, row.name, row.version or "", {})
        for row in commit.connection.execute(query)
    }
    properties: dict[int, dict[str, int]] = {type_id: {} for type_id in new}
    for type_id, name, number in _DECLARED_OF.rows(commit, new):
        properties[type_id][name] = number or 0
    for type_id, each in new.items():
        each.properties = properties[type_id]
        into.by_id[type_id] = each
        into.by_name.setdefault((each.kind, each.name, each.version), each)
    into.mark = mark
    return into
