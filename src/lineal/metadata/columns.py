"""Which columns a column was made of: told by who makes a table, walked across versions.

An execution keeps it as one custom property, JSON, written when it opens so that a crash loses
nothing: for each of its outputs, by key, and each column of that, the pairs of artifact id and
column that it was made of.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import Corrupt, InvalidInput, NotFound
from lineal.metadata.lineage import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lineal.metadata.lineage import Direction, Lineage
    from lineal.metadata.model import Execution
    from lineal.metadata.store import Store

__all__ = [
    "COLUMNS",
    "Column",
    "ColumnEdge",
    "column_lineage",
    "columns_told",
    "encode_columns",
    "parse_columns",
]

COLUMNS = "lineal_columns"

_Sources = dict[str, tuple["Column", ...]]


@dataclass(frozen=True, order=True)
class Column:
    """A column of one version of a table or file."""

    artifact_id: int
    name: str


@dataclass(frozen=True, order=True)
class ColumnEdge:
    """`source` went into `target`."""

    source: Column
    target: Column


def encode_columns(outputs: Mapping[str, Mapping[str, Sequence[Column]]]) -> str:
    """Return the text that keeps, by output and column, what the columns were made of."""
    return json.dumps(
        {
            key: {
                name: [[source.artifact_id, source.name] for source in sources]
                for name, sources in columns.items()
            }
            for key, columns in outputs.items()
        },
        ensure_ascii=False,
    )


def columns_told(execution: Execution) -> dict[str, _Sources]:
    """Return what the columns of each output, by key, were made of; empty if nobody told."""
    text = execution.custom_properties.get(COLUMNS)
    if text is None:
        return {}
    try:
        told: dict[str, dict[str, list[tuple[int, str]]]] = json.loads(str(text))
        return {
            key: {
                name: tuple(Column(int(number), str(column)) for number, column in sources)
                for name, sources in columns.items()
            }
            for key, columns in told.items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise Corrupt(
            f"execution/{execution.id} tells in {COLUMNS!r} which columns its outputs' were made "
            "of, but not in the form that Lineal writes; another client changed it"
        ) from error


def column_lineage(store: Store, of: Column, *, downstream: bool = False) -> tuple[ColumnEdge, ...]:
    """Return the edges that lead to the column, or away from it, nearest first.

    Where a maker did not tell, the walk ends. Raises `NotFound` for an unknown artifact, and for
    a column that its maker doesn't name.
    """
    direction: Direction = "downstream" if downstream else "upstream"
    told = _by_artifact(walk(store, ("artifact", of.artifact_id), direction=direction))
    if downstream:
        return _forwards(of, told)
    if of.artifact_id in told and of.name not in told[of.artifact_id]:
        raise NotFound.among(
            f"artifact/{of.artifact_id} has a column", of.name, told[of.artifact_id]
        )
    return _backwards(of, told)


def parse_columns(columns: Mapping[str, Iterable[str] | str]) -> dict[str, list[tuple[str, str]]]:
    """Split `{"speed": ["ops.flights@3.distance", …]}` into references and columns.

    Raises `InvalidInput` for a source without a column.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for name, sources in columns.items():
        parted = found.setdefault(name, [])
        for source in [sources] if isinstance(sources, str) else sources:
            reference, _, column = source.rpartition(".")
            if not reference or not column:
                raise InvalidInput(
                    f"column {name!r} can't be made of {source!r}: write a version's name, a "
                    "dot, and the column, as in 'ops.flights@3.distance'"
                )
            parted.append((reference, column))
    return found


def _by_artifact(around: Lineage) -> dict[int, _Sources]:
    """Return, of each artifact whose maker told, what its columns were made of."""
    told = {number: columns_told(execution) for number, execution in around.executions.items()}
    return {
        edge.target[1]: told[edge.source[1]][edge.key]
        for edge in around.edges
        if edge.source[0] == "execution"
        and edge.target[0] == "artifact"
        and edge.key in told[edge.source[1]]
    }


def _backwards(of: Column, told: Mapping[int, _Sources]) -> tuple[ColumnEdge, ...]:
    edges: list[ColumnEdge] = []
    waiting, seen = deque([of]), {of}
    while waiting:
        target = waiting.popleft()
        for source in told.get(target.artifact_id, {}).get(target.name, ()):
            edges.append(ColumnEdge(source, target))
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return tuple(edges)


def _forwards(of: Column, told: Mapping[int, _Sources]) -> tuple[ColumnEdge, ...]:
    made: dict[Column, list[Column]] = {}
    for artifact_id, columns in told.items():
        for name, sources in columns.items():
            for source in sources:
                made.setdefault(source, []).append(Column(artifact_id, name))
    edges: list[ColumnEdge] = []
    waiting, seen = deque([of]), {of}
    while waiting:
        source = waiting.popleft()
        for target in sorted(made.get(source, ())):
            edges.append(ColumnEdge(source, target))
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return tuple(edges)
