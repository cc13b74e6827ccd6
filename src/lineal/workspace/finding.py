"""Search the graph, and tell what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from lineal.metadata import Store, Value

__all__ = ["find_frame", "find_rows", "from_text", "log_rows"]

_OWN = ("name", "type", "state")
"""What every artifact has; any other field is a property or a label."""
_NUMBERS = ("version", "id")
"""Fields that are numbers, of which older versions are found too."""
_NO_FIELDS = {"limit", "all_versions", "ref", "known_at", "committed", "content", "uri"}
"""What is told of a version, or how is searched, but can't be searched for."""


def find_rows(store: Store, fields: Mapping[str, Value]) -> list[dict[str, object]]:
    """Return the versions that fit all `fields`: of each name the newest, unless by number."""
    from lineal.metadata.search import find

    own = {name: _text(name, fields[name]) for name in _OWN if name in fields}
    numbers = {name: _number(name, fields[name]) for name in _NUMBERS if name in fields}
    others = {name: value for name, value in fields.items() if name not in (*_OWN, *_NUMBERS)}
    clash = _NO_FIELDS & others.keys()
    if clash:
        raise InvalidInput(
            f"{min(clash)!r} can't be searched for; fields are {', '.join((*_OWN, *_NUMBERS))}, "
            "properties and labels"
        )
    found = find(
        store,
        name=own.get("name"),
        type=own.get("type"),
        state=own.get("state"),
        limit=None,
        all_versions=bool(numbers),  # a number may be that of an older version
        **others,
    )
    found = [
        (artifact, row)
        for artifact, row in found
        if numbers.get("id", artifact.id) == artifact.id
        and ("version" not in numbers or (row is not None and row.number == numbers["version"]))
    ]
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
        for artifact, row in found
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


def from_text(fields: Mapping[str, str]) -> dict[str, Value]:
    """Return fields given as text: `3`, `2.5` and `true` as what they say, quoted ones as text."""
    return {name: text if name in _OWN else _value(text) for name, text in fields.items()}


def log_rows(store: Store, name: str | None, *, limit: int | None) -> list[dict[str, object]]:
    """Return the newest executions, in plain values."""
    from lineal.metadata.log import log

    rows = log(store, name, limit=limit)
    if name is not None and not rows and store.newest(name) is None:
        raise NotFound.among(
            "nothing is called", name, store.names(), remedy="lineal find lists all"
        )
    return rows


def _text(name: str, value: Value) -> str:
    if isinstance(value, str):
        return value
    raise InvalidInput(f"{name}={value!r} must be text")


def _number(name: str, value: Value) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InvalidInput(f"{name}={value!r} must be a whole number")


def _value(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1] if quoted else text
