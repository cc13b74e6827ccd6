"""The counts of one data set as the engine gave them, series by series."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lineal.validation.stats.histograms import Ranks
from lineal.validation.stats.reduce import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

__all__ = ["Counts", "NumberCounts", "TextCounts", "read_counts", "together"]


@dataclass(frozen=True)
class NumberCounts:
    """A series of numbers. NaN counts apart; `count` has the others, infinities too."""

    count: int = 0
    distinct: int = 0
    missing: int = 0
    nan: int = 0
    zeros: int = 0
    positive_infinities: int = 0
    minimum: float | None = None
    maximum: float | None = None
    greatest_finite: float | None = None
    mean: float | None = None
    deviations: float | None = None
    """The sum of squared distances from the mean."""
    ranks: Ranks = field(default_factory=lambda: Ranks((), ()))

    @property
    def present(self) -> int:
        """The number of values that are not null."""
        return self.count + self.nan


@dataclass(frozen=True)
class TextCounts:
    """A series of texts, the most frequent of them with their counts."""

    count: int = 0
    distinct: int = 0
    missing: int = 0
    bytes: int = 0
    invalid: int = 0
    top: tuple[tuple[str, int], ...] = ()
    """By descending count, then the larger text first; without those that are no UTF-8."""

    @property
    def present(self) -> int:
        """The number of values that are not null."""
        return self.count


@dataclass(frozen=True)
class Counts:
    """How many examples there are, and the counts of each series by its number."""

    examples: int
    numbers: Mapping[int, NumberCounts]
    texts: Mapping[int, TextCounts]
    types: Mapping[int, int | None]
    """For columns of text: which type their values have, None where they are text."""


_NUMBER_TOTALS = (
    "count",
    "distinct",
    "missing",
    "nan",
    "zeros",
    "positive_infinities",
    "minimum",
    "maximum",
    "greatest_finite",
    "mean",
    "deviations",
)
_TEXT_TOTALS = ("count", "distinct", "missing", "bytes", "invalid")


def read_counts(result: pa.Table) -> Counts:
    """Sort the rows of `collect.expression` out by series."""
    examples = _rows(result, Row.EXAMPLES, ("count",))[0][0]
    ranks = _grouped(_rows(result, Row.NUMBER, ("series", "number", "cumulative")))
    top = _grouped(_rows(result, Row.TEXT, ("series", "cumulative", "text", "count")))
    numbers = {}
    for series, *values in _rows(result, Row.NUMBER_TOTALS, ("series", *_NUMBER_TOTALS)):
        known = {
            name: value
            for name, value in zip(_NUMBER_TOTALS, values, strict=True)
            if value is not None
        }
        rows = sorted(ranks.get(series, []))
        numbers[series] = NumberCounts(
            **known, ranks=Ranks([row[0] for row in rows], [row[1] for row in rows])
        )
    texts = {}
    for series, *values in _rows(result, Row.TEXT_TOTALS, ("series", *_TEXT_TOTALS)):
        known = {name: value or 0 for name, value in zip(_TEXT_TOTALS, values, strict=True)}
        labels = tuple((text, count) for _, text, count in sorted(top.get(series, [])))
        texts[series] = TextCounts(**known, top=labels)
    types = dict(_rows(result, Row.TYPE, ("series", "count")))
    return Counts(examples=examples, numbers=numbers, texts=texts, types=types)


def together(groups: Sequence[Counts], size: int) -> Counts:
    """Number the series of all groups in a row; each group but the last has `size` of them."""
    numbers: dict[int, NumberCounts] = {}
    texts: dict[int, TextCounts] = {}
    types: dict[int, int | None] = {}
    for place, group in enumerate(groups):
        first = place * size
        numbers.update({first + series: found for series, found in group.numbers.items()})
        texts.update({first + series: found for series, found in group.texts.items()})
        types.update({first + series: found for series, found in group.types.items()})
    return Counts(groups[0].examples, numbers, texts, types)


def _rows(result: pa.Table, kind: int, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    import pyarrow.compute as pc

    part = result.filter(pc.equal(result["kind"], kind))
    return list(zip(*(part[name].to_pylist() for name in columns), strict=True))


def _grouped(rows: list[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    groups: dict[int, list[tuple[Any, ...]]] = {}
    for series, *rest in rows:
        groups.setdefault(series, []).append(tuple(rest))
    return groups
