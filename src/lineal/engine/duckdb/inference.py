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

    A sample tells what is worth a try on all rows, so that one scan usually decides. A column
    without a value is text.
    """
    sample = f"(SELECT * FROM {table} LIMIT {_SAMPLE_ROWS})"
    fit = _fitting(session, sample, dict.fromkeys(columns, TEXT_TYPES))
    untried = {column: list(TEXT_TYPES if fits is None else fits) for column, fits in fit.items()}
    decided: dict[str, pa.DataType] = {}
    while len(decided) < len(columns):
        # Where the sample told nothing, all types are tried at once; else the likely one.
        tries = {
            column: untried[column] if fit[column] is None else untried[column][:1]
            for column in columns
            if column not in decided
        }
        for column, holds in _fitting(session, table, tries).items():
            if holds or not tries[column] or fit[column] is None:
                decided[column] = holds[0] if holds else pa.string()
            else:
                untried[column].pop(0)
    return [decided[column] for column in columns]


def _fitting(
    session: Session, table: str, tries: Mapping[str, Sequence[pa.DataType]]
) -> dict[str, list[pa.DataType] | None]:
    """Return which of the types tried fit all values of each column; None where all are null."""
    asked = [(column, arrow) for column, types in tries.items() for arrow in types]
    tests = [f"count({column}) = 0" for column in tries]
    tests += [
        f"count_if({column} IS NOT NULL AND NOT coalesce({looks_like(column, arrow)}, false)) = 0"
        for column, arrow in asked
    ]
    answers = session.rows(f"SELECT {', '.join(tests)} FROM {table}")[0]
    fitting: dict[str, list[pa.DataType] | None] = {
        column: None if is_null else []
        for column, is_null in zip(tries, answers[: len(tries)], strict=True)
    }
    for (column, arrow), fits in zip(asked, answers[len(tries) :], strict=True):
        known = fitting[column]
        if fits and known is not None:
            known.append(arrow)
    return fitting
