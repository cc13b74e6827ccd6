"""Choose rows by what they hold and a seed, whatever their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["Sample", "sampled"]

_PARTS = 1_000_000


@dataclass(frozen=True)
class Sample:
    """Which share of the rows, and which such share of all that are possible."""

    rate: float
    seed: int


def sampled(rows: ir.Table, sample: Sample) -> ir.Table:
    """Return the rows of the sample.

    Equal rows are numbered and each is decided on by itself, so that a table of few distinct
    rows is sampled as fairly as any. Which of several equal rows has which number is no matter.
    """
    columns = list(rows.columns)
    hashed = rows.mutate(lineal_hash=ibis.struct({n: rows[n] for n in columns}).hash())
    equal = ibis.window(group_by="lineal_hash")
    numbered = hashed.mutate(lineal_number=ibis.row_number().over(equal))
    drawn = ibis.struct(
        {
            "row": numbered["lineal_hash"],
            "number": numbered["lineal_number"],
            "seed": ibis.literal(sample.seed, "int64"),
        }
    ).hash()
    share = round(sample.rate * _PARTS)
    return numbered.filter(drawn % _PARTS < share, drawn % _PARTS > -share).select(*columns)
