"""What Parquet files hold, told by their footers: their columns as trees with field ids."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.engine.duckdb.text import literal_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lineal.engine.duckdb.session import Session

__all__ = ["Column", "Layouts"]

_KEPT = 100_000


@dataclass(frozen=True)
class Column:
    """A column of a file, or a part of a nested one."""

    name: str
    field_id: int | None
    kind: str
    """How the values are stored; equal kinds are read alike."""
    parts: tuple[Column, ...]

    def part(self, field_id: int) -> Column | None:
        """Return the part with this field id."""
        return next((part for part in self.parts if part.field_id == field_id), None)


class Layouts:
    """The columns of files, each footer read once as long as the file stays the same."""

    def __init__(self) -> None:
        """Begin with none known."""
        self._known: OrderedDict[tuple[str, int, int], tuple[Column, ...]] = OrderedDict()

    def of(self, session: Session, paths: Sequence[str]) -> list[tuple[Column, ...]]:
        """Return the columns of each file."""
        stamps = [_stamp(path) for path in paths]
        unknown = sorted({stamp[0] for stamp in stamps if stamp not in self._known})
        if unknown:
            found = _read(session, unknown)
            self._known.update((stamp, found[stamp[0]]) for stamp in stamps if stamp[0] in found)
        answer = [self._known[stamp] for stamp in stamps]
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return answer


def _stamp(path: str) -> tuple[str, int, int]:
    found = Path(path).stat()
    return path, found.st_size, found.st_mtime_ns


def _read(session: Session, paths: Sequence[str]) -> dict[str, tuple[Column, ...]]:
    rows = session.rows(
        "SELECT file_name, name, field_id, coalesce(num_children, 0), "
        "concat_ws(' ', type, converted_type, logical_type, repetition_type) "
        f"FROM parquet_schema({literal_list(paths)})"
    )
    of_file: dict[str, list[tuple[object, ...]]] = {}
    for row in rows:
        of_file.setdefault(str(row[0]), []).append(row)
    return {path: _tree(iter(found)).parts for path, found in of_file.items()}


def _tree(rows: Iterator[tuple[object, ...]]) -> Column:
    """Build the tree whose nodes `rows` give in depth-first order, each with its part count."""
    _, name, field_id, count, kind = next(rows)
    parts = tuple(_tree(rows) for _ in range(int(str(count))))
    return Column(str(name), None if field_id is None else int(str(field_id)), str(kind), parts)
