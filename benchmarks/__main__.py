"""Run the benchmarks, print one table of ratios, and keep the numbers as JSON.

python -m benchmarks                      all, each module in a process of its own
python -m benchmarks statistics           just one, in this process
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measurement import Measurement

MODULES = ("statistics", "ingest", "point_in_time", "metadata", "metadata_growth", "recorder")
RESULTS = Path(__file__).parent / "results"
COMPARED = ("lineal", "duckdb", "pyarrow", "pandas", "pyiceberg", "ibis-framework")


def main() -> int:
    """Run what the command line asks for; return 1 where a ratio is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("module", nargs="?", choices=MODULES, help="only this one")
    parser.add_argument("--repeats", type=int, default=3, help="turns each way takes (default: 3)")
    parser.add_argument("--json", type=Path, help="write the measurements of one module here")
    asked = parser.parse_args()
    if asked.module:
        measurements = import_module(f"benchmarks.{asked.module}").measure(asked.repeats)
    else:
        measurements = [
            measurement
            for module in MODULES
            for measurement in measured_apart(module, repeats=asked.repeats)
        ]
        print(f"kept as {keep(measurements, repeats=asked.repeats)}")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(measurement) for measurement in measurements]))
    else:
        Console(width=None if sys.stdout.isatty() else 160).print(table(measurements))
    return 0 if all(measurement.within_limit for measurement in measurements) else 1


def measured_apart(module: str, *, repeats: int) -> list[Measurement]:
    """Run one module in a fresh process, so that none inherits another's warm caches."""
    print(f"{module} ...", file=sys.stderr)
    with tempfile.TemporaryDirectory() as place:
        found = Path(place) / "measurements.json"
        command = [sys.executable, "-m", "benchmarks", module]
        done = subprocess.run(
            [*command, "--repeats", str(repeats), "--json", str(found)],
            cwd=Path(__file__).parents[1],
            check=False,
        )
        if not found.exists():
            sys.exit(f"{' '.join(command)} failed with exit code {done.returncode}")
        return [Measurement(**fields) for fields in json.loads(found.read_text())]


def table(measurements: list[Measurement]) -> Table:
    """Lay the measurements out, a line each."""
    drawn = Table(title="Lineal against its peers (ratio below 1: Lineal is faster)")
    drawn.add_column("job", overflow="fold")
    drawn.add_column("rows", justify="right")
    drawn.add_column("Lineal s", justify="right")
    drawn.add_column("peer", overflow="fold")
    drawn.add_column("peer s", justify="right")
    drawn.add_column("ratio", justify="right")
    drawn.add_column("of CPU", justify="right")
    drawn.add_column("limit", justify="right")
    drawn.add_column("note", overflow="fold")
    for one in measurements:
        drawn.add_row(
            one.name,
            f"{one.rows:,}" if one.rows is not None else "",
            _told(one.ours_seconds),
            one.peer_name,
            _told(one.peer_seconds),
            f"{one.ratio:.2f}",
            f"{one.cpu_ratio:.2f}" if one.cpu_ratio is not None else "",
            f"{one.limit_ratio:.2f}" if one.limit_ratio is not None else "",
            one.note,
            style=None if one.within_limit else "bold red",
        )
    return drawn


def _told(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds >= 1 else f"{seconds:.3g}"


def keep(measurements: list[Measurement], *, repeats: int) -> Path:
    """Write what was measured, where and with which releases, as one JSON file."""
    now = datetime.now(UTC)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    document = {
        "measured_at": now.isoformat(),
        "repeats": repeats,
        "python": platform.python_version(),
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
        "releases": {name: version(name) for name in COMPARED},
        "measurements": [
            {**asdict(one), "ratio": one.ratio, "within_limit": one.within_limit}
            for one in measurements
        ],
    }
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
