"""Events that leave: what they say, that the published client reads them, and the outbox."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from openlineage.client import event_v2, facet_v2
from openlineage.client.serde import Serde

from lineal.errors import InvalidInput, Unavailable
from lineal.metadata import (
    Artifact,
    ArtifactType,
    ExecutionType,
    Made,
    Output,
    PropertyType,
    Recorder,
    Store,
)
from lineal.metadata.columns import COLUMNS, Column, encode_columns
from lineal.metadata.moments import now
from lineal.metadata.openlineage import (
    FileTransport,
    HttpTransport,
    Namespaces,
    deliver,
    enable,
    run_event,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

column_lineage = facet_v2.column_lineage_dataset
TABLE = ArtifactType("lineal.Table", {"rows": PropertyType.INT})
SPACES = Namespaces(jobs="jobs", datasets="data", producer="urn:lineal:1.2.3")


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A store in memory whose executions are noted in the outbox."""
    store = Store()
    enable(store)
    yield Recorder(store)
    store.close()


class Gathering:
    """Takes events, and refuses them while `broken`."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.broken = False

    def send(self, event: Mapping[str, object]) -> None:
        """Keep the event as it would arrive."""
        if self.broken:
            raise Unavailable("broken")
        self.events.append(json.loads(json.dumps(event)))


def ingest(recorder: Recorder, *inputs: Artifact, rows: int = 3, **notes: str) -> Artifact:
    """Record the load of a table."""
    with recorder.run(
        ExecutionType("lineal.ingest"),
        inputs={"source": list(inputs)},
        outputs=[Output("table", TABLE, "ops.flights")],
        parameters=notes,
    ) as running:
        running.made("table", Made(f"content-{rows}", "file:///t", {"rows": rows}))
    return running.artifacts["table"]


def as_client(event: dict[str, Any]) -> event_v2.RunEvent:
    """Build the published client's own event from ours; it checks what it is given."""

    def facets(held: dict[str, Any], known: dict[str, type]) -> dict[str, Any]:
        return {name: known[name](**_public(held[name])) for name in held if name in known}

    def dataset(kind: type, told: dict[str, Any], **more: object) -> Any:
        of_dataset = {
            "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
            "schema": lambda fields: facet_v2.schema_dataset.SchemaDatasetFacet(
                fields=[facet_v2.schema_dataset.SchemaDatasetFacetFields(**f) for f in fields]
            ),
            "columnLineage": lambda fields: column_lineage.ColumnLineageDatasetFacet(
                fields={
                    name: column_lineage.Fields(
                        inputFields=[
                            column_lineage.InputField(**one) for one in told["inputFields"]
                        ]
                    )
                    for name, told in fields.items()
                }
            ),
        }
        return kind(
            told["namespace"], told["name"], facets=facets(told["facets"], of_dataset), **more
        )

    statistics = {
        "outputStatistics": (
            facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet
        )
    }
    of_run = {
        "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
        "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
        "parent": lambda run, job: facet_v2.parent_run.ParentRunFacet(
            run=facet_v2.parent_run.Run(**run), job=facet_v2.parent_run.Job(**job)
        ),
    }
    return event_v2.RunEvent(
        eventType=event_v2.RunState[event["eventType"]],
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=event_v2.Run(event["run"]["runId"], facets=facets(event["run"]["facets"], of_run)),
        job=event_v2.Job(
            event["job"]["namespace"],
            event["job"]["name"],
            facets=facets(
                event["job"]["facets"], {"jobType": facet_v2.job_type_job.JobTypeJobFacet}
            ),
        ),
        inputs=[dataset(event_v2.InputDataset, told) for told in event["inputs"]],
        outputs=[
            dataset(
                event_v2.OutputDataset,
                told,
                outputFacets=facets(told.get("outputFacets", {}), statistics),
            )
            for told in event["outputs"]
        ],
    )


def _public(facet: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facet.items() if not name.startswith("_")}


def without_ours(held: Any) -> Any:
    """Leave out our own facet, what is empty, and who produced a facet."""
    if isinstance(held, list):
        return [without_ours(each) for each in held]
    if not isinstance(held, dict):
        return held
    kept = {
        name: without_ours(value)
        for name, value in held.items()
        if name not in ("lineal", "_producer") and value not in ({}, [], None)
    }
    return {name: value for name, value in kept.items() if value not in ({}, [])}


def test_what_is_told_reads_back_the_same_through_the_published_client(recorder: Recorder) -> None:
    source = ingest(recorder, rows=1)
    told = {"table": {"speed": [Column(source.id or 0, "distance")]}}
    with recorder.run(ExecutionType("lineal.flow")):
        made = ingest(recorder, source, **{COLUMNS: encode_columns(told)})
    with pytest.raises(ZeroDivisionError), recorder.run(ExecutionType("lineal.fail")):
        1 / 0  # noqa: B018

    for execution in recorder.store.executions():
        kind = "FAIL" if execution.type == "lineal.fail" else "COMPLETE"
        event = json.loads(
            json.dumps(
                run_event(
                    recorder.store,
                    execution.id or 0,
                    kind,
                    time=now(),
                    namespaces=SPACES,
                    column_types=lambda artifact: {"distance": f"double of {artifact.id}"},
                )
            )
        )

        assert without_ours(Serde.to_dict(as_client(event))) == without_ours(event)
    assert made.get("rows") == 3


