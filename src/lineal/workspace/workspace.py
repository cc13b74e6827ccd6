"""A workspace: one folder, one graph, and the parts that work on it."""

from __future__ import annotations

import weakref
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, overload

from lineal import __version__
from lineal.errors import InvalidInput
from lineal.metadata import EnvironmentRecord, Moment, Recorder, Version, as_moment
from lineal.workspace.parts import Parts
from lineal.workspace.settings import read_settings
from lineal.workspace.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Literal

    import pyarrow as pa

    from lineal.environment import Environment
    from lineal.metadata import Lineage, Store, Value
    from lineal.metadata.difference import Divergence
    from lineal.metadata.gaps import Gap
    from lineal.pipeline import Forms, NodeResult, Pipeline, RunResult
    from lineal.validation import (
        CustomValidation,
        Schema,
        Statistics,
        StatisticsOptions,
        ValidationOptions,
    )
    from lineal.workspace.columns import ColumnStep
    from lineal.workspace.doctor import Finding
    from lineal.workspace.locations import Locations
    from lineal.workspace.openlineage import OpenLineage
    from lineal.workspace.recorded import RecordedReport, RecordedSchema, RecordedStatistics
    from lineal.workspace.schemas import Schemas
    from lineal.workspace.tracking.command import Executed
    from lineal.workspace.tracking.repeat import Rerun
    from lineal.workspace.tracking.run import Run

__all__ = ["Workspace", "workspace_by", "workspace_of"]

_by_recorder: weakref.WeakValueDictionary[int, Workspace] = weakref.WeakValueDictionary()


