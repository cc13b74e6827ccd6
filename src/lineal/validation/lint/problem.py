"""One thing that is wrong with a schema."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Problem", "error", "warning"]


@dataclass(frozen=True)
class Problem:
    """A contradiction (ERROR), or a rule that does other than it seems to (WARNING)."""

    path: str
    """The feature; empty for the schema as a whole."""
    severity: str
    rule: str
    """The field of the proto that it is about."""
    reason: str
    remedy: str

    def __str__(self) -> str:
        """Tell it in one line."""
        about = f"{self.path}: " if self.path else ""
        return f"{self.severity} {about}{self.rule}: {self.reason}; {self.remedy}"


def error(path: str, rule: str, reason: str, remedy: str) -> Problem:
    """Return a contradiction."""
    return Problem(path, "ERROR", rule, reason, remedy)


def warning(path: str, rule: str, reason: str, remedy: str) -> Problem:
    """Return a rule that does other than it seems to."""
    return Problem(path, "WARNING", rule, reason, remedy)
