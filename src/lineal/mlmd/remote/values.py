"""Values of the graph as JSON text that says what each is, and back.

Text, numbers and lists stand for themselves; an object of one key says what else there is:

    {"m": {…}} mapping with text keys   {"d": [[k, v], …]} other mapping   {"t": […]} tuple
    {"s": […]} set                      {"w": microseconds} aware time     {"y": "…"} date
    {"b": 0} attachment of bytes        {"a": 0} attachment: an Arrow table as an IPC stream
    {"r": 0} attachment: an Arrow array, as the only column of a table
    {"o": ["model.Artifact", {…}]}      value of a class, its fields as far as they aren't default
    {"n": ["rows.EventRow", […]]}       named tuple   {"e": ["model.EventType", 3]} enum
    {"c": ["batch.forms.StructCell", 0]} attachment of a class of bytes

Only classes of the modules listed here can be named, and making one runs nothing but its
constructor: what comes from the network is data, never code.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lineal.errors import IncompatibleVersion
from lineal.metadata.moments import from_microseconds, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["decode", "encode"]

_MODULES = (
    "batch.forms",
    "batch.graph_reads",
    "batch.graph_writes",
    "batch.subgraph",
    "gaps",
    "lineage",
    "model",
    "outputs",
    "reach",
    "rows",
    "steps",
    "version_rows",
    "words",
)
_PART = "lineal.metadata."
# What reading a document of somebody else's making can end with.
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_SCALARS = (str, int, float, bool, type(None))


def encode(value: object) -> tuple[bytes, list[bytes]]:
    """Return `value` as JSON, and the attachments that it refers to."""
    writer = _Writer()
    return json.dumps(writer.plain(value), separators=(",", ":")).encode(), writer.attachments


def decode(document: bytes, attachments: Sequence[bytes]) -> Any:
    """Return the value that `document` tells of.

    Raises `IncompatibleVersion` for what no Lineal of this version writes.
    """
    try:
        return _Reader(attachments).value(json.loads(document))
    except _MALFORMED as error:
        raise IncompatibleVersion(
            "the other side sent a value that this Lineal can't read "
            f"({type(error).__name__}: {error}); use the same version on both sides"
        ) from error


@cache
def _classes() -> dict[str, type]:
    """Return by name every class whose values may travel."""
    found: dict[str, type] = {}
    for name in _MODULES:
        module = import_module(_PART + name)
        for word in module.__all__:
            kind = getattr(module, word)
            # An alias such as Cell or Path is no class; one that is re-exported has its own home.
            if isinstance(kind, type) and kind.__module__ == _PART + name and _travels(kind):
                found[_name(kind)] = kind
    return found


def _travels(kind: type) -> bool:
    return dataclasses.is_dataclass(kind) or issubclass(kind, Enum | tuple | bytes)


def _name(kind: type) -> str:
    return f"{kind.__module__.removeprefix(_PART)}.{kind.__qualname__}"


@cache
def _fields(kind: Any) -> tuple[tuple[str, object], ...]:
    """Return name and default of each field that the constructor takes."""
    return tuple((field.name, field.default) for field in dataclasses.fields(kind) if field.init)


class _Writer:
    def __init__(self) -> None:
        self.attachments: list[bytes] = []

    def plain(self, value: object) -> object:
        """Return `value` in what JSON has."""
        kind = type(value)
        if kind in _SCALARS:
            return value
        if kind is list:
            return [self.plain(item) for item in value]  # type: ignore[attr-defined]  # a list
        if kind is tuple:
            return {"t": [self.plain(item) for item in value]}  # type: ignore[attr-defined]
        if kind in (set, frozenset):
            return {"s": [self.plain(item) for item in value]}  # type: ignore[attr-defined]
        if dataclasses.is_dataclass(kind):
            return {"o": [self._known(kind), self._held(kind, value)]}
        return self._rarer(value)

    def _rarer(self, value: object) -> object:
        match value:
            case Enum():
                return {"e": [self._known(type(value)), value.value]}
            case Mapping():
                if all(type(key) is str for key in value):
                    return {"m": {key: self.plain(held) for key, held in value.items()}}
                return {"d": [[self.plain(key), self.plain(held)] for key, held in value.items()]}
            case datetime():
                return {"w": to_microseconds(value)}
            case date():
                return {"y": value.isoformat()}
            case bytes():
                return self._bytes(value)
            case tuple():
                return {"n": [self._known(type(value)), [self.plain(item) for item in value]]}
        return self._many(value)

    def _many(self, value: object) -> object:
        if hasattr(value, "__arrow_c_stream__"):
            return {"a": self._attach(_arrow_stream(value))}
        if hasattr(value, "__arrow_c_array__"):
            return {"r": self._attach(_arrow_stream(_table_of(value)))}
        if isinstance(value, Iterable):
            return [self.plain(item) for item in value]
        raise _stays(type(value))

    def _bytes(self, value: bytes) -> object:
        kind = type(value)
        index = self._attach(bytes(value))
        return {"b": index} if kind is bytes else {"c": [self._known(kind), index]}

    def _held(self, kind: type, value: object) -> dict[str, object]:
        held = {}
        for name, default in _fields(kind):
            field = getattr(value, name)
            # What is to be called when all is done stays with the caller.
            if field is not default and not (callable(field) and not isinstance(field, type)):
                held[name] = self.plain(field)
        return held

    def _known(self, kind: type) -> str:
        name = _name(kind)
        if name not in _classes():
            raise _stays(kind)
        return name

    def _attach(self, content: bytes) -> int:
        self.attachments.append(content)
        return len(self.attachments) - 1


class _Reader:
    def __init__(self, attachments: Sequence[bytes]) -> None:
        self._attachments = attachments

    def value(self, given: object) -> object:
        """Return what a part of the document tells of."""
        if isinstance(given, list):
            return [self.value(item) for item in given]
        if not isinstance(given, dict):
            return given
        ((sign, held),) = given.items()
        read: Any = getattr(self, f"_{sign}", None) if len(sign) == 1 else None
        if read is None:
            raise ValueError(f"nothing is written {sign!r}")
        return read(held)

    def _m(self, held: dict[str, object]) -> object:
        return {key: self.value(item) for key, item in held.items()}

    def _d(self, held: list[list[object]]) -> object:
        return {self.value(key): self.value(item) for key, item in held}

    def _t(self, held: list[object]) -> object:
        return tuple(self.value(item) for item in held)

    def _s(self, held: list[object]) -> object:
        return {self.value(item) for item in held}

    def _w(self, held: int) -> object:
        return from_microseconds(held)

    def _y(self, held: str) -> object:
        return date.fromisoformat(held)

    def _b(self, held: int) -> object:
        return self._attachments[held]

    def _a(self, held: int) -> object:
        import pyarrow as pa

        with pa.ipc.open_stream(self._attachments[held]) as stream:
            return stream.read_all()

    def _r(self, held: int) -> object:
        table: Any = self._a(held)
        return table.column(0).combine_chunks()

    def _o(self, held: tuple[str, dict[str, object]]) -> object:
        name, fields = held
        return _classes()[name](**{key: self.value(item) for key, item in fields.items()})

    def _n(self, held: tuple[str, list[object]]) -> object:
        name, items = held
        return _classes()[name](*(self.value(item) for item in items))

    def _e(self, held: tuple[str, object]) -> object:
        name, value = held
        return _classes()[name](value)

    def _c(self, held: tuple[str, int]) -> object:
        name, index = held
        return _classes()[name](self._attachments[index])


def _stays(kind: type) -> TypeError:
    return TypeError(f"a {kind.__name__} can't travel to or from a server")


def _table_of(array: object) -> object:
    import pyarrow as pa

    return pa.table({"values": array})


def _arrow_stream(data: object) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    reader = pa.RecordBatchReader.from_stream(data)
    with pa.ipc.new_stream(sink, reader.schema) as stream:
        for batch in reader:
            stream.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content
