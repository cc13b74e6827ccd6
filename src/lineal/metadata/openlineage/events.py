"""An execution as an OpenLineage run event (specification 2-0-2).

Facets and their schema URLs are those of OpenLineage's published specification; what it has no
word for stands in a facet of our own, `lineal`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lineal.metadata.columns import Column, columns_told
from lineal.metadata.model import EventType
from lineal.metadata.names import format_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from lineal.metadata.model import Artifact, Event, Execution
    from lineal.metadata.store import Store
    from lineal.metadata.version_rows import VersionRow

__all__ = ["Namespaces", "Transition", "run_event"]

Transition = Literal["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"]

_SPECIFICATION = "https://openlineage.io/spec"
_RUN_EVENT = f"{_SPECIFICATION}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_OUTPUTS = (EventType.OUTPUT, EventType.DECLARED_OUTPUT)
_INPUTS = (EventType.INPUT, EventType.DECLARED_INPUT)


@dataclass(frozen=True)
class Namespaces:
    """What jobs and datasets of this store are told under, and by which release of what."""

    jobs: str = "lineal"
    datasets: str = "lineal"
    producer: str = "urn:lineal"


def run_event(
    store: Store,
    execution_id: int,
    transition: Transition,
    *,
    time: datetime,
    namespaces: Namespaces | None = None,
    column_types: Callable[[Artifact], Mapping[str, str]] | None = None,
) -> dict[str, object]:
    """Return the event that `execution_id` made this transition at `time`.

    `column_types` tells the columns of a table's artifact with their types, for the schema facet.
    Raises `NotFound` for an unknown execution.
    """
    told = _Telling(store, namespaces or Namespaces(), column_types)
    return told.event(store.execution(execution_id), transition, time)


class _Telling:
    def __init__(
        self,
        store: Store,
        namespaces: Namespaces,
        column_types: Callable[[Artifact], Mapping[str, str]] | None,
    ) -> None:
        self._store = store
        self._spaces = namespaces
        self._column_types = column_types

    def event(
        self, execution: Execution, transition: Transition, time: datetime
    ) -> dict[str, object]:
        events = self._store.events(execution_ids=[execution.id or 0])
        ids = {event.artifact_id for event in events}
        artifacts = {artifact.id: artifact for artifact in self._store.artifacts(ids=ids)}
        versions = self._store.versions_of(ids)
        outputs = [event for event in events if event.type in _OUTPUTS]
        return {
            "eventType": transition,
            "eventTime": time.isoformat(),
            "producer": self._spaces.producer,
            "schemaURL": _RUN_EVENT,
            "run": {"runId": self._run_id(execution), "facets": self._run_facets(execution)},
            "job": {
                "namespace": self._spaces.jobs,
                "name": self._job_name(execution, outputs, versions),
                "facets": self._job_facets(execution),
            },
            "inputs": [
                self._dataset(artifacts[event.artifact_id], versions)
                for event in events
                if event.type in _INPUTS and event.artifact_id in artifacts
            ],
            "outputs": [
                self._output(execution, event, artifacts[event.artifact_id], versions)
                for event in outputs
                if event.artifact_id in artifacts
            ],
        }

    def _run_id(self, execution: Execution) -> str:
        """Return the run's UUID: the execution's name, or one made of the store's and the id."""
        try:
            return str(uuid.UUID(execution.name or ""))
        except ValueError:
            return str(uuid.uuid5(uuid.UUID(self._store.uuid), f"execution/{execution.id}"))

    def _job_name(
        self, execution: Execution, outputs: list[Event], versions: Mapping[int, VersionRow]
    ) -> str:
        """Return what stays the same from run to run: the pipeline's node, or verb and output."""
        contexts = {
            context.type: context.name
            for context in self._store.contexts(execution_id=execution.id)
        }
        if "node" in contexts:
            return ".".join(filter(None, (contexts.get("pipeline"), contexts["node"])))
        job = execution.get("openlineage_job")
        if isinstance(job, str):
            return job
        verb = execution.type.removeprefix("lineal.")
        named = next((versions[e.artifact_id] for e in outputs if e.artifact_id in versions), None)
        return verb if named is None else f"{verb} {named.name}"

    def _run_facets(self, execution: Execution) -> dict[str, object]:
        facets: dict[str, object] = {
            "processing_engine": self._facet(
                "1-1-1/ProcessingEngineRunFacet", name="Lineal", version=self._version()
            ),
            "lineal": {
                "_producer": self._spaces.producer,
                "_schemaURL": f"{_SPECIFICATION}/2-0-2/OpenLineage.json#/$defs/RunFacet",
                "store": self._store.uuid,
                "execution": execution.id,
                "code": execution.get("lineal_code"),
                "parameters": {
                    name: value
                    for name, value in execution.custom_properties.items()
                    if not name.startswith("lineal_")
                },
            },
        }
        parent_id = execution.get("lineal_parent")
        if isinstance(parent_id, int):
            parent = self._store.execution(parent_id)
            events = self._store.events(execution_ids=[parent_id])
            outputs = [event for event in events if event.type in _OUTPUTS]
            versions = self._store.versions_of(event.artifact_id for event in outputs)
            facets["parent"] = self._facet(
                "1-2-0/ParentRunFacet",
                run={"runId": self._run_id(parent)},
                job={
                    "namespace": self._spaces.jobs,
                    "name": self._job_name(parent, outputs, versions),
                },
            )
        error = execution.get("lineal_error")
        if error is not None:
            facets["errorMessage"] = self._facet(
                "1-0-1/ErrorMessageRunFacet",
                message=str(error),
                programmingLanguage="PYTHON",
                stackTrace=str(execution.get("lineal_traceback", "")),
            )
        return facets

    def _job_facets(self, execution: Execution) -> dict[str, object]:
        return {
            "jobType": self._facet(
                "2-0-4/JobTypeJobFacet",
                processingType="BATCH",
                integration="LINEAL",
                jobType=execution.type,
            )
        }

    def _dataset(self, artifact: Artifact, versions: Mapping[int, VersionRow]) -> dict[str, object]:
        facets: dict[str, object] = {}
        row = versions.get(artifact.id or 0)
        if row is not None:
            facets["version"] = self._facet(
                "1-0-1/DatasetVersionDatasetFacet", datasetVersion=str(row.number)
            )
        columns = self._column_types(artifact) if self._column_types else {}
        if columns:
            facets["schema"] = self._facet(
                "1-2-0/SchemaDatasetFacet",
                fields=[{"name": name, "type": kind} for name, kind in columns.items()],
            )
        facets["lineal"] = {
            "_producer": self._spaces.producer,
            "_schemaURL": f"{_SPECIFICATION}/2-0-2/OpenLineage.json#/$defs/DatasetFacet",
            "store": self._store.uuid,
            "artifact": artifact.id,
            "type": artifact.type,
            "ref": f"artifact/{artifact.id}" if row is None else format_name(row.name, row.number),
            "content": row.content if row else artifact.get("sha256"),
        }
        namespace, name = self._dataset_name(artifact, row)
        return {"namespace": namespace, "name": name, "facets": facets}

    def _dataset_name(self, artifact: Artifact, row: VersionRow | None) -> tuple[str, str]:
        """Return under which name other tools know the dataset; theirs for what they told of."""
        theirs = artifact.get("openlineage_namespace"), artifact.get("openlineage_name")
        if isinstance(theirs[0], str) and isinstance(theirs[1], str):
            return theirs[0], theirs[1]
        if row is not None:
            return self._spaces.datasets, row.name
        return self._spaces.datasets, f"artifact/{artifact.id}"

    def _output(
        self,
        execution: Execution,
        event: Event,
        artifact: Artifact,
        versions: Mapping[int, VersionRow],
    ) -> dict[str, object]:
        found = self._dataset(artifact, versions)
        counts = {
            name: value
            for name, value in (
                ("rowCount", artifact.get("rows")),
                ("size", artifact.get("size")),
            )
            if isinstance(value, int)
        }
        if counts:
            found["outputFacets"] = {
                "outputStatistics": self._facet(
                    "1-0-2/OutputStatisticsOutputDatasetFacet", **counts
                )
            }
        told = columns_told(execution).get(str(event.path[0]) if event.path else "", {})
        if told:
            facets = found["facets"]
            assert isinstance(facets, dict)  # noqa: S101 -- made by _dataset
            facets["columnLineage"] = self._column_lineage(told)
        return found

    def _column_lineage(self, told: Mapping[str, tuple[Column, ...]]) -> dict[str, object]:
        ids = {source.artifact_id for made_of in told.values() for source in made_of}
        artifacts = {artifact.id: artifact for artifact in self._store.artifacts(ids=ids)}
        versions = self._store.versions_of(ids)
        fields: dict[str, object] = {}
        for name, made_of in told.items():
            inputs = []
            for source in made_of:
                if source.artifact_id not in artifacts:
                    continue
                namespace, dataset = self._dataset_name(
                    artifacts[source.artifact_id], versions.get(source.artifact_id)
                )
                inputs.append({"namespace": namespace, "name": dataset, "field": source.name})
            fields[name] = {"inputFields": inputs}
        return self._facet("1-2-0/ColumnLineageDatasetFacet", fields=fields)

    def _facet(self, schema: str, **fields: object) -> dict[str, object]:
        kind = schema.rpartition("/")[2]
        return {
            "_producer": self._spaces.producer,
            "_schemaURL": f"{_SPECIFICATION}/facets/{schema}.json#/$defs/{kind}",
            **fields,
        }

    def _version(self) -> str:
        return self._spaces.producer.rpartition(":")[2]
