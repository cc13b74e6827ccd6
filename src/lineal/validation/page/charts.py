"""Draw distributions as inline SVG, one data set or several over each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.validation.page.text import escaped, percent, plain, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.validation.results import FeatureStatistics, HistogramBucket

__all__ = ["COLORS", "distribution"]

COLORS = 8
"""Data sets that have a colour of their own in the style sheet; then they repeat."""

_WIDTH, _HEIGHT, _STRIP = 420, 112, 9
_ROW, _MOST_TEXTS, _LABEL = 17, 8, 128


def distribution(name: str, features: Sequence[tuple[int, str, FeatureStatistics]]) -> str:
    """Draw one feature of the data sets given as (colour, data set, its statistics)."""
    numbers = [each for each in features if _finite(each[2])]
    if numbers:
        return _numbers(name, numbers)
    texts = [each for each in features if each[2].ranks]
    return _texts(name, texts) if texts else '<p class="none">no values</p>'


@dataclass(frozen=True)
class _Scale:
    """Where a number lies on the chart."""

    low: float
    high: float

    def x(self, value: float) -> float:
        if self.high == self.low:
            return _WIDTH / 2
        return (value - self.low) / (self.high - self.low) * _WIDTH


def _finite(feature: FeatureStatistics) -> list[HistogramBucket]:
    histogram = feature.standard_histogram
    buckets = histogram.buckets if histogram is not None else ()
    return [each for each in buckets if math.isfinite(each.low) and math.isfinite(each.high)]


def _numbers(name: str, features: Sequence[tuple[int, str, FeatureStatistics]]) -> str:
    found = {color: _finite(feature) for color, _, feature in features}
    scale = _Scale(
        min(buckets[0].low for buckets in found.values()),
        max(buckets[-1].high for buckets in found.values()),
    )
    tallest = max(
        (height for buckets in found.values() for height in _heights(buckets, scale)), default=1.0
    )
    shapes = []
    for place, (color, data, feature) in enumerate(features):
        draw = _bars if len(features) == 1 else _outline
        shapes.append(draw(found[color], scale, tallest or 1.0, color, data, feature))
        shapes.append(_deciles(feature, scale, color, _HEIGHT + 4 + place * (_STRIP + 3)))
    bottom = _HEIGHT + 4 + len(features) * (_STRIP + 3)
    first = features[0][2]
    low, high = (plain(first.value_of(number)) for number in (scale.low, scale.high))
    axis = (
        f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}"/>'
        f'<text x="0" y="{bottom + 12}">{escaped(low)}</text>'
    )
    if scale.high > scale.low:
        axis += f'<text x="{_WIDTH}" y="{bottom + 12}" class="end">{escaped(high)}</text>'
    return _svg(f"distribution of {name}, from {low} to {high}", bottom + 16, *shapes, axis)


def _heights(buckets: Sequence[HistogramBucket], scale: _Scale) -> list[float]:
    """Return the height of each bucket so that areas are shares, whatever the widths."""
    total = sum(each.count for each in buckets) or 1.0
    whole = (scale.high - scale.low) or 1.0
    return [each.count / total / (((each.high - each.low) or whole) / whole) for each in buckets]


def _bars(
    buckets: Sequence[HistogramBucket],
    scale: _Scale,
    tallest: float,
    color: int,
    data: str,
    feature: FeatureStatistics,
) -> str:
    total = sum(each.count for each in buckets)
    bars = []
    for bucket, share in zip(buckets, _heights(buckets, scale), strict=True):
        height = share / tallest * (_HEIGHT - 4)
        left, right = scale.x(bucket.low), scale.x(bucket.high)
        if bucket.low == bucket.high:
            left, right = _WIDTH / 2 - 14, _WIDTH / 2 + 14
        low, high = (plain(feature.value_of(number)) for number in (bucket.low, bucket.high))
        hint = f"{data} {low} to {high}: {bucket.count:,.0f} ({percent(bucket.count, total)})"
        bars.append(
            f'<rect class="bar c{color}" x="{left + 0.5:.1f}" y="{_HEIGHT - height:.1f}" '
            f'width="{max(right - left - 1, 1):.1f}" height="{height:.1f}">'
            f"<title>{escaped(hint)}</title></rect>"
        )
    return "".join(bars)


def _outline(
    buckets: Sequence[HistogramBucket],
    scale: _Scale,
    tallest: float,
    color: int,
    data: str,
    feature: FeatureStatistics,  # noqa: ARG001
) -> str:
    points = []
    for bucket, share in zip(buckets, _heights(buckets, scale), strict=True):
        y = _HEIGHT - share / tallest * (_HEIGHT - 4)
        left, right = scale.x(bucket.low), scale.x(bucket.high)
        if bucket.low == bucket.high:
            left, right = max(left - 3, 0), min(right + 3, _WIDTH)
        points += [f"{left:.1f},{y:.1f}", f"{right:.1f},{y:.1f}"]
    start, end = points[0].split(",")[0], points[-1].split(",")[0]
    line = " ".join([f"{start},{_HEIGHT}", *points, f"{end},{_HEIGHT}"])
    return (
        f'<polyline class="line c{color}" points="{line}"><title>{escaped(data)}</title></polyline>'
    )


def _deciles(feature: FeatureStatistics, scale: _Scale, color: int, y: int) -> str:
    """Draw where the middle 80 % of the values lie, and a tick at the median."""
    histogram = feature.quantiles_histogram
    buckets = histogram.buckets if histogram is not None else ()
    if len(buckets) < 2:
        return ""
    bounds = [buckets[0].low, *(each.high for each in buckets)]
    low, middle, high = bounds[1], bounds[len(bounds) // 2], bounds[-2]
    if not all(math.isfinite(each) for each in (low, middle, high)):
        return ""
    left, at, right = scale.x(low), scale.x(middle), scale.x(high)
    texts = [plain(feature.value_of(number)) for number in (low, high, middle)]
    hint = f"80% between {texts[0]} and {texts[1]}, median {texts[2]}"
    return (
        f'<g class="strip c{color}"><title>{escaped(hint)}</title>'
        f'<rect x="0" y="{y + _STRIP / 2 - 0.5}" width="{_WIDTH}" height="1"/>'
        f'<rect x="{left:.1f}" y="{y}" width="{max(right - left, 2):.1f}" height="{_STRIP}"/>'
        f'<rect class="median" x="{at - 1:.1f}" y="{y}" width="2" height="{_STRIP}"/></g>'
    )


def _texts(name: str, features: Sequence[tuple[int, str, FeatureStatistics]]) -> str:
    shares = {
        color: {each.value: each.count / (feature.num_values or 1) for each in feature.ranks}
        for color, _, feature in features
    }
    weight: dict[str, float] = {}
    for each in shares.values():
        for label, share in each.items():
            weight[label] = max(weight.get(label, 0.0), share)
    labels = sorted(weight, key=lambda label: -weight[label])[:_MOST_TEXTS]
    largest = max(weight[label] for label in labels) or 1.0
    row = max(_ROW, 5 * len(features) + 5)
    shapes = []
    for place, label in enumerate(labels):
        top = place * row
        shapes.append(
            f'<text x="{_LABEL - 8}" y="{top + row / 2 + 3.5:.1f}" class="end">'
            f"{escaped(shortened(label, 18))}<title>{escaped(label)}</title></text>"
        )
        thickness = (row - 5) / len(features)
        for number, (color, data, _) in enumerate(features):
            share = shares[color].get(label, 0.0)
            width = share / largest * (_WIDTH - _LABEL - 48)
            y = top + 2 + number * thickness
            shapes.append(
                f'<rect class="bar c{color}" x="{_LABEL}" y="{y:.1f}" width="{width:.1f}" '
                f'height="{thickness:.1f}">'
                f"<title>{escaped(f'{data} {label}: {percent(share, 1.0)}')}</title></rect>"
            )
        if len(features) == 1:
            shapes.append(
                f'<text x="{_LABEL + width + 5:.1f}" y="{top + row / 2 + 3.5:.1f}">'
                f"{percent(share, 1.0)}</text>"
            )
    height = len(labels) * row
    rest = max(feature.unique or 0 for _, _, feature in features) - len(labels)
    if rest > 0:
        shapes.append(f'<text x="{_LABEL}" y="{height + 12}" class="more">and {rest:,} more</text>')
        height += 16
    return _svg(f"most frequent values of {name}", height, *shapes)


def _svg(label: str, height: float, *shapes: str) -> str:
    return (
        f'<svg viewBox="-2 -2 {_WIDTH + 4} {height + 4:.0f}" role="img" '
        f'aria-label="{escaped(label)}">{"".join(shapes)}</svg>'
    )
