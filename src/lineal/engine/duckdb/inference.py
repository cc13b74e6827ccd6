"""Find the type of columns of text by looking at every value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.engine.duckdb.strict import looks_like
from lineal.engine.text_types import TEXT_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.engine.duckdb.session import Session

__all__ = ["inferred_types"]

_SAMPLE_ROWS = 10_000


def inferred_types(session: Session, table: str, columns: Sequence[str]) -> list[pa.DataType]:
    """Return the type of each text column of `table`: text, unless all values fit a narrower one.

    A sample tells what is worth a try on all rows, so that one scan usually decides.
    """
    sample = f"(SELECT * FROM {table} LIMIT {_SAMPLE_ROWS})"
    tries = {column: list(TEXT_TYPES) for column in columns}
    fit = _fitting(session, sample, tries)
    untried = {column: [t for t in tries[column] if t in fit[column]] for column in columns}
    decided: dict[str, pa.DataType] = {}
    while len(decided) < len(columns):
        first = {c: untried[c][:1] for c in columns if c not in decided}
        holds = _fitting(session, table, first)
        for column, candidates in first.items():
            if not candidates or candidates == holds[column]:
                decided[column] = candidates[0] if candidates else pa.string()
            else:
                untried[column].pop(0)
    return [decided[column] for column in columns]


def _fitting(
    session: Session, table: str, tries: Mapping[str, Sequence[pa.DataType]]
) -> dict[str, list[pa.DataType]]:
    """Return which of the types tried fit all values of each column; none where all are null."""
    asked = [(column, arrow) for column, types in tries.items() for arrow in types]
    fitting: dict[str, list[pa.DataType]] = {column: [] for column in tries}
    if not asked:
        return fitting
    tests = [
        f"count({column}) > 0 AND "
        f"count_if({column} IS NOT NULL AND NOT coalesce({looks_like(column, arrow)}, false)) = 0"
        for column, arrow in asked
    ]
    answers = session.rows(f"SELECT {', '.join(tests)} FROM {table}")[0]
    for (column, arrow), fits in zip(asked, answers, strict=True):
        if fits:
            fitting[column].append(arrow)
    return fitting