class Workspace(Parts):
    """Raw files, tables, statistics, schemas, features and how each came to be.

    `lineal.open("flights")` opens the workspace in a folder, and makes it there on first use.
    One workspace may be used by several threads, and one folder by several processes. Close it,
    or use it in a `with` statement, to free its connections early.
    """

    __lineal_workspace__: ClassVar[bool] = True

    def __init__(
        self, locations: Locations, *, store: Store | None = None, parent: Workspace | None = None
    ) -> None:
        self._locations = locations
        self._parent = parent
        self._finalizers = []
        self.settings = read_settings(locations.settings)
        self.store = store or open_store(self.settings.metadata, locations)
        self.recorder = Recorder(
            self.store,
            environment=self._environment,
            program=_program,
            software=f"lineal {__version__}",
            after_run=self._after_run,
            hide=_hide,
        )
        _by_recorder[id(self.recorder)] = self
        if parent is None and self.settings.openlineage.url is not None:
            _ = self.openlineage  # from here on, what happens is noted

    @property
    def present(self) -> Workspace:
        """The workspace as it is now; of a view of the past, the one that it is a view of."""
        return self._parent or self

    @cached_property
    def forms(self) -> Forms:
        """How the values that components return are kept, and read back."""
        from lineal.workspace.forms import forms_of

        return forms_of(self)

    @cached_property
    def openlineage(self) -> OpenLineage:
        """What other tools are told of the workspace, and tell it."""
        from lineal.workspace.openlineage import OpenLineage

        return OpenLineage(self)

    @cached_property
    def schemas(self) -> Schemas:
        """The versions of schemas: who changed what and why, and what to change next."""
        from lineal.workspace.schemas import Schemas

        return Schemas(self)

    @property
    def environment(self) -> Environment:
        """The interpreter, distributions and git state that code runs in now."""
        from lineal.workspace.surroundings import environment

        return environment(self)

    # Names

    def get(self, reference: str) -> Version:
        """Return the version that `reference` names: `ops.flights@3`, `model:best`, `artifact/12`.

        What comes back can do what its kind can: a table is read, a file opened. Raises `NotFound`
        with the name that was likely meant.
        """
        from lineal.workspace.resolving import resolve

        return resolve(self, reference)

    def read(
        self, reference: str
    ) -> Version | RecordedStatistics | RecordedSchema | RecordedReport:
        """Return what `reference` names, ready to be used; inside a run it becomes an input."""
        from lineal.workspace.resolving import load

        return load(self, reference)

    def save(
        self,
        value: object,
        name: str,
        *,
        append: bool = False,
        type: str | None = None,  # noqa: A002
        columns: Mapping[str, Iterable[str] | str] | None = None,
    ) -> Version | RecordedStatistics | RecordedSchema | RecordedReport:
        """Keep `value` as the next version of `name`.

        A frame becomes the content of a table (`append=True` adds its rows), a path goes into
        the lake, a schema, statistics or report is kept as what it is. Content equal to the
        newest makes no new version. `type` names the artifact type of a path's bytes, e.g.
        `Model`. `columns` tells which columns of which versions a table's were made of:
        `{"speed": ["ops.flights.distance", "ops.flights.air_time"]}`.
        """
        from lineal.workspace.saving import save

        return save(self, value, name, append=append, type=type, columns=columns)

    def alias(self, name: str, alias: str, number: int) -> None:
        """Make `name:alias` stand for version `number` of `name`; the move is recorded."""
        self.recorder.set_alias(name, alias, number)

    def find(self, filter: str = "", /, **fields: Value) -> pa.Table:  # noqa: A002
        """Return the newest versions that fit the filter and all `fields`, as a frame.

        The filter is text of the filter language. Fields are `name` (with `*` and `?`), `type`,
        `state`, and any property or label by its name. By `version` or `id`, numbers, older
        versions are found too. Executions and contexts are found by `ws.graph`.
        """
        from lineal.workspace.finding import find_frame

        return find_frame(self.store, fields, filter=filter)

    def search(self, words: str, *, limit: int | None = 20) -> pa.Table:
        """Return what holds all of the words in name, labels, properties or type, best first."""
        from lineal.workspace.finding import search_frame

        return search_frame(self.store, words, limit=limit)

    def gaps(self) -> list[Gap]:
        """Return, of a workspace `at` a moment, the nodes that may have looked otherwise then.

        Another client of the same database changed them afterwards, and keeps no old values.
        """
        from lineal.metadata.gaps import history_gaps

        return history_gaps(self.store)

    def log(self, name: str | None = None, *, limit: int | None = 20) -> list[dict[str, object]]:
        """Return the newest executions, of all or of those that touched `name`, newest first."""
        from lineal.workspace.finding import log_rows

        return log_rows(self.store, name, limit=limit)

    def lineage(
        self,
        of: object,
        direction: Literal["upstream", "downstream", "both"] = "upstream",
        *,
        depth: int | None = None,
        type: str | None = None,  # noqa: A002 -- the field's own name for it
        name: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
    ) -> Lineage:
        """Return what led to `of`, or came of it: a version, or text that names one.

        It goes to the ends, or `depth` executions far. By `type` or `name` (patterns with `*` and
        `?`), or by time, only what fits is kept, and the way to it.
        """
        from lineal.metadata import walk
        from lineal.workspace.resolving import node_of

        return walk(
            self.store,
            node_of(self, of),
            direction=direction,
            depth=depth,
            type=type,
            name=name,
            since=since,
            until=until,
        )

    def columns(self, of: object, column: str, *, downstream: bool = False) -> list[ColumnStep]:
        """Return the columns that `column` of a version was made of, as far as makers told.

        With `downstream`, those that were made of it. Nearest first.
        """
        from lineal.workspace.columns import steps

        return steps(self, of, column, downstream=downstream)

    def diff(self, first: object, second: object) -> Divergence:
        """Return what differs between two versions and between all that led to them.

        Each is a version, what a verb returned, or text that names one. Differences that nothing
        before them explains are its `causes`: other code, parameters, environments, raw inputs.
        """
        from lineal.workspace.differing import difference

        return difference(self, first, second)

    # Verbs over data

    def sql(self, query: str) -> pa.RecordBatchReader:
        """Run `query` over all tables as they are at one moment; stream the rows.

        A table is named as everywhere, `ops.flights`; a version or an older moment in quotes,
        `"ops.flights@3"`. Inside a run, the tables that the query names become inputs.
        """
        return self.warehouse.sql(query)

    def statistics(
        self, data: object, *, name: str | None = None, options: StatisticsOptions | None = None
    ) -> RecordedStatistics:
        """Compute and keep the statistics of a table, a file, a path or a frame."""
        from lineal.workspace.checking import statistics

        return statistics(self, data, name=name, options=options)

    def infer_schema(
        self, data: object, *, name: str | None = None, options: StatisticsOptions | None = None
    ) -> RecordedSchema:
        """Infer and keep the schema of statistics, or of data whose statistics are made first."""
        from lineal.workspace.checking import infer_schema

        return infer_schema(self, data, name=name, options=options)

    def validate(
        self,
        data: object,
        schema: Schema | str,
        *,
        environment: str | None = None,
        previous: Statistics | str | None = None,
        serving: Statistics | str | None = None,
        previous_version: Statistics | str | None = None,
        name: str | None = None,
        options: StatisticsOptions | None = None,
        checks: ValidationOptions | None = None,
        custom: Sequence[CustomValidation] | None = None,
    ) -> RecordedReport:
        """Compare statistics, or data whose statistics are made first, with `schema`; keep it.

        `environment` is one of the schema's (`SERVING`); `previous` are the statistics that drift
        is measured against, `serving` those of skew, `previous_version` those that the number of
        examples is compared with. `options` say how statistics of data are made, `checks` how
        severe an anomaly is; `custom` are conditions in SQL.
        """
        from lineal.workspace.checking import validate

        return validate(
            self,
            data,
            schema,
            environment=environment,
            previous=previous,
            serving=serving,
            previous_version=previous_version,
            name=name,
            options=options,
            checks=checks,
            custom=custom,
        )

    @overload
    def run(
        self, pipeline: str, /, *, params: Mapping[str, object] | None = None
    ) -> AbstractContextManager[Run]: ...

    @overload
    def run(
        self,
        pipeline: Pipeline[...],
        parameters: Mapping[str, object] | None = None,
        *,
        no_cache: Collection[str] = (),
        on_progress: Callable[[NodeResult], None] | None = None,
    ) -> RunResult: ...

    def run(
        self,
        pipeline: Pipeline[...] | str,
        parameters: Mapping[str, object] | None = None,
        *,
        params: Mapping[str, object] | None = None,
        no_cache: Collection[str] = (),
        on_progress: Callable[[NodeResult], None] | None = None,
    ) -> RunResult | AbstractContextManager[Run]:
        """Run a pipeline with these parameters, or record a block of code as a run of a name.

        Of a pipeline, what an equal earlier run made is reused; the nodes named in `no_cache` run
        in any case. The result tells for each node why it ran or was reused; a failing node is
        told there, too, and `result.check()` raises its error.

        With a name, `with ws.run("train", params={"depth": 6}) as run:` records the block: what
        is read inside is an input, what is saved an output; see `Run` for `use` and `log`.
        """
        if isinstance(pipeline, str):
            from lineal.workspace.tracking.opening import named_run

            return named_run(self, pipeline, params or parameters)
        from lineal.workspace.running import run

        given = parameters or params or {}
        return run(self, pipeline, given, no_cache=no_cache, on_progress=on_progress)

    def exec(
        self,
        command: Sequence[str],
        *,
        inputs: Sequence[str | Path] = (),
        outputs: Sequence[str | Path] = (),
        name: str | None = None,
    ) -> Executed:
        """Run any program, recorded: its inputs by content, its outputs as versions in the lake.

        What it prints passes through, and is kept. An output is called as its file or folder is,
        and is there only if the command ends with 0; with another code the run is FAILED.
        """
        from lineal.workspace.tracking.command import execute

        return execute(self, command, inputs=inputs, outputs=outputs, name=name)

    def rerun(self, run: str, *, changed_only: bool = False, same_inputs: bool = False) -> Rerun:
        """Repeat a run of a command or a tracked script, and tell what came out different.

        `run` is its name, of which the newest is meant, its id, or the first letters of its UUID.
        With `changed_only` nothing runs unless inputs, code or environment differ. With
        `same_inputs` the command gets the inputs that it had, in a folder of its own, and what
        comes out is kept without a name.
        """
        from lineal.workspace.tracking.repeat import rerun

        return rerun(self, run, changed_only=changed_only, same_inputs=same_inputs)

    # Time

    def at(self, moment: Moment, *, clock: Literal["known", "commit"] = "known") -> Workspace:
        """Return this workspace as it was known at `moment`, for reading only.

        A load's claim (`known_at=`) counts; with `clock="commit"` only what had been committed
        then does. A plain date means its start in UTC.
        """
        view = self.store.as_of(as_moment(moment), clock=clock)
        return Workspace(self._locations, store=view, parent=self._parent or self)

    # Care

    def doctor(self, *, dry_run: bool = False) -> list[Finding]:
        """Settle what crashes left behind, and return what was found.

        With `dry_run` nothing is changed. Called again, it finds nothing.
        """
        from lineal.workspace.doctor import examine

        return examine(self, dry_run=dry_run)

    def _after_run(self) -> None:
        if self.settings.openlineage.url is not None:
            self.openlineage.send_after_run()

    def _environment(self) -> EnvironmentRecord | None:
        from lineal.workspace.surroundings import record

        return record(self)


def _hide(text: str) -> str:
    from lineal.workspace.tracking.secrets import mask

    return mask(text)


def _program() -> str:
    from lineal.environment import program

    return program()


def workspace_by(recorder: Recorder) -> Workspace | None:
    """Return the workspace that records with `recorder`, if it is still there."""
    found = _by_recorder.get(id(recorder))
    return found if found is not None and found.recorder is recorder else None


def workspace_of(version: Version) -> Workspace:
    """Return the workspace that `version` belongs to; raise `InvalidInput` if it is closed."""
    found = workspace_by(version.recorder)
    if found is None:
        raise InvalidInput(f"the workspace of {version.ref} is gone; keep it while you use it")
    return found
