"""What the demonstration made and found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lineal.features import OnlineReply
    from lineal.metadata import Lineage
    from lineal.pipeline import RunResult
    from lineal.workspace import RecordedReport

__all__ = ["Outcome"]


@dataclass(frozen=True)
class Outcome:
    """What the demonstration made and found."""

    workspace: Path
    page: Path
    year: RunResult
    faults: RunResult
    reports: dict[str, RecordedReport]
    lineage: Lineage
    reply: OnlineReply
    known_in_march: list[dict[str, object]]
    metrics: str
