"""Search the graph, and tell what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from lineal.metadata import Store, Value

__all__ = ["find_frame", "find_rows", "log_rows"]


def find_rows(store: Store, fields: Mapping[str, Value]) -> list[dict[str, object]]:
    """Return the newest versions that fit all `fields`, in plain values."""
    from lineal.metadata.search import find

    return [
        {
            "ref": artifact.name or f"artifact/{artifact.id}",
            "name": None if row is None else row.name,
            "version": None if row is None else row.number,
            "type": artifact.type,
            "state": None if artifact.state is None else artifact.state.name,
            "known_at": artifact.updated if row is None else row.known_at,
            "committed": artifact.updated if row is None else row.committed,
            "content": artifact.get("sha256", "") if row is None else row.content,
            "uri": artifact.uri,
            "id": artifact.id,
        }
        for artifact, row in find(store, **_plain(fields))
    ]


def find_frame(store: Store, fields: Mapping[str, Value]) -> pa.Table:
    """Return the same as an Arrow table."""
    import pyarrow as pa

    times = pa.timestamp("us", tz="UTC")
    schema = pa.schema(
        {
            "ref": pa.string(),
            "name": pa.string(),
            "version": pa.int64(),
            "type": pa.string(),
            "state": pa.string(),
            "known_at": times,
            "committed": times,
            "content": pa.string(),
            "uri": pa.string(),
            "id": pa.int64(),
        }
    )
    return pa.Table.from_pylist(find_rows(store, fields), schema=schema)


def log_rows(store: Store, name: str | None, *, limit: int | None) -> list[dict[str, object]]:
    """Return the newest executions, in plain values."""
    from lineal.metadata.log import log

    return log(store, name, limit=limit)


def _plain(fields: Mapping[str, Value]) -> dict[str, Value]:
    return dict(fields)
