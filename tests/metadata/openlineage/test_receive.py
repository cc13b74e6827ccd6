"""Events that arrive: of the published client, in any order, more than once, and broken ones."""

from __future__ import annotations

import copy
import itertools
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openlineage.client import event_v2, facet_v2
from openlineage.client.serde import Serde

from lineal.errors import InvalidInput
from lineal.metadata import (
    ArtifactState,
    ArtifactType,
    EventType,
    ExecutionState,
    ExecutionType,
    Made,
    Output,
    Recorder,
    Store,
    walk,
)
from lineal.metadata.columns import Column, column_lineage
from lineal.metadata.moments import now
from lineal.metadata.openlineage import receive, run_event

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = "0198c5b0-2f63-7c9e-8f0e-1f8f1c1d2e3f"


@pytest.fixture
def store() -> Iterator[Store]:
    """A store in memory."""
    opened = Store()
    yield opened
    opened.close()


def event(kind: str, run: str = RUN, **more: Any) -> dict[str, Any]:
    """Return an event as the published client sends it."""
    made = event_v2.RunEvent(
        eventType=event_v2.RunState[kind],
        eventTime="2026-11-24T10:00:00+00:00",
        producer="https://example.org/spark",
        run=event_v2.Run(run, facets=more.get("run_facets", {})),
        job=event_v2.Job("cluster", more.get("job", "nightly")),
        inputs=more.get("inputs", []),
        outputs=more.get("outputs", []),
    )
    told: dict[str, Any] = json.loads(Serde.to_json(made))
    return told


RAW = event_v2.InputDataset("s3://bucket", "raw")
CLEAN = event_v2.OutputDataset(
    "s3://bucket",
    "clean",
    facets={
        "schema": facet_v2.schema_dataset.SchemaDatasetFacet(
            fields=[facet_v2.schema_dataset.SchemaDatasetFacetFields("speed", "DOUBLE")]
        ),
        "columnLineage": facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet(
            fields={
                "speed": facet_v2.column_lineage_dataset.Fields(
                    [facet_v2.column_lineage_dataset.InputField("s3://bucket", "raw", "distance")]
                )
            }
        ),
    },
    outputFacets={
        "outputStatistics": (
            facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=7)
        )
    },
)


def test_a_run_that_completes_has_read_and_made_versions(store: Store) -> None:
    receive(store, event("START", inputs=[RAW]))
    number = receive(store, event("COMPLETE", inputs=[RAW], outputs=[CLEAN])) or 0

    clean = store.newest("s3/bucket/clean")
    assert clean is not None
    artifact = store.artifact(clean.artifact_id)
    assert store.execution(number).state == ExecutionState.COMPLETE
    assert artifact.state == ArtifactState.LIVE
    assert artifact.get("rows") == 7
    assert artifact.get("columns") == {"speed": "DOUBLE"}
    assert [context.name for context in store.contexts(execution_id=number)] == ["cluster/nightly"]
    assert {row.name for row in walk(store, ("artifact", clean.artifact_id)).versions.values()} == {
        "s3/bucket/raw",
        "s3/bucket/clean",
    }


def test_columns_that_were_told_of_are_followed(store: Store) -> None:
    receive(store, event("COMPLETE", inputs=[RAW], outputs=[CLEAN]))
    raw, clean = store.newest("s3/bucket/raw"), store.newest("s3/bucket/clean")
    assert raw is not None
    assert clean is not None

    (edge,) = column_lineage(store, Column(clean.artifact_id, "speed"))

    assert edge.source == Column(raw.artifact_id, "distance")


def test_the_next_run_reads_the_newest_and_makes_the_next_version(store: Store) -> None:
    for run in (RUN, str(uuid.uuid4())):
        receive(store, event("COMPLETE", run, inputs=[RAW], outputs=[CLEAN]))

    assert [row.number for row in store.versions("s3/bucket/clean")] == [1, 2]
    assert len(store.versions("s3/bucket/raw")) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_any_order_and_twice_the_same_comes_out(store: Store, order: tuple[int, ...]) -> None:
    told = [
        event("START", inputs=[RAW]),
        event("RUNNING", outputs=[CLEAN]),
        event("COMPLETE", inputs=[RAW], outputs=[CLEAN]),
    ]

    numbers = {receive(store, told[index]) for index in (*order, *order)}

    (number,) = numbers
    events = store.events(execution_ids=[number or 0])
    assert store.execution(number or 0).state == ExecutionState.COMPLETE
    assert sorted(e.type for e in events) == [EventType.INPUT, EventType.OUTPUT]
    assert [row.number for row in store.versions("s3/bucket/clean")] == [1]


