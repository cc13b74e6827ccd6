"""A run that is open: what it uses, makes and measures is told to it at any moment."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, overload

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import ArtifactType, ExecutionType, Made, Output, PropertyType, Version
from lineal.metadata.names import parse_target
from lineal.workspace.tracking.facts import as_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata import Artifact, Running, Value
    from lineal.workspace.resolving import Readable
    from lineal.workspace.workspace import Workspace

__all__ = ["METRICS", "Run"]

METRICS = ArtifactType(
    "lineal.Metrics",
    {"sha256": PropertyType.STRING, "points": PropertyType.INT},
    description="Metrics over the steps of a run, one JSON object a line",
    base="mlmd.Metrics",
)
_LOG_VERB = ExecutionType("lineal.log", description="Something logged by a run")
_FLUSH_SECONDS = 1.0
_RESERVED = ("sha256", "entry")

_T = TypeVar("_T")


class Run:
    """An open run of a script, a notebook or a block of code.

    What the workspace reads meanwhile is an input without being told, and what it saves an
    output; `use` and `log` are for what it can't see by itself.
    """

    def __init__(self, workspace: Workspace, running: Running, name: str) -> None:
        self.workspace = workspace
        self.running = running
        self.name = name
        self._lock = threading.Lock()
        self._series: list[dict[str, object]] = []
        self._metrics: dict[str, float] = {}
        self._written = time.monotonic()

    @property
    def id(self) -> int:
        """The execution's id in the graph."""
        return self.running.execution_id

    @property
    def ref(self) -> str:
        """What `lineal show` and `lineal rerun` find the run by."""
        return f"execution/{self.id}"

    @property
    def short(self) -> str:
        """The first letters of the run's UUID."""
        return self.running.uuid[:4]

    @property
    def metrics(self) -> dict[str, float]:
        """The newest value of each metric."""
        return dict(self._metrics)

    @overload
    def use(self, thing: str) -> Readable | Path: ...

    @overload
    def use(self, thing: _T) -> _T: ...

    def use(self, thing: object) -> object:
        """Record `thing` as an input of this run, and return what can be worked with.

        A name or reference gives what `ws.read` gives; a version, a table or a recorded value
        comes back as it is. A path or a frame is first stored by content, and comes back as it is.
        """
        from lineal.warehouse import Table
        from lineal.warehouse.frames import is_frame
        from lineal.workspace.recorded import Recorded, recorded
        from lineal.workspace.resolving import name_or_path

        self._check_open()
        if isinstance(thing, str):
            thing = name_or_path(self.workspace, thing)
            if isinstance(thing, Version):
                self._use_version(thing)
                value = recorded(self.workspace, thing)
                return thing if value is None else value
        if isinstance(thing, Table):
            self._use_version(thing.newest)
            return thing
        if isinstance(thing, Recorded):
            self._use_version(thing.version)
            return thing
        if isinstance(thing, Version):
            self._use_version(thing)
            return thing
        if isinstance(thing, Path):
            self.running.add_input("read", self._file(thing))
            return thing
        if is_frame(thing):
            self.running.add_input("frame", self._frame(thing))
            return thing
        raise InvalidInput(
            f"a {type(thing).__name__} can't be used as an input; give a name, a version, "
            "a table, a path or a frame"
        )

    @overload
    def log(self, *, metrics: Mapping[str, float], step: int | None = None) -> None: ...

    @overload
    def log(
        self,
        type: str,
        value: str | Path | bytes,
        *,
        name: str | None = None,
        metrics: Mapping[str, float] | None = None,
        properties: Mapping[str, object] | None = None,
    ) -> Version: ...

    def log(
        self,
        type: str | None = None,  # noqa: A002
        value: str | Path | bytes | None = None,
        *,
        name: str | None = None,
        metrics: Mapping[str, float] | None = None,
        properties: Mapping[str, object] | None = None,
        step: int | None = None,
    ) -> Version | None:
        """Log metrics of the run, or a file that it made.

        With a `type`, such as `Model`, the bytes of the file, folder or bytes object `value`
        become an artifact of that type, with the metrics and properties as its own; it is there
        at once, as the next version of `name` or, without one, by its id. Without a type the
        metrics are the run's; those with a `step` make a series.
        """
        self._check_open()
        if type is None:
            if value is not None or properties or name is not None:
                raise InvalidInput('say what it is that is logged: run.log("Model", "model.pkl")')
            self._measure(metrics or {}, step)
            return None
        if value is None:
            raise InvalidInput(f"a {type} needs its bytes: a path, or bytes")
        if step is not None:
            raise InvalidInput("step= is for metrics of the run, logged without a type")
        return self._log_file(type, value, name, {**(metrics or {}), **(properties or {})})

    def note(self, **facts: object) -> None:
        """Keep facts about the run, as its properties."""
        self._check_open()
        self.running.note(**{name: as_value(value) for name, value in facts.items()})

    def settle(self) -> None:
        """Write what is still in memory; called before the run closes."""
        with self._lock:
            series, self._series = self._series, []
        if series:
            self._keep_series(series)

    # Inside

    def _check_open(self) -> None:
        if not self.running.is_open:
            raise InvalidInput(f"the run {self.name!r} ({self.ref}) is over; begin another one")

    def _use_version(self, version: Version) -> None:
        if version.store.uuid != self.workspace.store.uuid:
            raise InvalidInput(
                f"{version.ref} belongs to another workspace; an execution's inputs come from one"
            )
        self.running.add_read(version.artifact)

    def _file(self, path: Path) -> Artifact:
        from lineal.metadata import open_runs

        if not path.exists():
            raise NotFound(f"there is no file {path}")
        with open_runs.detached():
            return self.workspace.lake.store_plain(path)

    def _frame(self, frame: object) -> Artifact:
        from lineal.metadata import open_runs
        from lineal.warehouse.frames import store_frame

        with open_runs.detached():
            return store_frame(
                self.workspace.lake, frame, temporary=self.workspace.locations.temporary
            )

    def _measure(self, metrics: Mapping[str, float], step: int | None) -> None:
        values = {name: _number(name, value) for name, value in metrics.items()}
        now = datetime.now(UTC).isoformat()
        with self._lock:
            self._metrics.update(values)
            if step is not None:
                self._series += (
                    {"metric": name, "value": value, "step": int(step), "time": now}
                    for name, value in values.items()
                )
            self.running.note(**values)
            due = time.monotonic() - self._written > _FLUSH_SECONDS
            if due:
                self._written = time.monotonic()
        if due:  # a crash loses a second of them
            self.running.write_notes()

    def _keep_series(self, series: list[dict[str, object]]) -> None:
        text = "".join(json.dumps(point) + "\n" for point in series).encode()
        outputs = [Output("metrics", METRICS)]
        with self.workspace.recorder.run(_LOG_VERB, outputs=outputs) as running:
            kept = self.workspace.objects.put_bytes(text)
            properties: dict[str, Value] = {"sha256": kept.sha256, "points": len(series)}
            uri = str(self.workspace.objects.path(kept.sha256))
            running.made("metrics", Made(kept.sha256, uri, properties))

    def _log_file(
        self,
        type_name: str,
        value: str | Path | bytes,
        name: str | None,
        told: Mapping[str, object],
    ) -> Version:
        from lineal.pipeline import File, FileForm, Model, Slot
        from lineal.workspace.resolving import VALUES, handle

        if type_name.startswith(("lineal.", "mlmd.")) or type_name in VALUES:
            raise InvalidInput(
                f"{type_name} is what a verb makes; save the value itself, or choose another type"
            )
        wrong = next((key for key in told if key in _RESERVED or key.startswith("lineal_")), None)
        if wrong is not None:
            raise InvalidInput(f"a property of a {type_name} can't be called {wrong!r}")
        if isinstance(value, str | Path):
            value = Path(value).expanduser()
            if not value.exists():
                raise NotFound(f"there is no file {value} to log as a {type_name}")
        kind = Model.artifact_type if type_name == "Model" else ArtifactType(type_name)
        target = None if name is None else parse_target(name)
        with self.workspace.recorder.run(
            _LOG_VERB,
            outputs=[Output("value", kind, target)],
            parameters={} if isinstance(value, bytes) else {"source": str(value)},
        ) as running:
            slot = Slot(self.workspace.store, running.uuid, "value", type_name, target)
            made = FileForm(self.workspace.objects).keep(File(value), slot)
            if isinstance(made, Made):
                more = {key: as_value(each) for key, each in told.items()}
                running.made("value", _with(made, more))
            else:
                running.same("value", made)
        return handle(self.workspace, running.artifacts["value"], running.versions.get("value"))


def _with(made: Made, more: Mapping[str, Value]) -> Made:
    from dataclasses import replace

    return replace(made, properties={**made.properties, **more})


def _number(name: str, value: object) -> float:
    found = as_value(value)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise InvalidInput(f"the metric {name!r} must be a number, not {value!r}")
    if name.startswith("lineal_"):
        raise InvalidInput(f"a metric can't be called {name!r}; 'lineal_' is the recorder's own")
    return found
