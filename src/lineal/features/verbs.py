"""The verbs of features: define, list, join, materialize, read online."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.features.joining import make_training_set
from lineal.features.materialize import MaterializeResult, Place, materialize
from lineal.features.online.sqlite import SqliteStore
from lineal.features.queries import Surroundings, query_rows
from lineal.features.registry import Defined, FeatureDefinition, Registry
from lineal.features.serving import OnlineReply, parse_keys, read_online
from lineal.features.tables import Tables
from lineal.features.training_set import TrainingSet
from lineal.features.types import TRAINING_SET
from lineal.lake import Lake, ObjectStore
from lineal.metadata.moments import as_moment
from lineal.metadata.moments import now as present

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from lineal.engine.protocol import Engine
    from lineal.features.online.protocol import OnlineStore
    from lineal.features.registry import Definable, Readable, Reading
    from lineal.features.tables import TableState
    from lineal.metadata.model import Artifact
    from lineal.metadata.moments import Moment
    from lineal.metadata.recorder import Recorder
    from lineal.metadata.store import VersionRow
    from lineal.warehouse import Warehouse

__all__ = ["Features"]


class Features:
    """The features of one workspace.

    Of a workspace as it was at a moment, definitions and training sets can be looked at; what
    writes is refused.
    """

    def __init__(
        self, recorder: Recorder, warehouse: Warehouse, engine: Engine, root: Path
    ) -> None:
        self._recorder = recorder
        self._engine = engine
        self._root = root
        self._objects = ObjectStore(root)
        self._tables = Tables(recorder.store, warehouse)
        self._registry = Registry(recorder, self._objects, self._tables)
        self._surroundings = Surroundings(
            recorder.store,
            Lake(recorder, self._objects),
            warehouse,
            engine,
            self._objects.temporary,
        )

    # Definitions

    def define(self, *definitions: Definable, dry_run: bool = False) -> Defined:
        """Record one version of each definition that is new or changed, and tell the difference.

        A view brings its entities, a service its views. With `dry_run` nothing is recorded. A
        definition equal to its newest version makes no new one.
        """
        if not definitions:
            raise InvalidInput("nothing is given to define; give entities, views or services")
        return self._registry.define(definitions, dry_run=dry_run)

    def diff(self, *definitions: Definable) -> Defined:
        """Tell what `define` would record."""
        return self.define(*definitions, dry_run=True)

    def list(self) -> Sequence[FeatureDefinition]:
        """Return the newest version of each definition: entities, then views, then services."""
        return self._registry.all()

    def get(self, reference: str) -> FeatureDefinition:
        """Return a recorded definition: `weather`, `weather@2`, `delay:best`."""
        return self._registry.get(reference)

    def definition_of(self, artifact: Artifact, row: VersionRow | None) -> FeatureDefinition:
        """Return the handle of a definition, by its artifact."""
        return self._registry.definition(artifact, row)

    # Training

    def training_set(
        self,
        rows: object,
        features: Readable | Iterable[Readable],
        *,
        at: str,
        columns: Sequence[str] | None = None,
        name: str | None = None,
        known_by: Moment | None = None,
    ) -> TrainingSet:
        """Join `rows` with features as they were known at each row's time in the column `at`.

        Every row comes back once, in its order, with its own columns and a column `view.feature`
        for each feature; null where nothing was known, or only something older than the view's
        maximum age. `rows` are a table (of which `columns` chooses some), a file or path, an Arrow
        table, a pandas or Polars frame. The result is kept, as a version of `name` if one is
        given.

        With `known_by`, tables are taken as they were known at that moment, as `ws.at(...)` has
        them, so that what was loaded later can't matter.
        """
        self._refuse_past("made")
        reading = self._reading(features)
        moment = None if known_by is None else as_moment(known_by, what="known_by")
        tables = self._tables_of(reading, moment)
        with query_rows(rows, columns, self._surroundings) as queries:
            return make_training_set(
                queries,
                reading,
                tables,
                at=at,
                name=name,
                recorder=self._recorder,
                engine=self._engine,
                objects=self._objects,
            )

    def training_set_of(self, artifact: Artifact, row: VersionRow | None) -> TrainingSet:
        """Return the handle of a training set, by its artifact."""
        if artifact.type != TRAINING_SET.name:
            raise InvalidInput(f"artifact/{artifact.id} is a {artifact.type}, no training set")
        return TrainingSet(
            self._recorder.store, self._recorder, artifact, row, objects=self._objects
        )

    # Serving

    def materialize(
        self, features: Readable | Iterable[Readable], *, now: Moment | None = None
    ) -> MaterializeResult:
        """Bring the online store up to date with the newest versions of the views' tables.

        The newest features of every entity that are known by `now`, the present unless given,
        are written; late rows and corrections too. Call it again after each load, and after a
        crash: what is up to date is left alone.
        """
        self._refuse_past("materialized")
        reading = self._reading(features)
        return materialize(
            reading,
            self._tables_of(reading, None),
            now=present() if now is None else as_moment(now, what="now"),
            place=Place(self._online, str(self._online_path)),
            recorder=self._recorder,
            engine=self._engine,
            temporary=self._objects.temporary,
        )

    def online(
        self,
        features: Readable | Iterable[Readable],
        keys: Mapping[str, object],
        *,
        now: Moment | None = None,
    ) -> OnlineReply:
        """Read the newest features of entities: `online("delay", {"origin": ["JFK", "LGA"]})`.

        A key has one value a row; None finds nothing. Each value has a status: PRESENT, NULL,
        MISSING (no such entity) or EXPIRED (older, at `now`, than the view's maximum age).
        """
        self._refuse_past("read online")
        reading = self._reading(features)
        for definition in reading.definitions:
            self._recorder.used(definition.artifact)
        moment = None if now is None else as_moment(now, what="now")
        return read_online(reading, keys, store=self._online, now=moment)

    def parse_keys(
        self, features: Readable | Iterable[Readable], texts: Mapping[str, Sequence[str]]
    ) -> Mapping[str, Sequence[object]]:
        """Turn keys given as text, as on a command line, into what `online` takes."""
        return parse_keys(self._reading(features), texts, store=self._online)

    def close(self) -> None:
        """Close the online store, if it was opened."""
        if "_online" in self.__dict__:
            self._online.close()
            del self._online

    # Inside

    @property
    def _online_path(self) -> Path:
        return self._root / "online" / "online.db"

    @cached_property
    def _online(self) -> OnlineStore:
        return SqliteStore(self._online_path)

    def _reading(self, features: Readable | Iterable[Readable]) -> Reading:
        return self._registry.reading(features)

    def _tables_of(self, reading: Reading, known_by: datetime | None) -> dict[str, TableState]:
        names = {view.spec.table for view in reading.views}
        return {name: self._tables.state(name, known_by) for name in names}

    def _refuse_past(self, done: str) -> None:
        at = self._recorder.store.at
        if at is not None:
            raise InvalidInput(
                f"features can't be {done} in the workspace as it was at {at.moment.isoformat()}; "
                "use the present one (training_set takes known_by=...)"
            )
