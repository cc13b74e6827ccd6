"""Lineage of columns, by the names of versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import ArtifactState, Version, format_name
from lineal.metadata.columns import Column, column_lineage, parse_columns
from lineal.workspace.resolving import locate, node_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from lineal.metadata import Artifact, VersionRow
    from lineal.workspace.workspace import Workspace

__all__ = ["ColumnStep", "sources_of", "steps"]


@dataclass(frozen=True)
class ColumnStep:
    """Column `source_column` of `source` went into `target_column` of `target`."""

    source: str
    source_column: str
    target: str
    target_column: str

    def __str__(self) -> str:
        return f"{self.target}.{self.target_column} ← {self.source}.{self.source_column}"


def sources_of(
    workspace: Workspace, columns: Mapping[str, Iterable[str] | str]
) -> dict[str, list[Column]]:
    """Return the columns that are named as `version.column`, each name resolved once.

    Raises `NotFound` for a column that its table lacks.
    """
    told = parse_columns(columns)
    asked: dict[str, dict[str, None]] = {}
    for reference, column in (source for sources in told.values() for source in sources):
        asked.setdefault(reference, {})[column] = None
    ids: dict[str, int] = {}
    for reference, wanted in asked.items():
        artifact, row = locate(workspace, reference)
        _check(workspace, artifact, row, wanted)
        ids[reference] = artifact.id or 0
    return {
        name: [Column(ids[reference], column) for reference, column in sources]
        for name, sources in told.items()
    }


def steps(workspace: Workspace, of: object, column: str, *, downstream: bool) -> list[ColumnStep]:
    """Return the steps that lead to a column, or away from it; see `Workspace.columns`."""
    kind, number = node_of(workspace, of)
    if kind != "artifact":
        raise InvalidInput(f"{kind}/{number} has no columns; name a version")
    store = workspace.store
    _check(workspace, store.artifact(number), store.version_of(number), [column])
    edges = column_lineage(workspace.store, Column(number, column), downstream=downstream)
    ends = {end.artifact_id for edge in edges for end in (edge.source, edge.target)}
    rows = workspace.store.versions_of(ends)
    names = {
        end: format_name(rows[end].name, rows[end].number) if end in rows else f"artifact/{end}"
        for end in ends
    }
    return [
        ColumnStep(
            names[edge.source.artifact_id],
            edge.source.name,
            names[edge.target.artifact_id],
            edge.target.name,
        )
        for edge in edges
    ]


def _check(
    workspace: Workspace, artifact: Artifact, row: VersionRow | None, wanted: Collection[str]
) -> None:
    """Refuse columns that a table lacks; what else has columns, only its maker knows."""
    from lineal.warehouse.described import described

    if artifact.type != "lineal.Table" or artifact.state != ArtifactState.LIVE:
        return
    version = Version(workspace.store, workspace.recorder, artifact, row)
    known = described(version, workspace.objects)["columns"]
    if not isinstance(known, dict):
        return
    for name in wanted:
        if name not in known:
            raise NotFound.among(f"{version.ref} has no column", name, list(known))
