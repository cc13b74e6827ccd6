"""Write the path of a feature as one text, the way anomalies and domains are keyed by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["serialized"]


def serialized(steps: Sequence[str]) -> str:
    """Join the steps by dots; one that could be misread is put in single quotes.

    >>> serialized(["trip", "dest"]), serialized(["it's"]), serialized(["(p)"])
    ('trip.dest', "'it''s'", '(p)')
    """
    return ".".join(_step(step) for step in steps)


def _step(step: str) -> str:
    if not step:
        return "''"
    inner = step[1:-1] if step.startswith("(") and step.endswith(")") and len(step) > 1 else step
    if not any(character in inner for character in ".()'"):
        return step
    return "'" + step.replace("'", "''") + "'"