def test_a_load_names_its_table_with_version_rows_and_columns(recorder: Recorder) -> None:
    source = ingest(recorder, rows=1)
    told = {"table": {"speed": [Column(source.id or 0, "distance")]}}
    made = ingest(recorder, source, **{COLUMNS: encode_columns(told)})
    run = recorder.store.executions()[-1]

    event: Any = run_event(recorder.store, run.id or 0, "COMPLETE", time=now(), namespaces=SPACES)

    (output,) = event["outputs"]
    assert event["job"]["name"] == "ingest ops.flights"
    assert event["run"]["runId"] == run.name
    assert (output["namespace"], output["name"]) == ("data", "ops.flights")
    assert output["facets"]["version"]["datasetVersion"] == "2"
    assert output["facets"]["lineal"]["artifact"] == made.id
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert output["facets"]["columnLineage"]["fields"] == {
        "speed": {
            "inputFields": [{"namespace": "data", "name": "ops.flights", "field": "distance"}]
        }
    }
    assert [each["facets"]["version"]["datasetVersion"] for each in event["inputs"]] == ["1"]


def test_everything_that_began_or_ended_is_told_once_and_in_order(recorder: Recorder) -> None:
    target = Gathering()
    ingest(recorder)
    with pytest.raises(ZeroDivisionError), recorder.run(ExecutionType("lineal.fail")):
        1 / 0  # noqa: B018

    sent = deliver(recorder.store, target, namespaces=SPACES)

    assert sent == 4
    assert [(e["eventType"], e["job"]["name"]) for e in target.events] == [
        ("START", "ingest ops.flights"),
        ("COMPLETE", "ingest ops.flights"),
        ("START", "fail"),
        ("FAIL", "fail"),
    ]
    assert target.events[3]["run"]["facets"]["errorMessage"]["message"] == "division by zero"
    assert deliver(recorder.store, target) == 0


def test_what_the_other_side_refuses_waits_and_goes_later(recorder: Recorder) -> None:
    target = Gathering()
    target.broken = True
    ingest(recorder)

    with pytest.raises(Unavailable, match="broken"):
        deliver(recorder.store, target)

    assert [transition for _, _, transition, _ in waiting(recorder.store)] == ["START", "COMPLETE"]
    target.broken = False
    assert deliver(recorder.store, target) == 2


def test_nothing_is_noted_before_anybody_asks_for_it() -> None:
    store = Store()
    ingest(Recorder(store))

    assert waiting(store) == []
    store.close()


def test_a_transaction_that_is_rolled_back_leaves_nothing_to_tell(recorder: Recorder) -> None:
    stranger = Artifact("lineal.Table", id=999)

    with (
        pytest.raises(InvalidInput),
        recorder.run(ExecutionType("lineal.ingest"), inputs={"source": [stranger]}),
    ):
        pass

    assert waiting(recorder.store) == []


def test_a_file_gets_a_line_an_event(recorder: Recorder, tmp_path: Path) -> None:
    ingest(recorder)

    deliver(recorder.store, FileTransport(tmp_path / "events" / "lineage.jsonl"))

    lines = (tmp_path / "events" / "lineage.jsonl").read_text().splitlines()
    assert [json.loads(line)["eventType"] for line in lines] == ["START", "COMPLETE"]


@contextmanager
def listening(status: int = 201) -> Iterator[tuple[str, list[tuple[str, str | None, Any]]]]:
    """A real server that keeps what is posted to it."""
    got: list[tuple[str, str | None, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, self.headers["Authorization"], json.loads(body)))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_gets_the_events_with_the_token(recorder: Recorder) -> None:
    ingest(recorder)

    with listening() as (url, got):
        deliver(recorder.store, HttpTransport(url, token="secret"))  # noqa: S106

    assert [(path, token, event["eventType"]) for path, token, event in got] == [
        ("/api/v1/lineage", "Bearer secret", "START"),
        ("/api/v1/lineage", "Bearer secret", "COMPLETE"),
    ]


def test_a_server_that_refuses_or_is_away_leaves_the_events_waiting(recorder: Recorder) -> None:
    ingest(recorder)

    with listening(status=500) as (url, _), pytest.raises(Unavailable, match="500"):
        deliver(recorder.store, HttpTransport(url))
    with pytest.raises(Unavailable, match="can't be reached"):
        deliver(recorder.store, HttpTransport(url))

    assert len(waiting(recorder.store)) == 2


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no http"):
        HttpTransport("ftp://somewhere")
