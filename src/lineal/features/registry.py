"""Definitions in the graph: record them, list them, find the ones that a name or object means."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.features.definitions import Entity, FeatureService, FeatureView, Role
from lineal.features.references import row_of
from lineal.features.resolving import (
    Change,
    ChangeKind,
    resolve_view,
    source_text,
    what_changed,
)
from lineal.features.specs import (
    EntitySpec,
    ServiceSpec,
    Spec,
    ViewSpec,
    ViewUse,
    content_of,
    parse_spec,
    text_of,
)
from lineal.features.types import DEFINE, ENTITY, SERVICE, VIEW
from lineal.metadata.names import format_name
from lineal.metadata.outputs import Made, Output
from lineal.metadata.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lineal.features.tables import Tables
    from lineal.lake import ObjectStore
    from lineal.metadata.model import Artifact, ArtifactType, Value
    from lineal.metadata.recorder import Recorder
    from lineal.metadata.store import Store, VersionRow

__all__ = ["Chosen", "Definable", "Defined", "FeatureDefinition", "Readable", "Reading", "Registry"]

Definable = Entity | FeatureView | Role | FeatureService
"""What can be defined; a view brings its entities, a service its views."""
Readable = str | FeatureService | FeatureView | Role
"""What can be read: a service or view, or the name of one (`delay`, `weather@2`)."""

_KINDS = {ENTITY.name: "entity", VIEW.name: "view", SERVICE.name: "service"}


class FeatureDefinition(Version):
    """One recorded version of an entity, a view or a service."""

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        artifact: Artifact,
        row: VersionRow | None,
        *,
        objects: ObjectStore,
    ) -> None:
        super().__init__(store, recorder, artifact, row)
        self._objects = objects

    @property
    def kind(self) -> str:
        """`entity`, `view` or `service`."""
        return _KINDS[self.artifact.type]

    @cached_property
    def spec(self) -> Spec:
        """What was defined."""
        return parse_spec(self._objects.read(self.content).decode(), ref=self.ref)

    @property
    def source(self) -> str:
        """The text of a computed view's function when it was defined; for reading only."""
        return str(self.artifact.get("source", ""))

    def describe(self) -> dict[str, object]:
        """Return what is known of this definition, in plain values."""
        return {**super().describe(), "kind": self.kind, "definition": self.spec.to_fields()}


@dataclass(frozen=True)
class Defined:
    """What `define` did, or with `dry_run` would do."""

    changes: tuple[Change, ...]
    versions: Mapping[str, FeatureDefinition] = field(default_factory=dict)
    """By name; empty after a dry run."""

    @property
    def changed(self) -> bool:
        """Whether anything is new."""
        return any(change.kind is not ChangeKind.UNCHANGED for change in self.changes)

    def __str__(self) -> str:
        return "\n".join(str(change) for change in self.changes)


@dataclass(frozen=True)
class Chosen:
    """A view to read: pinned to a version, under a name, by columns of a query."""

    name: str
    spec: ViewSpec
    definition: FeatureDefinition
    columns: Mapping[str, str] = field(default_factory=dict)

    def column_of(self, key: str) -> str:
        """Return the column of the query that the view's `key` is looked up by."""
        return self.columns.get(key, key)

    @property
    def asked(self) -> tuple[str, ...]:
        """The columns of a query that the view is looked up by."""
        return tuple(self.column_of(key) for key in self.spec.keys)


@dataclass(frozen=True)
class Reading:
    """What is read: the views, and the service that names them if one does."""

    ref: str
    views: tuple[Chosen, ...]
    service: FeatureDefinition | None = None

    @property
    def definitions(self) -> list[FeatureDefinition]:
        """Each definition that takes part, once."""
        found = {one.definition.id: one.definition for one in self.views}
        return [*([self.service] if self.service else []), *found.values()]


@dataclass
class _Draft:
    """A definition that was asked for, resolved."""

    spec: Spec
    type: ArtifactType
    source: str = ""


