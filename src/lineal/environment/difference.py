"""Tell how two environments differ, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.environment.capture import Environment

__all__ = ["Change", "diff"]

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Change:
    """One thing that differs: what, before, after; None where it was not there.

    As text it shows of a content's SHA-256 the beginning.
    """

    what: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        before, after = _shown(self.before), _shown(self.after)
        if before is None:
            return f"{self.what} {after} added"
        if after is None:
            return f"{self.what} {before} removed"
        if self.before == self.after:
            return f"{self.what} {before} built anew"
        return f"{self.what} {before} → {after}"


def diff(before: Environment, after: Environment) -> tuple[Change, ...]:
    """Return what differs from `before` to `after`: interpreter, distributions, platform, git."""
    changes = [
        Change(f"interpreter {field.name}", old, new)
        for field in fields(before.interpreter)
        if (old := getattr(before.interpreter, field.name))
        != (new := getattr(after.interpreter, field.name))
    ]
    changes += _of_distributions(before, after)
    for what, old, new in (
        ("platform", before.platform, after.platform),
        ("git", _git(before), _git(after)),
    ):
        if old != new:
            changes.append(Change(what, old, new))
    return tuple(changes)


def _shown(value: str | None) -> str | None:
    return value[:12] if value is not None and _SHA256.fullmatch(value) else value


def _of_distributions(before: Environment, after: Environment) -> list[Change]:
    old = {one.name: one for one in before.distributions}
    new = {one.name: one for one in after.distributions}
    return [
        Change(
            name,
            old[name].version if name in old else None,
            new[name].version if name in new else None,
        )
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def _git(environment: Environment) -> str | None:
    state = environment.git
    if state is None:
        return None
    return f"{state.commit[:12] or 'no commit'}{' with changes' if state.dirty else ''}"