def test_a_run_that_fails_makes_no_version_and_keeps_its_error(store: Store) -> None:
    error = facet_v2.error_message_run.ErrorMessageRunFacet("boom", "JAVA", "at line 1")
    number = receive(store, event("FAIL", outputs=[CLEAN], run_facets={"errorMessage": error}))

    execution = store.execution(number or 0)
    assert execution.state == ExecutionState.FAILED
    assert (execution.get("lineal_error"), execution.get("lineal_traceback")) == (
        "boom",
        "at line 1",
    )
    assert store.newest("s3/bucket/clean") is None


def test_a_run_that_has_ended_stays_ended(store: Store) -> None:
    number = receive(store, event("ABORT")) or 0

    receive(store, event("START"))

    assert store.execution(number).state == ExecutionState.CANCELED


def test_a_parent_is_known_before_it_tells_of_itself(store: Store) -> None:
    parent = str(uuid.uuid4())
    facet = facet_v2.parent_run.ParentRunFacet(
        facet_v2.parent_run.Run(parent), facet_v2.parent_run.Job("airflow", "dag")
    )
    child = receive(store, event("START", run_facets={"parent": facet})) or 0

    number = receive(store, event("START", parent, job="dag"))

    assert store.execution(child).get("lineal_parent") == number


def test_what_we_told_of_ourselves_comes_back_as_the_same_version(store: Store) -> None:
    with Recorder(store).run(
        ExecutionType("lineal.add"),
        outputs=[Output("file", ArtifactType("lineal.File"), "raw.csv")],
    ) as running:
        running.made("file", Made("abc", "file:///raw"))
    ours: Any = run_event(store, running.execution_id, "COMPLETE", time=now())
    theirs = event("COMPLETE", outputs=[CLEAN])
    theirs["inputs"] = [{**ours["outputs"][0]}]

    number = receive(store, theirs) or 0

    (read,) = [e for e in store.events(execution_ids=[number]) if e.type == EventType.INPUT]
    assert read.artifact_id == running.artifacts["file"].id


def test_our_own_run_told_back_changes_nothing(store: Store) -> None:
    with Recorder(store).run(
        ExecutionType("lineal.add"),
        outputs=[Output("file", ArtifactType("lineal.File"), "raw.csv")],
    ) as running:
        running.made("file", Made("abc", "file:///raw"))
    told = run_event(store, running.execution_id, "COMPLETE", time=now())

    number = receive(store, told)

    assert number == running.execution_id
    assert len(store.artifacts()) == 1
    assert store.execution(running.execution_id).type == "lineal.add"


def test_events_without_a_run_are_passed_over(store: Store) -> None:
    told = event("START")
    del told["run"]

    assert receive(store, told) is None
    assert store.executions() == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("eventType",), "BEGIN", "eventType is 'BEGIN'"),
        (("eventTime",), "yesterday", "'yesterday' is no"),
        (("run", "runId"), "17", "no UUID"),
        (("job", "name"), None, "job has no text 'name'"),
        (("inputs",), {"a": 1}, "must be a list"),
        (("inputs",), [1], "a dataset is an object"),
        (("outputs",), [{"namespace": "n"}], "no text 'name'"),
        (("run",), 3, "no object 'run'"),
    ],
)
def test_what_is_no_event_is_refused_and_leaves_nothing(
    store: Store, path: tuple[str, ...], value: object, message: str
) -> None:
    told = event("COMPLETE", inputs=[RAW], outputs=[CLEAN])
    holder: Any = told
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value

    with pytest.raises(InvalidInput, match=message):
        receive(store, told)

    assert store.executions() == []


WHOLE = event("COMPLETE", inputs=[RAW], outputs=[CLEAN])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_an_event_with_anything_in_a_field_is_kept_or_refused(data: st.DataObject) -> None:
    told = copy.deepcopy(WHOLE)
    holder: Any = told
    while isinstance(holder, dict | list) and holder:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(holder[key], dict | list) or data.draw(st.booleans()):
            anything = st.none() | st.booleans() | st.integers() | st.text() | st.just([{}])
            holder[key] = data.draw(anything)
            break
        holder = holder[key]
    store = Store()
    try:
        receive(store, told)
    except InvalidInput:
        assert store.executions() == []
    finally:
        store.close()
