"""Keep a state as one Parquet file: counts as columns, and what they are of in its metadata."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from lineal.errors import Corrupt, IncompatibleVersion, NotFound
from lineal.validation.files import written_whole
from lineal.validation.options import StatisticsOptions
from lineal.validation.slices import Slice
from lineal.validation.state import StatisticsState
from lineal.validation.stats.counts import Counts, NumberCounts, TextCounts, WeightCounts
from lineal.validation.stats.derived import Derived
from lineal.validation.stats.histograms import Ranks
from lineal.validation.stats.plan import FeaturePlan, Kind, Reading, Step, Way
from lineal.validation.stats.series import Measure, Series

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read_state", "write_state"]

_VERSION = 1
_FORMAT = b"lineal.statistics_state"
_SCHEMA = pa.schema(
    [
        ("slice", pa.string()),
        ("table", pa.string()),
        ("series", pa.int32()),
        ("totals", pa.string()),
        ("values", pa.list_(pa.float64())),
        ("texts", pa.list_(pa.string())),
        ("digests", pa.list_(pa.string())),
        ("cumulative", pa.list_(pa.float64())),
        ("upper", pa.list_(pa.float64())),
        ("own", pa.list_(pa.float64())),
    ]
)
_KEPT_OPTIONS = (
    "weight", "sample_rate", "seed", "num_top_values", "num_rank_histogram_buckets",
    "num_values_histogram_buckets", "num_histogram_buckets", "num_quantiles_histogram_buckets",
    "frequency_threshold", "weighted_frequency_threshold",
)  # fmt: skip
_LISTS = {"ranks", "top", "digests"}


def write_state(state: StatisticsState, path: Path) -> Path:
    """Write the state as one file, never half of it."""
    told = {
        "version": _VERSION,
        "series": [_told_series(each) for each in state.series],
        "options": {name: getattr(state.options, name) for name in _KEPT_OPTIONS},
        "derived": [asdict(each) for each in state.derived],
        "weights": dict(state.options.weights),
        "slices": [asdict(each) for each in state.options.slices],
    }
    table = pa.Table.from_pylist(list(_rows(state)), schema=_SCHEMA)
    table = table.replace_schema_metadata({_FORMAT: json.dumps(told).encode()})
    with written_whole(path) as file:
        pq.write_table(table, file, compression="zstd")
    return path


def read_state(path: Path) -> StatisticsState:
    """Read what `write_state` wrote.

    Raises `NotFound`, `Corrupt` for a file that is damaged or something else, and
    `IncompatibleVersion` for one of a later release.
    """
    if not path.exists():
        raise NotFound(f"no statistics state at {path}")
    try:
        table = pq.read_table(path)
        told = json.loads((table.schema.metadata or {}).get(_FORMAT, b"null"))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Corrupt(f"{path} is damaged, or no statistics state: {error}") from error
    if told is None:
        raise Corrupt(
            f"{path} is a Parquet file but no statistics state; StatisticsState.save writes one"
        )
    if told.get("version") != _VERSION:
        raise IncompatibleVersion(
            f"{path} is a statistics state of version {told.get('version')}, and this release "
            f"reads version {_VERSION}; read it with the release that wrote it, or compute it again"
        )
    try:
        return _state(table, told)
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise Corrupt(f"{path} is a statistics state with damaged contents: {error}") from error


def _rows(state: StatisticsState) -> Iterator[dict[str, Any]]:
    for name, counts in state.parts.items():
        yield {"slice": name, "table": "examples", "totals": json.dumps({"n": counts.examples})}
        for place, weight in counts.weights.items():
            totals = json.dumps(asdict(weight))
            yield {"slice": name, "table": "weights", "series": place, "totals": totals}
        for table in ("numbers", "weighted_numbers", "texts", "weighted_texts", "derived"):
            for place, found in getattr(counts, table).items():
                own = {"slice": name, "table": table, "series": place}
                yield {**own, **_row(found)}


def _row(found: NumberCounts | TextCounts) -> dict[str, Any]:
    totals = {
        field.name: getattr(found, field.name)
        for field in fields(found)
        if field.name not in _LISTS
    }
    row: dict[str, Any] = {"totals": json.dumps(totals)}
    if isinstance(found, TextCounts):
        row["texts"] = [text for text, _ in found.top]
        row["values"] = [count for _, count in found.top]
        row["digests"] = found.digests
        return row
    row["values"], row["cumulative"] = found.ranks.values, found.ranks.cumulative
    row["upper"], row["own"] = found.ranks.upper, found.ranks.own
    return row


def _state(table: pa.Table, told: dict[str, Any]) -> StatisticsState:
    parts: dict[str | None, dict[str, Any]] = {}
    for row in table.to_pylist():
        part = parts.setdefault(row["slice"], {})
        totals = json.loads(row["totals"])
        if row["table"] == "examples":
            part["examples"] = totals["n"]
            continue
        if row["table"] == "weights":
            found: Any = WeightCounts(**totals)
        elif row["table"].endswith("texts"):
            top = tuple(zip(row["texts"], row["values"], strict=True))
            found = TextCounts(**totals, top=top, digests=tuple(row["digests"]))
        else:
            ranks = Ranks(row["values"], row["cumulative"], own=row["own"], upper=row["upper"])
            found = NumberCounts(**totals, ranks=ranks)
        part.setdefault(row["table"], {})[row["series"]] = found
    slices = tuple(
        Slice(
            features=tuple(each["features"]),
            values=tuple((name, tuple(values)) for name, values in each["values"]),
            condition=None if each["condition"] is None else tuple(each["condition"]),
            keys=each["keys"],
        )
        for each in told["slices"]
    )
    options = StatisticsOptions(**told["options"], weights=told["weights"], slices=slices)
    series = tuple(_series(each) for each in told["series"])
    counts = {name: Counts(**{"numbers": {}, "texts": {}, **part}) for name, part in parts.items()}
    derived = tuple(
        Derived(each["name"], tuple(each["components"]), each["is_sparse"])
        for each in told["derived"]
    )
    return StatisticsState(series, counts, options, derived)


def _told_series(each: Series) -> dict[str, Any]:
    plan = each.plan
    return {
        "path": plan.path,
        "kind": plan.kind.value,
        "reading": plan.reading.value,
        "steps": [[step.way.value, step.name] for step in plan.steps],
        "depth": plan.depth,
        "is_map": plan.is_map,
        "is_opaque": plan.is_opaque,
        "domain_info": plan.domain_info,
        "measure": each.measure.value,
        "level": each.level,
        "weight": each.weight,
    }


def _series(told: dict[str, Any]) -> Series:
    plan = FeaturePlan(
        tuple(told["path"]),
        Kind(told["kind"]),
        Reading(told["reading"]),
        tuple(Step(Way(way), name) for way, name in told["steps"]),
        told["depth"],
        is_opaque=told["is_opaque"],
        is_map=told["is_map"],
        domain_info=told["domain_info"],
    )
    return Series(plan, Measure(told["measure"]), told["level"], told["weight"])
