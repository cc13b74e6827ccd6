"""What an upgrade or a downgrade did, or would do."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Loss", "Migration", "Step"]


@dataclass(frozen=True)
class Loss:
    """Values or rows that a step has no place for."""

    what: str
    rows: int


@dataclass(frozen=True)
class Step:
    """The way from one version to its neighbour: what it runs, and how many rows it copies."""

    start: int
    end: int
    summary: str
    statements: tuple[str, ...]
    copied_rows: int = 0
    lost: tuple[Loss, ...] = ()


@dataclass(frozen=True)
class Migration:
    """A whole way between two versions of ML Metadata's schema, gone or (`dry_run`) only planned.

    `notes` says what happens to everything else in the database.
    """

    database: str
    backend: str
    start: int
    end: int
    dry_run: bool
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lost(self) -> tuple[Loss, ...]:
        """What all steps together have no place for."""
        return tuple(loss for step in self.steps for loss in step.lost)
