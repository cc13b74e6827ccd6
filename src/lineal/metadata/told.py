"""Read back, in the transaction that made them, what an execution's outputs became."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.batch.catalog import catalog_of
from lineal.metadata.batch.cells import VALUE_COLUMNS, decode, value_of
from lineal.metadata.batch.statements import Lookup
from lineal.metadata.model import Artifact, ArtifactState, from_milliseconds, read_as
from lineal.metadata.moments import from_microseconds
from lineal.metadata.version_rows import VersionRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.metadata.commit import Commit
    from lineal.metadata.model import Value

__all__ = ["artifacts_now", "versions_now"]

_artifact, _held = tables.artifact, tables.artifact_property
_version, _commit, _claim = tables.version, tables.commit, tables.claim

_ARTIFACTS = Lookup(
    _artifact.c.id,
    sa.select(
        *(
            _artifact.c[name]
            for name in (
                *("id", "type_id", "uri", "state", "name", "external_id"),
                *("create_time_since_epoch", "last_update_time_since_epoch"),
            )
        )
    ).where,
)
_PROPERTIES = Lookup(
    _held.c.artifact_id,
    sa.select(
        *(_held.c[name] for name in ("artifact_id", "name", "is_custom_property", *VALUE_COLUMNS))
    ).where,
)
_VERSIONS = Lookup(
    _version.c.artifact_id,
    sa.select(
        _version.c.artifact_id,
        _version.c.name,
        _version.c.number,
        _version.c.content,
        _commit.c.time_us,
        _claim.c.known_at_us,
        _claim.c.claimed_by,
    )
    # A version of this very transaction has no row of its commit yet.
    .outerjoin(_commit, _commit.c.number == _version.c.commit)
    .outerjoin(
        _claim,
        sa.and_(
            _claim.c.kind == sa.literal_column("'artifact'"),
            _claim.c.node_id == _version.c.artifact_id,
        ),
    )
    .where,
)


def artifacts_now(commit: Commit, ids: Iterable[int]) -> dict[int, Artifact]:
    """Return artifacts as they stand in this transaction, by id."""
    wanted = sorted(set(ids))
    properties: dict[int, dict[str, Value]] = {number: {} for number in wanted}
    custom: dict[int, dict[str, Value]] = {number: {} for number in wanted}
    for number, name, is_custom, *values in _PROPERTIES.rows(commit, wanted):
        cell = decode(*values)
        if cell is not None:
            (custom if is_custom else properties)[number][name] = value_of(cell)
    rows = _ARTIFACTS.rows(commit, wanted)
    types = catalog_of(commit).by_id if rows else {}
    return {
        number: Artifact(
            type=types[type_id].name,
            uri=uri or "",
            state=None if state is None else read_as(ArtifactState, state),
            name=name,
            properties=properties[number],
            custom_properties=custom[number],
            external_id=external_id,
            id=number,
            type_id=type_id,
            created=from_milliseconds(created),
            updated=from_milliseconds(updated),
        )
        for number, type_id, uri, state, name, external_id, created, updated in rows
    }


def versions_now(commit: Commit, ids: Iterable[int]) -> dict[int, VersionRow]:
    """Return the versions that these artifacts are in this transaction, by artifact."""
    found: dict[int, VersionRow] = {}
    for number, name, version, content, time, known, claimed_by in _VERSIONS.rows(
        commit, sorted(set(ids))
    ):
        committed = commit.time if time is None else from_microseconds(time)
        known_at = committed if known is None else from_microseconds(known)
        found[number] = VersionRow(number, name, version, content, committed, known_at, claimed_by)
    return found