class Registry:
    """The definitions of one workspace; of one in the past, as they were then."""

    def __init__(self, recorder: Recorder, objects: ObjectStore, tables: Tables) -> None:
        self._recorder = recorder
        self._store = recorder.store
        self._objects = objects
        self._tables = tables
        self._by_object: dict[int, tuple[Readable, Reading]] = {}
        self._by_artifact: dict[int, Reading] = {}

    def define(self, given: Sequence[Definable], *, dry_run: bool) -> Defined:
        """Record one version of each definition that is new or changed."""
        drafts = self._drafts(given)
        changes = tuple(self._change(draft) for draft in drafts.values())
        if dry_run:
            return Defined(changes)
        self._by_object.clear()
        outputs = [Output(name, draft.type, name) for name, draft in drafts.items()]
        with self._recorder.run(DEFINE, outputs=outputs) as running:
            with self._objects.batch() as batch:
                for draft in drafts.values():
                    batch.add_bytes(text_of(draft.spec).encode())
            for name, draft in drafts.items():
                content = content_of(draft.spec)
                uri = str(self._objects.path(content))
                running.made(name, Made(content, uri, _properties(draft, content)))
        made = {
            name: self.definition(running.artifacts[name], running.versions[name])
            for name in drafts
        }
        return Defined(changes, made)

    def all(self) -> list[FeatureDefinition]:
        """Return the newest version of each definition, by kind and name."""
        rows = [row for kind in _KINDS for row in self._store.newest_versions(type=kind)]
        artifacts = {a.id: a for a in self._store.artifacts(ids=[r.artifact_id for r in rows])}
        return [self.definition(artifacts[row.artifact_id], row) for row in rows]

    def get(self, reference: str) -> FeatureDefinition:
        """Return the definition that `reference` means: `weather`, `weather@2`, `delay:best`."""
        row = self._row(reference)
        return self.definition(self._store.artifact(row.artifact_id), row)

    def reading(self, wanted: Readable | Iterable[Readable]) -> Reading:
        """Return the pinned views that a service, a view, several of them, or their names mean.

        Objects must have been defined as they are: what is read is always a recorded version.
        """
        if isinstance(wanted, str | FeatureService | FeatureView | Role):
            return self._one(wanted)
        parts = [self._one(one) for one in wanted]
        views = [view for part in parts for view in part.views]
        names = [view.name for view in views]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidInput(f"the view {twice[0]!r} is asked for twice; give one a role(...)")
        if not views:
            raise InvalidInput("no view is asked for; name a service or some views")
        return Reading(", ".join(part.ref for part in parts), tuple(views))

    def _one(self, wanted: Readable) -> Reading:
        """Return one reading; found once, it is the same for ever, since versions are."""
        if isinstance(wanted, str):
            row = self._row(wanted)
            if row.artifact_id not in self._by_artifact:
                definition = self.definition(self._store.artifact(row.artifact_id), row)
                self._by_artifact[row.artifact_id] = self._read(definition)
            return self._by_artifact[row.artifact_id]
        held, reading = self._by_object.get(id(wanted), (None, None))
        if held is not wanted or reading is None:
            if isinstance(wanted, Role):
                definition = self._defined(wanted.view)
                chosen = self._chosen(wanted.name, definition, wanted.columns)
                reading = Reading(wanted.name, (chosen,))
            else:
                reading = self._read(self._defined(wanted))
            self._by_object[id(wanted)] = (wanted, reading)
        return reading

    def _read(self, definition: FeatureDefinition) -> Reading:
        match definition.spec:
            case ViewSpec(name=name):
                return Reading(definition.ref, (self._chosen(name, definition, {}),))
            case ServiceSpec(views=views):
                return Reading(definition.ref, tuple(map(self._pinned, views)), definition)
            case _:
                raise InvalidInput(
                    f"{definition.ref} is an entity, which has no features; name a view or service"
                )

    def _pinned(self, use: ViewUse) -> Chosen:
        row = self._store.by_content(use.view, use.content)[-1]
        definition = self.definition(self._store.artifact(row.artifact_id), row)
        return self._chosen(use.name, definition, use.columns)

    def _chosen(
        self, name: str, definition: FeatureDefinition, columns: Mapping[str, str]
    ) -> Chosen:
        spec = definition.spec
        if not isinstance(spec, ViewSpec):
            raise InvalidInput(f"{definition.ref} is an {definition.kind}, not a view")
        return Chosen(name, spec, definition, columns)

    def _defined(self, wanted: FeatureView | FeatureService) -> FeatureDefinition:
        """Return the recorded version that equals this object."""
        draft = self._drafts([wanted])[wanted.name]
        rows = self._store.by_content(wanted.name, content_of(draft.spec))
        if not rows:
            newest = self._store.newest(wanted.name)
            told = "was never defined" if newest is None else f"differs from {_ref(newest)}"
            raise InvalidInput(
                f"{_KINDS[draft.type.name]} {wanted.name!r} {told}; record it first: "
                f"ws.features.define({wanted.name})"
            )
        return self.definition(self._store.artifact(rows[-1].artifact_id), rows[-1])

    def _row(self, reference: str) -> VersionRow:
        row = row_of(self._store, reference)
        if row is None:
            raise NotFound.among(
                "there is no feature definition",
                reference,
                [name for kind in _KINDS for name in self._store.names(type=kind)],
                remedy="lineal features list shows them",
            )
        return row

    def _drafts(self, given: Sequence[Definable]) -> dict[str, _Draft]:
        drafts: dict[str, _Draft] = {}
        for one in _flattened(given):
            draft = self._draft(one, drafts)
            other = drafts.setdefault(one.name, draft)
            if other.type is not draft.type or text_of(other.spec) != text_of(draft.spec):
                raise InvalidInput(
                    f"the name {one.name!r} is given to two different definitions; rename one"
                )
        return drafts

    def _draft(
        self, one: Entity | FeatureView | FeatureService, drafts: dict[str, _Draft]
    ) -> _Draft:
        if isinstance(one, Entity):
            return _Draft(EntitySpec.of(one), ENTITY)
        if isinstance(one, FeatureView):
            table = self._tables.state(one.table)
            spec = resolve_view(one, table.schema, event_time=table.event_time)
            return _Draft(spec, VIEW, source_text(one))
        uses = tuple(
            ViewUse(use.name, view.name, content_of(drafts[view.name].spec), columns)
            for use, view, columns in map(_use, one.views)
        )
        return _Draft(ServiceSpec(one.name, uses, one.owner, one.description, one.tags), SERVICE)

    def _change(self, draft: _Draft) -> Change:
        what, name = _KINDS[draft.type.name], draft.spec.name
        row = self._store.newest(name)
        if row is None:
            return Change(ChangeKind.ADDED, what, name)
        if row.content == content_of(draft.spec):
            return Change(ChangeKind.UNCHANGED, what, name)
        before = self.get(name).spec
        details = what_changed(before, draft.spec) if type(before) is type(draft.spec) else ()
        return Change(ChangeKind.CHANGED, what, name, details)

    def definition(self, artifact: Artifact, row: VersionRow | None) -> FeatureDefinition:
        """Return the handle of a definition, by its artifact."""
        if artifact.type not in _KINDS:
            raise InvalidInput(f"artifact/{artifact.id} is a {artifact.type}, no definition")
        return FeatureDefinition(self._store, self._recorder, artifact, row, objects=self._objects)


