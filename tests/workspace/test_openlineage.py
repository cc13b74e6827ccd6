"""A workspace that tells other tools what happens, and keeps what they tell."""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from openlineage.client import OpenLineageClient, event_v2
from openlineage.client.transport.http import HttpConfig, HttpTransport
from typer.testing import CliRunner

import lineal
from lineal.cli.app import app
from lineal.errors import InvalidInput, Unavailable
from lineal.workspace.listening import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineal import Workspace

FRAME = pa.table({"distance": [1.0, 2.0]})
RUN = "0198c5b0-2f63-7c9e-8f0e-1f8f1c1d2e3f"


def configure(root: Path, *lines: str) -> None:
    """Add a section to the workspace's file."""
    lineal.open(root).close()
    file = root / "lineal.toml"
    text = file.read_text().replace("[openlineage]\n", "")
    file.write_text("\n".join([text, "[openlineage]", *lines, ""]))


@pytest.fixture
def telling(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace that tells a file."""
    root = tmp_path / "telling"
    configure(root, 'url = "file:events.jsonl"', 'namespace = "team"')
    with lineal.open(root) as ws:
        yield ws


def told(ws: Workspace) -> list[dict[str, object]]:
    """Return the events in the file."""
    file = ws.root / "events.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_save_is_told_when_it_ends_with_the_columns_of_its_table(telling: Workspace) -> None:
    telling.save(FRAME, "ops.flights")

    ends = [event for event in told(telling) if event["eventType"] == "COMPLETE"]
    names = [event["job"]["name"] for event in ends]  # type: ignore[index]
    output = ends[names.index("save ops.flights")]["outputs"][0]  # type: ignore[index]
    assert (output["namespace"], output["name"]) == ("team", "ops.flights")
    assert output["facets"]["schema"]["fields"] == [{"name": "distance", "type": "double"}]
    assert telling.openlineage.waiting == 0


def test_nothing_is_told_or_noted_without_a_url(ws: Workspace) -> None:
    ws.save(FRAME, "ops.flights")

    assert ws.openlineage.waiting == 0
    with pytest.raises(InvalidInput, match=r"no \[openlineage\] url"):
        ws.openlineage.send()


def test_a_target_that_is_away_fails_no_run_and_is_told_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    configure(tmp_path / "w", 'url = "http://127.0.0.1:9/"')
    with lineal.open(tmp_path / "w") as ws:
        with caplog.at_level(logging.WARNING, "lineal.openlineage"):
            ws.save(FRAME, "ops.flights")
            ws.save(FRAME.slice(1), "ops.flights")

        waiting = ws.openlineage.waiting
        assert waiting >= 4
        assert len(caplog.records) == 1  # it is not asked again at once
        with pytest.raises(Unavailable, match="can't be reached"):
            ws.openlineage.send()
        assert ws.openlineage.waiting == waiting


def test_a_token_that_is_not_set_is_asked_for(tmp_path: Path) -> None:
    configure(tmp_path / "w", 'url = "http://127.0.0.1:9/"', 'token_env = "NO_SUCH_TOKEN"')
    with lineal.open(tmp_path / "w") as ws, pytest.raises(Unavailable, match="NO_SUCH_TOKEN"):
        ws.openlineage.send()


def test_a_wrong_key_in_the_file_is_refused_with_the_likely_one(tmp_path: Path) -> None:
    configure(tmp_path / "w", 'uri = "http://127.0.0.1:9/"')
    with pytest.raises(lineal.NotFound, match="did you mean 'url'"):
        lineal.open(tmp_path / "w")


def test_an_address_that_nothing_can_be_sent_to_is_refused_when_the_file_is_read(
    tmp_path: Path,
) -> None:
    configure(tmp_path / "w", 'url = "ftp:zz"')
    with pytest.raises(InvalidInput, match=r"lineal.toml: openlineage.url is 'ftp:zz'"):
        lineal.open(tmp_path / "w")


def test_the_published_client_is_heard_over_http(ws: Workspace) -> None:
    listener = Listener(ws.openlineage, token="secret")  # noqa: S106
    thread = threading.Thread(target=listener.serve)
    thread.start()
    base = listener.url.removesuffix("/api/v1/lineage")
    config = {"url": base, "auth": {"type": "api_key", "apiKey": "secret"}}
    client = OpenLineageClient(transport=HttpTransport(HttpConfig.from_dict(config)))
    try:
        for kind in (event_v2.RunState.START, event_v2.RunState.COMPLETE):
            client.emit(
                event_v2.RunEvent(
                    eventType=kind,
                    eventTime="2026-11-24T10:00:00+00:00",
                    producer="https://example.org/spark",
                    run=event_v2.Run(RUN),
                    job=event_v2.Job("cluster", "nightly"),
                    outputs=[event_v2.OutputDataset("s3://bucket", "clean")],
                )
            )
        client.close()
    finally:
        listener.stop()
        thread.join()

    assert ws.get("s3/bucket/clean").number == 1
    assert [row["verb"] for row in ws.log()] == ["openlineage.Run"]


def test_a_broken_line_tells_how_many_came_before_it(ws: Workspace, tmp_path: Path) -> None:
    event = {
        "eventType": "COMPLETE",
        "eventTime": "2026-11-24T10:00:00+00:00",
        "producer": "https://example.org/spark",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
        "run": {"runId": RUN},
        "job": {"namespace": "cluster", "name": "nightly"},
    }
    file = tmp_path / "events.jsonl"
    for broken in ("{", "[]", "{}"):
        file.write_text(f"{json.dumps(event)}\n{broken}\n")
        with pytest.raises(InvalidInput, match=r"line 2.*received before this line: 1"):
            ws.openlineage.receive_file(file)


def test_what_one_workspace_tells_another_keeps(telling: Workspace, ws: Workspace) -> None:
    telling.save(FRAME, "ops.flights")
    file = telling.root / "events.jsonl"

    done = CliRunner().invoke(
        app, ["openlineage", "receive", str(file), "-w", str(ws.root), "--json"]
    )

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["received"] == len(told(telling))
    assert ws.get("team/ops.flights").number == 1


def test_a_broken_line_is_named(ws: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"run": 3}\n')

    with pytest.raises(InvalidInput, match=r"events.jsonl, line 1: .*eventType"):
        ws.openlineage.receive_file(file)


def test_the_commands_send_and_count(tmp_path: Path) -> None:
    configure(tmp_path / "w", 'url = "http://127.0.0.1:9/"')
    with lineal.open(tmp_path / "w") as ws:
        ws.save(FRAME, "ops.flights")
        count = ws.openlineage.waiting
    where = ["-w", str(tmp_path / "w"), "--json"]

    waits = CliRunner().invoke(app, ["openlineage", "waiting", *where])
    sent = CliRunner().invoke(
        app, ["openlineage", "send", "--file", str(tmp_path / "out.jsonl"), *where]
    )

    assert json.loads(waits.stdout) == {"waiting": count}
    assert json.loads(sent.stdout) == {"sent": count}
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == count
