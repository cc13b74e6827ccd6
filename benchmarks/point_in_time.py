"""The bitemporal point-in-time join against a plain ASOF join, which ignores what was known when.

Data: 10,000 keys, 1,000,000 rows of 10 features in Parquet, 15% of them known late, 5% corrections
of an earlier row; 100,000 queries. Both ways run on one engine with the same settings.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measurement import Measurement, compare
from lineal.engine import EngineSettings, ParquetFiles, PointInTime, open_engine

if TYPE_CHECKING:
    import pyarrow as pa

    from lineal.engine import Engine

ROWS, KEYS, QUERIES, FEATURES = 1_000_000, 10_000, 100_000, 10
SPAN_SECONDS = 365 * 86_400
LOOKUP = PointInTime(
    keys={"entity": "entity"},
    query_time="moment",
    event_time="event",
    known_at="known",
    columns={f"feature_{i}": f"feature_{i}" for i in range(FEATURES)},
)
LIMIT = 1.5


def measure(repeats: int) -> list[Measurement]:
    """Time the join with and without a known-at column."""
    with tempfile.TemporaryDirectory() as place:
        settings = EngineSettings(temporary_directory=Path(place) / "spill")
        with closing(open_engine(settings)) as engine:
            queries, source = _data(engine, Path(place))
            _check(engine, queries, source)
            return _measured(engine, queries, source, repeats)


def peak_megabytes(lookup: PointInTime | None, queries: ParquetFiles, source: ParquetFiles) -> int:
    """Return the most memory that a process of its own holds for one join; None: plain ASOF."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (lookup, queries, source))


def _peak(lookup: PointInTime | None, queries: ParquetFiles, source: ParquetFiles) -> int:
    with closing(open_engine()) as engine:
        _drain(_joined(engine, lookup, queries, source))
    # Not getrusage: that of a child begins with the peak of its parent.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def _joined(
    engine: Engine, lookup: PointInTime | None, queries: ParquetFiles, source: ParquetFiles
) -> pa.RecordBatchReader:
    if lookup is None:
        return engine.sql(PLAIN, {"queries": queries, "rows": source})
    return engine.point_in_time(queries, [(source, lookup)])


def _measured(
    engine: Engine, queries: ParquetFiles, source: ParquetFiles, repeats: int
) -> list[Measurement]:
    by_event = PointInTime(
        keys=LOOKUP.keys, query_time="moment", event_time="event", columns=LOOKUP.columns
    )
    peer_peak = peak_megabytes(None, queries, source)
    return [
        compare(
            name,
            lambda lookup=lookup: _drain(_joined(engine, lookup, queries, source)),
            peer_name="DuckDB ASOF JOIN",
            peer=lambda: _drain(_joined(engine, None, queries, source)),
            repeats=repeats,
            limit_ratio=LIMIT,
            rows=ROWS,
            note=f"{note}; at most {peak_megabytes(lookup, queries, source)} MB, "
            f"peer {peer_peak} MB",
        )
        for name, lookup, note in (
            ("point in time, by event and known-at", LOOKUP, f"{QUERIES:,} queries, exact"),
            ("point in time, by event time", by_event, f"{QUERIES:,} queries, ties told apart"),
        )
    ]


PLAIN = (
    "SELECT asked.*, "
    + ", ".join(f"feature_{i}" for i in range(FEATURES))
    + " FROM queries AS asked ASOF LEFT JOIN rows ON asked.entity = rows.entity "
    "AND asked.moment >= rows.event"
)


def _drain(reader: pa.RecordBatchReader) -> int:
    return sum(batch.num_rows for batch in reader)


def _data(engine: Engine, place: Path) -> tuple[ParquetFiles, ParquetFiles]:
    """Write both sides, shuffled by hashes, so that every run has the same."""
    moment = "TIMESTAMPTZ '2013-01-01' + to_seconds({} % {span})"
    features = ", ".join(f"hash(i, {i}) / 2.0**64 AS feature_{i}" for i in range(FEATURES))
    event = moment.format("hash(original, 'event')", span=SPAN_SECONDS)
    late = f"to_seconds(hash(i, 'late') % {7 * 86_400})"
    rows = (
        f"SELECT hash(original, 'entity') % {KEYS} AS entity, {event} AS event, "
        f"CASE WHEN i <> original THEN {event} + {late} + INTERVAL 1 DAY "
        f"WHEN hash(i, 'is late') % 100 < 15 THEN {event} + {late} ELSE {event} END AS known, "
        f"i AS number, {features} FROM (SELECT range AS i, "
        "CASE WHEN hash(range, 'correction') % 100 < 5 THEN range // 2 ELSE range END AS original "
        f"FROM range({ROWS}))"
    )
    at = moment.format("hash(range, 'at')", span=SPAN_SECONDS)
    asked = f"SELECT hash(range, 'asked') % {KEYS} AS entity, {at} AS moment FROM range({QUERIES})"
    return _written(engine, asked, place / "queries"), _written(engine, rows, place / "rows")


def _written(engine: Engine, query: str, path: Path) -> ParquetFiles:
    import pyarrow.parquet as pq

    pq.write_table(engine.sql(query, {}).read_all(), path)
    return ParquetFiles((str(path),))


def _check(engine: Engine, queries: ParquetFiles, source: ParquetFiles) -> None:
    """Compare with the join over all pairs of a key, which is plainly right and slow."""
    ours = engine.point_in_time(queries, [(source, LOOKUP)]).read_all()
    assert ours.num_rows == QUERIES
    every = engine.sql(
        "SELECT asked.entity, asked.moment, "
        "max_by(feature_0, struct_pack(event, known, number)) AS feature_0 FROM queries AS asked "
        "LEFT JOIN rows ON asked.entity = rows.entity AND event <= moment AND known <= moment "
        "GROUP BY ALL ORDER BY ALL",
        {"queries": queries, "rows": source},
    ).read_all()
    distinct = ours.select(["entity", "moment", "feature_0"]).group_by(
        ["entity", "moment", "feature_0"]
    )
    found = distinct.aggregate([]).sort_by([("entity", "ascending"), ("moment", "ascending")])
    assert found["feature_0"].to_pylist() == every["feature_0"].to_pylist()