def _flattened(given: Iterable[Definable]) -> list[Entity | FeatureView | FeatureService]:
    """Return what is given with what it brings: entities before views before services."""
    found: list[Entity | FeatureView | FeatureService] = []
    for one in given:
        match one:
            case Role(view=view):
                found += _flattened([view])
            case FeatureService(views=views):
                found += [*_flattened(views), one]
            case FeatureView(of=entities):
                found += [*entities, one]
            case Entity():
                found.append(one)
            case _:
                raise InvalidInput(
                    f"{type(one).__name__} {one!r} can't be defined; entities, feature views and "
                    "services can"
                )
    return found


def _use(one: FeatureView | Role) -> tuple[FeatureView | Role, FeatureView, Mapping[str, str]]:
    return (one, one.view, one.columns) if isinstance(one, Role) else (one, one, {})


def _properties(draft: _Draft, content: str) -> dict[str, Value]:
    spec = draft.spec
    found: dict[str, Value] = {
        "sha256": content,
        "owner": spec.owner,
        "description": spec.description,
    }
    match spec:
        case EntitySpec():
            found["keys"] = ", ".join(spec.key)
        case ViewSpec():
            found["keys"] = ", ".join(spec.keys)
            found["table"] = spec.table
            found["features"] = ", ".join(one.name for one in spec.features)
            found["source"] = draft.source
        case ServiceSpec():
            found["views"] = ", ".join(use.name for use in spec.views)
    return found


def _ref(row: VersionRow) -> str:
    return format_name(row.name, row.number)
