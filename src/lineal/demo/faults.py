"""What goes wrong in real life: December's delivery once more, each time with one fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["FAULTS", "SERVING", "Fault", "deliver_faults"]

_KILOMETRES = 1.609344
_KNOWN_LATER = (b"dep_time", b"dep_delay", b"arr_time", b"arr_delay", b"air_time")

Rows = list[list[bytes]]


@dataclass(frozen=True)
class Fault:
    """A fault: how its file is called, what happened, and how it gets into the rows."""

    file: str
    story: str
    spoil: Callable[[list[bytes], Rows], None]


def _rename(header: list[bytes], _rows: Rows) -> None:
    header[header.index(b"tailnum")] = b"tail_number"


def _new_carrier(header: list[bytes], rows: Rows) -> None:
    carrier = header.index(b"carrier")
    for row in rows[::50]:
        row[carrier] = b"ZZ"


def _negate(header: list[bytes], rows: Rows) -> None:
    distance = header.index(b"distance")
    for row in rows[::200]:
        row[distance] = b"-" + row[distance]


def _in_kilometres(header: list[bytes], rows: Rows) -> None:
    distance = header.index(b"distance")
    for row in rows:
        row[distance] = b"%d" % round(int(row[distance]) * _KILOMETRES)


def _before_departure(header: list[bytes], rows: Rows) -> None:
    """Keep what is known before a flight departs: what a model is asked with."""
    kept = [index for index, name in enumerate(header) if name not in _KNOWN_LATER]
    rows[:] = [[row[index] for index in kept] for row in rows[:500]]
    header[:] = [header[index] for index in kept]


FAULTS = (
    Fault("flights-2013-12-renamed.csv", "a column was renamed at the source", _rename),
    Fault("flights-2013-12-carrier.csv", "an airline appears that nobody knows", _new_carrier),
    Fault("flights-2013-12-negative.csv", "some distances are negative", _negate),
    Fault("flights-2013-12-kilometres.csv", "distances come in kilometres now", _in_kilometres),
)
SERVING = Fault(
    "flights-to-predict.csv",
    "flights to predict: their delays are not known yet",
    _before_departure,
)


def deliver_faults(december: Path) -> dict[str, Path]:
    """Write the spoiled files beside December's, those that are not there yet; by file name."""
    header, *lines = december.read_bytes().splitlines()
    delivered: dict[str, Path] = {}
    for fault in (*FAULTS, SERVING):
        target = december.with_name(fault.file)
        delivered[fault.file] = target
        if target.exists():
            continue
        names, rows = header.split(b","), [line.split(b",") for line in lines]
        if any(len(row) != len(names) for row in rows):
            raise InvalidInput(f"{december} has rows that its header does not fit")
        fault.spoil(names, rows)
        temporary = target.with_name(f".{target.name}.part")
        temporary.write_bytes(b"\n".join(b",".join(row) for row in [names, *rows]) + b"\n")
        temporary.replace(target)
    return delivered
