"""What an event of another tool says, checked field by field."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.model import ExecutionState, Value
from lineal.metadata.moments import as_moment
from lineal.metadata.properties import storable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["STATES", "ToldDataset", "ToldRun", "read_event"]

STATES = {
    "START": ExecutionState.RUNNING,
    "RUNNING": ExecutionState.RUNNING,
    "COMPLETE": ExecutionState.COMPLETE,
    "FAIL": ExecutionState.FAILED,
    "ABORT": ExecutionState.CANCELED,
    "OTHER": None,
}
"""The state that each kind of event puts a run into; None leaves it as it is."""


@dataclass(frozen=True)
class ToldDataset:
    namespace: str
    name: str
    version: str = ""
    own_store: str = ""
    own_artifact: int | None = None
    facts: Mapping[str, Value] = field(default_factory=dict)
    columns: Mapping[str, Sequence[tuple[str, str, str]]] = field(default_factory=dict)
    """By column: namespace, name and column of each that it was made of."""

    @property
    def label(self) -> str:
        """The name of the dataset's versions here: `s3://bucket` and `raw` give `s3/bucket/raw`.

        What our names can't hold is left out; a digest then keeps it apart from its like.
        """
        text = f"{self.namespace}/{self.name}".replace("://", "/")
        parts = [part for part in text.split("/") if part not in ("", ".", "..")]
        kept = "".join(c if c.isprintable() else "_" for c in "/".join(parts)).strip()[:200]
        if kept == text:
            return kept
        return f"{kept}~{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}"


@dataclass(frozen=True)
class ToldRun:
    kind: str
    run: str
    job: str
    job_namespace: str
    parent: str | None
    inputs: Sequence[ToldDataset]
    outputs: Sequence[ToldDataset]
    notes: Mapping[str, Value]


def read_event(event: Mapping[str, object]) -> ToldRun:
    """Return what a run event says, checked."""
    kind = _text(event, "eventType", "the event")
    if kind not in STATES:
        raise InvalidInput(
            f"the event's eventType is {kind!r}; OpenLineage has {', '.join(STATES)}"
        )
    run, job = _part(event, "run"), _part(event, "job")
    facets = _optional_part(run, "facets")
    when = _text(event, "eventTime", "the event")
    as_moment(when, what="the event's eventTime")
    notes: dict[str, Value] = {
        "openlineage_job": storable(_text(job, "name", "job")),
        "openlineage_producer": storable(str(event.get("producer", ""))),
        f"openlineage_{kind.lower()}": when,
    }
    error = _optional_part(facets, "errorMessage")
    if error:
        notes["lineal_error"] = storable(str(error.get("message", "")))[:2_000]
        notes["lineal_traceback"] = storable(str(error.get("stackTrace") or ""))[-20_000:]
    parent = _optional_part(_optional_part(facets, "parent"), "run").get("runId")
    return ToldRun(
        kind=kind,
        run=_uuid(_text(run, "runId", "run")),
        job=_text(job, "name", "job"),
        job_namespace=_text(job, "namespace", "job"),
        parent=None if parent is None else _uuid(str(parent)),
        inputs=[_dataset(each, "inputs") for each in _list(event, "inputs")],
        outputs=[_dataset(each, "outputs") for each in _list(event, "outputs")],
        notes=notes,
    )


def _dataset(told: object, where: str) -> ToldDataset:
    if not isinstance(told, dict):
        raise InvalidInput(f"the event's {where} hold {told!r:.60}; a dataset is an object")
    facets = _optional_part(told, "facets")
    own = _optional_part(facets, "lineal")
    artifact = own.get("artifact")
    facts: dict[str, Value] = {}
    fields = _optional_part(facets, "schema").get("fields")
    if isinstance(fields, list):
        columns: dict[str, object] = {
            str(each.get("name")): str(each.get("type", ""))
            for each in fields
            if isinstance(each, dict)
        }
        facts["columns"] = columns
    statistics = _optional_part(_optional_part(told, "outputFacets"), "outputStatistics")
    for theirs, ours in (("rowCount", "rows"), ("size", "size")):
        count = statistics.get(theirs)
        if isinstance(count, int):
            facts[ours] = count
    return ToldDataset(
        namespace=_text(told, "namespace", f"a dataset in {where}"),
        name=_text(told, "name", f"a dataset in {where}"),
        version=str(_optional_part(facets, "version").get("datasetVersion") or ""),
        own_store=str(own.get("store") or ""),
        own_artifact=artifact if isinstance(artifact, int) else None,
        facts=facts,
        columns=_column_sources(_optional_part(facets, "columnLineage")),
    )


def _column_sources(facet: Mapping[str, object]) -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for column, told in _optional_part(facet, "fields").items():
        inputs = told.get("inputFields") if isinstance(told, dict) else None
        for source in inputs if isinstance(inputs, list) else ():
            if isinstance(source, dict):
                found.setdefault(column, []).append(
                    tuple(  # type: ignore[arg-type]  # of the three named
                        str(source.get(name, "")) for name in ("namespace", "name", "field")
                    )
                )
    return found


def _part(holder: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = holder.get(name)
    if not isinstance(found, dict):
        raise InvalidInput(f"the event has no object {name!r}; a run event names its run and job")
    return found


def _optional_part(holder: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _list(holder: Mapping[str, object], name: str) -> Sequence[object]:
    found = holder.get(name)
    if found is not None and not isinstance(found, list):
        raise InvalidInput(f"the event's {name!r} is {found!r:.60}; it must be a list of datasets")
    return found or ()


def _text(holder: Mapping[str, object], name: str, where: str) -> str:
    found = holder.get(name)
    if not isinstance(found, str) or not found:
        raise InvalidInput(f"{where} has no text {name!r}: it holds {found!r:.60}")
    return found


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise InvalidInput(f"the run's runId {text!r:.60} is no UUID") from error
