"""The counts of one data set as the engine gave them, series by series."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lineal.validation.stats.histograms import Ranks
from lineal.validation.stats.reduce import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

__all__ = ["Counts", "NumberCounts", "TextCounts", "WeightCounts", "read_counts", "together"]


@dataclass(frozen=True)
class NumberCounts:
    """A series of numbers. NaN counts apart; `count` has the others, infinities too."""

    count: float = 0
    distinct: float = 0
    missing: float = 0
    nan: float = 0
    zeros: float = 0
    positive_infinities: float = 0
    minimum: float | None = None
    maximum: float | None = None
    greatest_finite: float | None = None
    mean: float | None = None
    deviations: float | None = None
    """The sum of squared distances from the mean."""
    ranks: Ranks = field(default_factory=lambda: Ranks((), ()))

    @property
    def present(self) -> float:
        """The number of values that are not null."""
        return self.count + self.nan


@dataclass(frozen=True)
class TextCounts:
    """A series of texts, the most frequent of them with their counts."""

    count: float = 0
    distinct: float = 0
    missing: float = 0
    bytes: float = 0
    invalid: float = 0
    minimum: float = 0
    maximum: float = 0
    """The least and the greatest number of bytes."""
    digests: tuple[str, ...] = ()
    """The least digests of the texts, where there are more of these than are kept."""
    error: float = 0
    """How often a text can occur beside what is said here, or that is left out."""
    top: tuple[tuple[str, float], ...] = ()
    """By descending count, then the larger text first; without those that are no UTF-8."""

    @property
    def present(self) -> float:
        """The number of values that are not null."""
        return self.count


@dataclass(frozen=True)
class WeightCounts:
    """What a weight column holds."""

    total: float
    missing: int
    negative: int


@dataclass(frozen=True)
class Counts:
    """How many examples there are, and the counts of each series by its number."""

    examples: int
    numbers: Mapping[int, NumberCounts]
    texts: Mapping[int, TextCounts]
    types: Mapping[int, int | None] = field(default_factory=dict)
    """For columns of text: which type their values have, None where they are text."""
    weighted_numbers: Mapping[int, NumberCounts] = field(default_factory=dict)
    weighted_texts: Mapping[int, TextCounts] = field(default_factory=dict)
    weights: Mapping[int, WeightCounts] = field(default_factory=dict)
    """By the place of the weight column."""
    derived: Mapping[int, NumberCounts] = field(default_factory=dict)
    """Of each component of the features that the schema puts together, in their order."""


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
_TEXT_TOTALS = ("count", "distinct", "missing", "bytes", "minimum", "maximum", "invalid")


def read_counts(result: pa.Table) -> dict[str | None, Counts]:
    """Sort the rows of `collect.expression` out by slice (None without slices) and series."""
    examples = dict(_rows(result, Row.EXAMPLES, ("slice", "count")))
    numbers, weighted_numbers = (_numbers(result, weighted=flag) for flag in (False, True))
    texts, weighted_texts = (_texts(result, weighted=flag) for flag in (False, True))
    types = dict(_rows(result, Row.TYPE, ("series", "count")))
    weights: dict[str | None, dict[int, WeightCounts]] = {}
    told = ("slice", "series", "count", "missing", "invalid")
    for part, place, total, missing, negative in _rows(result, Row.WEIGHTS, told):
        found = WeightCounts(total or 0.0, int(missing or 0), int(negative or 0))
        weights.setdefault(part, {})[place] = found
    derived: dict[str | None, dict[int, NumberCounts]] = {}
    bounds = ("count", "missing", "minimum", "maximum")
    for part, place, *values in _rows(result, Row.DERIVED, ("slice", "series", *bounds)):
        derived.setdefault(part, {})[place] = NumberCounts(**_known(bounds, values))
    return {
        part: Counts(
            examples=int(count),
            numbers=numbers.get(part, {}),
            texts=texts.get(part, {}),
            types={place: None if each is None else int(each) for place, each in types.items()},
            weighted_numbers=weighted_numbers.get(part, {}),
            weighted_texts=weighted_texts.get(part, {}),
            weights=weights.get(part, {}),
            derived=derived.get(part, {}),
        )
        for part, count in examples.items()
    }


def _numbers(result: pa.Table, *, weighted: bool) -> dict[str | None, dict[int, NumberCounts]]:
    kept = ("slice", "series", "number", "cumulative", "count")
    ranks = _grouped(_rows(result, Row.NUMBER, kept, weighted=weighted))
    found: dict[str | None, dict[int, NumberCounts]] = {}
    totals = _rows(
        result, Row.NUMBER_TOTALS, ("slice", "series", *_NUMBER_TOTALS), weighted=weighted
    )
    for part, series, *values in totals:
        found.setdefault(part, {})[series] = NumberCounts(
            **{name: value + 0.0 for name, value in _known(_NUMBER_TOTALS, values).items()},
            ranks=_ranks(ranks.get((part, series), [])),
        )
    return found


def _ranks(rows: list[tuple[Any, ...]]) -> Ranks:
    """Sort values; those that were counted apart and are equal (1 and 1.0, 0 and -0) are one."""
    values: list[float] = []
    cumulative: list[float] = []
    own: list[float] = []
    for value, through, count in sorted(rows):
        if values and values[-1] == value:
            cumulative[-1] = max(cumulative[-1], through)
            own[-1] += count
            continue
        values.append(value + 0.0)  # -0.0 becomes 0.0
        cumulative.append(through)
        own.append(count)
    return Ranks(values, cumulative, own=own)


def _texts(result: pa.Table, *, weighted: bool) -> dict[str | None, dict[int, TextCounts]]:
    kept = ("slice", "series", "cumulative", "text", "count")
    top = _grouped(_rows(result, Row.TEXT, kept, weighted=weighted))
    digests = {} if weighted else _grouped(_rows(result, Row.DIGEST, ("slice", "series", "text")))
    found: dict[str | None, dict[int, TextCounts]] = {}
    totals = _rows(result, Row.TEXT_TOTALS, ("slice", "series", *_TEXT_TOTALS), weighted=weighted)
    for part, series, *values in totals:
        labels = tuple((text, count) for _, text, count in sorted(top.get((part, series), [])))
        least = tuple(sorted(row[0] for row in digests.get((part, series), [])))
        found.setdefault(part, {})[series] = TextCounts(
            **_known(_TEXT_TOTALS, values), top=labels, digests=least
        )
    return found


def _known(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def together(groups: Sequence[Mapping[str | None, Counts]], size: int) -> dict[str | None, Counts]:
    """Number the series of all groups in a row; each group but the last has `size` of them."""
    return {
        part: Counts(
            counts.examples,
            **{
                name: {
                    place * size + series: found
                    for place, group in enumerate(groups)
                    for series, found in getattr(group[part], name).items()
                }
                for name in ("numbers", "texts", "types", "weighted_numbers", "weighted_texts")
            },
            weights={
                series: found for group in groups for series, found in group[part].weights.items()
            },
            derived=counts.derived,
        )
        for part, counts in groups[0].items()
    }


def _rows(
    result: pa.Table, kind: int, columns: Sequence[str], *, weighted: bool = False
) -> list[tuple[Any, ...]]:
    import pyarrow.compute as pc

    wanted = pc.and_(pc.equal(result["kind"], kind), pc.equal(result["weighted"], weighted))
    part = result.filter(wanted)
    return list(zip(*(part[name].to_pylist() for name in columns), strict=True))


def _grouped(rows: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[tuple[Any, ...]]]:
    groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for part, series, *rest in rows:
        groups.setdefault((part, series), []).append(tuple(rest))
    return groups
