"""Search the graph, and tell what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from lineal.metadata import Artifact, Store, Value, VersionRow

__all__ = [
    "find_frame",
    "find_rows",
    "from_text",
    "is_filter",
    "log_rows",
    "places_of",
    "search_frame",
    "search_rows",
]

_OWN = ("name", "type", "state")
"""What every artifact has; any other field is a property or a label."""
_NUMBERS = ("version", "id")
"""Fields that are numbers, of which older versions are found too."""
_NO_FIELDS = {"limit", "all_versions", "ref", "known_at", "committed", "content", "uri"}
"""What is told of a version, or how is searched, but can't be searched for."""


def find_rows(
    store: Store,
    fields: Mapping[str, Value],
    *,
    filter: str = "",  # noqa: A002
) -> list[dict[str, object]]:
    """Return the versions that fit the filter and all `fields`.

    Of each name the newest comes, unless by number.
    """
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
        filter,
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
            "ref": _reference(artifact, row),
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


def find_frame(
    store: Store,
    fields: Mapping[str, Value],
    *,
    filter: str = "",  # noqa: A002
) -> pa.Table:
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
    return pa.Table.from_pylist(find_rows(store, fields, filter=filter), schema=schema)


def is_filter(text: str) -> bool:
    """Tell a filter from `FIELD=VALUE`, which has a plain word right before its sign.

    `properties.rows.int_value=3` names what only filters name, and `name='x'` quotes as they do.
    A mere name is none: `ops.flights`.
    """
    field, equals, value = text.partition("=")
    if not field or not set(field).isdisjoint(" ()<>!'\"`"):
        return True
    if field.partition(".")[0] in ("properties", "custom_properties", "labels"):
        return True
    return bool(equals) and value.startswith("'")


def search_rows(store: Store, words: str, *, limit: int | None) -> list[dict[str, object]]:
    """Return the artifacts that hold all of the words, best first, in plain values."""
    from lineal.metadata.words import search

    return [
        {
            "ref": _reference(artifact, row),
            "type": artifact.type,
            "score": score,
            "found_in": dict(found_in),
            "committed": artifact.updated if row is None else row.committed,
            "id": artifact.id,
        }
        for artifact, row, score, found_in in search(store, words, limit=limit)
    ]


def search_frame(store: Store, words: str, *, limit: int | None) -> pa.Table:
    """Return the same as an Arrow table; where each word was found is told as text."""
    import pyarrow as pa

    schema = pa.schema(
        {
            "ref": pa.string(),
            "type": pa.string(),
            "score": pa.float64(),
            "found_in": pa.string(),
            "committed": pa.timestamp("us", tz="UTC"),
            "id": pa.int64(),
        }
    )
    rows = [
        {**row, "found_in": places_of(row["found_in"])}
        for row in search_rows(store, words, limit=limit)
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def places_of(found_in: object) -> str:
    """Return where words were found, as a text for people."""
    places = found_in if isinstance(found_in, dict) else {}
    return ", ".join(f"{word}: {where}" for word, where in places.items())


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


def _reference(artifact: Artifact, row: VersionRow | None) -> str:
    """Return what every command takes; ML Metadata's own name of an artifact names no version."""
    if row is None:
        return f"artifact/{artifact.id}"
    from lineal.metadata import format_name

    return format_name(row.name, row.number)


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
