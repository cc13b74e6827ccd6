"""Take data in memory as Arrow: frames, tables, and streams that can be read only once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sized
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import pyarrow as pa

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ArrowStream", "arrow_schema", "as_arrow", "check_names"]


@runtime_checkable
class ArrowStream(Protocol):
    """What gives its rows through the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return a capsule of an Arrow stream."""
        ...


def as_arrow(data: object) -> pa.Table | pa.RecordBatchReader:
    """Return `data` as a table if it lies in memory, else as a reader that is read once.

    What has a length (pandas, Polars, Arrow tables) lies in memory. The index of a pandas frame
    is taken as columns if it has names.
    """
    arrow = _as_arrow(data)
    check_names(arrow.schema.names, "the data")
    return arrow


def arrow_schema(data: object) -> pa.Schema:
    """Return the Arrow schema of `data` and leave its rows unread."""
    if isinstance(data, pa.RecordBatchReader | pa.Table | pa.RecordBatch):
        return data.schema
    return as_arrow(data).schema


def check_names(names: Iterable[str], what: str) -> None:
    """Raise `InvalidInput` for names that are empty, double, or differ only in case.

    SQL looks names up without regard to case, and would silently read the first of two.
    """
    counted = Counter(name.casefold() for name in names)
    if "" in counted:
        raise InvalidInput(f"{what}: a column has an empty name; give every column a name")
    double = [name for name in names if counted[name.casefold()] > 1]
    if double:
        raise InvalidInput(
            f"{what}: column names must differ in more than case, and these do not: "
            f"{', '.join(map(repr, double))}; rename all but one"
        )


def _as_arrow(data: object) -> pa.Table | pa.RecordBatchReader:
    try:
        if isinstance(data, pa.RecordBatchReader | pa.Table):
            return data
        if isinstance(data, pa.RecordBatch):
            return pa.Table.from_batches([data])
        if _is_pandas(data):
            return _from_pandas(data)
        if not isinstance(data, ArrowStream):
            raise InvalidInput(
                f"{type(data).__module__}.{type(data).__qualname__} is no table: give an Arrow, "
                "pandas or Polars frame, or anything with __arrow_c_stream__"
            )
        if isinstance(data, Sized):
            return pa.table(data)
        return pa.RecordBatchReader.from_stream(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InvalidInput(f"the data frame does not become an Arrow table: {error}") from error


def _is_pandas(data: object) -> bool:
    return type(data).__module__.partition(".")[0] == "pandas" and hasattr(data, "columns")


def _from_pandas(data: object) -> pa.Table:
    names = getattr(getattr(data, "index", None), "names", [None])
    # A nameless index is a row number; one with names holds data.
    keep_index = any(name is not None for name in names)
    return pa.Table.from_pandas(data, preserve_index=keep_index)
