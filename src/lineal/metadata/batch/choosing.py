"""Which nodes are asked for: what was given, as values, and as conditions on their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata import tables
from lineal.metadata.batch.assembly import TABLES
from lineal.metadata.integers import ids_of
from lineal.metadata.model import NodeKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from lineal.metadata.batch.forms import Kind
    from lineal.metadata.batch.selects import Slots

__all__ = ["NUMBERS", "conditions", "given", "known_external_ids"]

NUMBERS: Mapping[Kind, int] = {
    "artifact": int(NodeKind.ARTIFACT),
    "execution": int(NodeKind.EXECUTION),
    "context": int(NodeKind.CONTEXT),
}
"""What `Type.type_kind` holds for each kind of node."""

_LINKS: Mapping[Kind, Sequence[tuple[sa.Table, str, str]]] = {
    "artifact": [(tables.attribution, "artifact_id", "context_id")],
    "execution": [(tables.association, "execution_id", "context_id")],
    "context": [
        (tables.attribution, "context_id", "artifact_id"),
        (tables.association, "context_id", "execution_id"),
    ],
}


_LISTS = {"ids": "id", "external_ids": "external_id", "uris": "uri"}


def given(
    *,
    ids: Iterable[int] | None = None,
    external_ids: Iterable[str] | None = None,
    uris: Iterable[str] | None = None,
    type_name: str | None = None,
    type_version: str | None = None,
    every_version: bool = False,
    name: str | None = None,
    context_id: int | None = None,
    artifact_id: int | None = None,
    execution_id: int | None = None,
) -> dict[str, object]:
    """Return the values that are asked for by name, as statements bind them.

    Without a `type_version` the type is the one without a version, or with `every_version` any
    one of that name. Artifacts and executions may be those of a context, contexts those of an
    artifact or an execution.
    """
    version = None if type_name is None or every_version else type_version or ""
    values: dict[str, object] = {
        "ids": None if ids is None else ids_of(ids),
        "external_ids": None if external_ids is None else known_external_ids(external_ids),
        "uris": None if uris is None else sorted(set(uris)),
        "type_name": type_name,
        "type_version": version,
        "name": name,
        "context_id": context_id,
        "artifact_id": artifact_id,
        "execution_id": execution_id,
    }
    return {key: value for key, value in values.items() if value is not None}


def conditions(kind: Kind, slots: Slots, names: Collection[str]) -> list[sa.ColumnElement[bool]]:
    """Return what a node's row fulfils if it has what `given` calls by these names."""
    table, types = TABLES[kind][0], tables.type_
    found = [slots.among(table.c[column], key) for key, column in _LISTS.items() if key in names]
    if "name" in names:
        found.append(table.c.name == slots.text("name"))
        if "type_name" not in names:  # there is no index by name alone, but one by type and name
            known = sa.select(types.c.id).where(types.c.type_kind == NUMBERS[kind])
            found.append(table.c.type_id.in_(known))
    if "type_name" in names:
        wanted = sa.select(types.c.id).where(
            types.c.name == slots.text("type_name"), types.c.type_kind == NUMBERS[kind]
        )
        if "type_version" in names:
            version = sa.func.coalesce(types.c.version, "")
            wanted = wanted.where(version == slots.text("type_version"))
        found.append(table.c.type_id.in_(wanted))
    for link, mine, other in _LINKS[kind]:
        if other in names:
            tied = sa.select(link.c[mine]).where(link.c[other] == slots.number(other))
            found.append(table.c.id.in_(tied))
    return found


def known_external_ids(external_ids: Iterable[str]) -> list[str]:
    """Return the external ids, each once; raise `InvalidInput` for an empty one."""
    wanted = sorted(set(external_ids))
    if wanted and not wanted[0]:
        raise InvalidInput("external_ids holds an empty one; leave it out")
    return wanted
