"""The versions of a schema: logged, blamed, and updated from what data is like."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import (
    EventType,
    ExecutionType,
    Output,
    PropertyType,
    format_name,
    parse_target,
)
from lineal.validation.evolution import (
    Compatibility,
    Proposal,
    apply_proposals,
    judged_changes,
    proposals,
)
from lineal.validation.evolution import compatibility as compatibility_of
from lineal.workspace.checking import as_statistics, keep, put, stored
from lineal.workspace.recorded import SCHEMA, RecordedSchema, recorded
from lineal.workspace.resolving import load, resolve
from lineal.workspace.schema_versions import told_of_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from lineal.metadata import Execution, VersionRow
    from lineal.validation import Schema, StatisticsOptions
    from lineal.validation.differences import SchemaChange
    from lineal.workspace.workspace import Workspace

__all__ = ["Blame", "SchemaVersion", "Schemas"]

_UPDATE_VERB = ExecutionType(
    "lineal.update_schema",
    {"accepted": PropertyType.STRING, "rejected": PropertyType.STRING},
    base="mlmd.Process",
)


@dataclass(frozen=True)
class SchemaVersion:
    """One version of a schema, and how it came to be."""

    ref: str
    number: int
    time: datetime
    author: str
    reason: str
    execution: str
    """What made it: `execution/12`."""
    verb: str
    compatibility: Compatibility | None
    """What it is to the version before it; None for the first."""
    changes: tuple[tuple[SchemaChange, Compatibility], ...]


@dataclass(frozen=True)
class Blame:
    """One rule that holds now, and the version that set it as it is."""

    feature: str
    """Empty for a rule of the schema as a whole."""
    rule: str
    value: str
    version: SchemaVersion


class Schemas:
    """The verbs on named schemas of a workspace; `name` is as everywhere, `schema/ops.flights`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def save(self, schema: Schema, name: str, *, reason: str = "") -> RecordedSchema:
        """Keep `schema` as the next version of `name`; `reason` is told by its log."""
        kept = keep(self._workspace, schema, parse_target(name), reason=reason)
        if not isinstance(kept, RecordedSchema):
            raise InvalidInput(f"{kept.ref} is no schema")
        return kept

    def log(self, name: str) -> list[SchemaVersion]:
        """Return the versions of a schema, newest first."""
        return [version for version, _ in self._versions(name)][::-1]

    def blame(self, name: str, feature: str | None = None) -> list[Blame]:
        """Return for each rule that holds now which version set it so, and by whom and why."""
        versions = self._versions(name)
        newest = versions[-1][1]
        if feature is not None:
            _ = newest[feature]  # NotFound suggests the one that was meant
        set_by: dict[tuple[str, str], Blame] = {}
        for version, schema in versions:
            rules = {(feature, rule): value for feature, rule, value in schema.rules()}
            for key, value in rules.items():
                known = set_by.get(key)
                if known is None or known.value != value:
                    set_by[key] = Blame(*key, value, version)
            for key in [key for key in set_by if key not in rules]:
                del set_by[key]
        order = {(name, rule): number for number, (name, rule, _) in enumerate(newest.rules())}
        return [
            set_by[key]
            for key in sorted(set_by, key=order.__getitem__)
            if feature is None or key[0] == feature
        ]

    def proposals(
        self, name: str, data: object, *, options: StatisticsOptions | None = None
    ) -> list[Proposal]:
        """Return what the schema would have to change for `data` to satisfy it, by feature."""
        return proposals(self._newest(name), as_statistics(self._workspace, data, options=options))

    def update(
        self,
        name: str,
        data: object,
        *,
        accept: Iterable[str] | Callable[[Proposal], bool] | None = None,
        edit: Callable[[Schema], None] | None = None,
        reason: str = "",
        options: StatisticsOptions | None = None,
    ) -> RecordedSchema:
        """Take proposals from `data` and keep the result as the next version; it is recorded.

        `accept` says which: names of features and types of anomalies, or a function of the
        proposal; None takes all. `edit` may change the result before it is kept.
        """
        workspace, before = self._workspace, self._newest(name)
        statistics = as_statistics(workspace, data, options=options)
        found = proposals(before, statistics)
        taken = [proposal for proposal in found if _accepts(accept, proposal, found)]
        left = [proposal for proposal in found if proposal not in taken]
        schema = apply_proposals(before, taken)
        if edit is not None:
            edit(schema)
        with workspace.recorder.run(
            _UPDATE_VERB,
            inputs={
                "schema": [stored(workspace, before)],
                "statistics": [stored(workspace, statistics)],
            },
            parameters={
                "accepted": json.dumps([proposal.name for proposal in taken]),
                "rejected": json.dumps([proposal.name for proposal in left]),
            },
            outputs=[Output("schema", SCHEMA, before.version.name or parse_target(name))],
        ) as running:
            why = reason or "data has " + ", ".join(
                sorted({kind for proposal in taken for kind in proposal.types}) or ["no anomaly"]
            )
            running.note(**told_of_schema(workspace, running, "schema", schema, why))
            put(workspace, running, "schema", SCHEMA, schema)
        version = resolve(workspace, f"artifact/{running.artifacts['schema'].id}")
        kept = recorded(workspace, version)
        if not isinstance(kept, RecordedSchema):
            raise InvalidInput(f"{version.ref} is no schema")
        return kept

    def _newest(self, name: str) -> RecordedSchema:
        found = load(self._workspace, name)
        if not isinstance(found, RecordedSchema):
            raise InvalidInput(f"{name} is no schema; 'lineal schema infer' makes one")
        return found

    def _versions(self, name: str) -> list[tuple[SchemaVersion, Schema]]:
        """Return the versions of a name that are schemas, oldest first, each with its content."""
        rows = self._newest(name).versions
        found: list[tuple[SchemaVersion, Schema]] = []
        for row in rows:
            value = recorded(self._workspace, resolve(self._workspace, _ref(row)))
            if isinstance(value, RecordedSchema):
                before = found[-1][1] if found else None
                found.append((self._version(row, value, before), value))
        if not found:
            raise NotFound(f"{name} has no version that is a schema")
        return found

    def _version(self, row: VersionRow, value: Schema, before: Schema | None) -> SchemaVersion:
        made = self._maker(row.artifact_id)
        return SchemaVersion(
            ref=_ref(row),
            number=row.number,
            time=row.committed,
            author="" if made is None else str(made.get("author") or ""),
            reason="" if made is None else str(made.get("reason") or ""),
            execution="" if made is None else f"execution/{made.id}",
            verb="" if made is None else made.type.removeprefix("lineal."),
            compatibility=None if before is None else compatibility_of(before, value),
            changes=() if before is None else tuple(judged_changes(before, value)),
        )

    def _maker(self, artifact_id: int) -> Execution | None:
        store = self._workspace.store
        made = [
            event.execution_id
            for event in store.events(artifact_ids=[artifact_id])
            if event.type == EventType.OUTPUT
        ]
        return store.executions(ids=made[:1])[0] if made else None


def _ref(row: VersionRow) -> str:
    return format_name(row.name, row.number)


def _accepts(
    accept: Iterable[str] | Callable[[Proposal], bool] | None,
    proposal: Proposal,
    found: list[Proposal],
) -> bool:
    if accept is None:
        return True
    if callable(accept):
        return accept(proposal)
    wanted = {accept} if isinstance(accept, str) else set(accept)
    known = {
        "all",
        *(each.name for each in found),
        *(kind for each in found for kind in each.types),
    }
    for text in wanted - known:
        raise NotFound.among(
            "there is no proposal for", text, known, remedy=f"there are {', '.join(sorted(known))}"
        )
    return bool(wanted & {"all", proposal.name, *proposal.types})
