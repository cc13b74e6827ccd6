"""The past says what it cannot know: what other clients overwrote without keeping it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lineal.metadata import tables
from lineal.metadata.gaps import Gap, history_gaps
from lineal.metadata.moments import to_microseconds


def overwrite(store, artifact_id, when):
    """Change an artifact's URI as ML Metadata's client does: without a trace but the time."""
    milliseconds = to_microseconds(when) // 1000
    change = tables.artifact.update().where(tables.artifact.c.id == artifact_id)
    with store._database.write() as connection:
        connection.execute(change.values(uri="new", last_update_time_since_epoch=milliseconds))


def test_change_by_another_client_is_a_gap_before_it(graph):
    artifact = graph.artifact("raw", "a")
    then = datetime.now(tz=UTC)
    changed = then.replace(microsecond=0) + timedelta(seconds=10)
    overwrite(graph.store, artifact.id, changed)
    past = graph.store.as_of(then)
    assert history_gaps(past) == [Gap("artifact", artifact.id, "raw@1", changed)]
    assert history_gaps(past, ids=[artifact.id + 1]) == []
    assert history_gaps(past, kind="execution") == []
    assert history_gaps(graph.store) == []
    assert history_gaps(graph.store.as_of(changed + timedelta(seconds=1))) == []


def test_change_of_ours_is_no_gap(graph):
    artifact = graph.artifact("raw", "a")
    then = datetime.now(tz=UTC)
    graph.recorder.label(artifact.id, {"stage": "final"})
    assert history_gaps(graph.store.as_of(then)) == []


def test_change_by_another_client_before_ours_is_a_gap(graph):
    artifact = graph.artifact("raw", "a")
    then = datetime.now(tz=UTC)
    overwrite(graph.store, artifact.id, then + timedelta(seconds=10))
    graph.recorder.label(artifact.id, {"stage": "final"})
    (gap,) = history_gaps(graph.store.as_of(then))
    assert (gap.kind, gap.id) == ("artifact", artifact.id)


def test_what_a_claim_dates_to_the_past_is_no_gap(graph):
    graph.make("raw", "a", known_at="2013-06-30")
    assert history_gaps(graph.store.as_of("2013-07-01")) == []


def test_description_of_the_past_tells_of_a_gap(graph):
    from lineal.metadata import Version

    artifact = graph.artifact("raw", "a")
    then = datetime.now(tz=UTC)
    overwrite(graph.store, artifact.id, then + timedelta(seconds=10))

    def described(store):
        row = store.version_of(artifact.id)
        return Version(store, graph.recorder, store.artifact(artifact.id), row).describe()

    assert "uncertain" not in described(graph.store)
    told = described(graph.store.as_of(then))["uncertain"]
    assert "by another client" in told
    assert then.isoformat() in told


def test_change_by_another_client_after_ours_is_a_gap(graph):
    artifact = graph.artifact("raw", "a")
    then = datetime.now(tz=UTC)
    graph.recorder.label(artifact.id, {"stage": "final"})
    changed = then.replace(microsecond=0) + timedelta(seconds=10)
    overwrite(graph.store, artifact.id, changed)
    past = graph.store.as_of(then)
    assert history_gaps(past) == [Gap("artifact", artifact.id, "raw@1", changed)]


def test_change_by_another_client_between_two_of_ours_is_a_gap(graph):
    artifact = graph.artifact("raw", "a")
    then = datetime.now(tz=UTC)
    graph.recorder.label(artifact.id, {"stage": "final"})
    changed = then.replace(microsecond=0) + timedelta(seconds=10)
    overwrite(graph.store, artifact.id, changed)
    graph.recorder.label(artifact.id, {"stage": "first"})
    past = graph.store.as_of(then)
    assert history_gaps(past) == [Gap("artifact", artifact.id, "raw@1", changed)]


def test_changes_of_ours_that_expect_a_time_are_no_gaps(graph):
    from dataclasses import replace

    from lineal.metadata.graph import Graph

    artifact = graph.artifact("raw", "a")
    then = datetime.now(tz=UTC)
    native = Graph(graph.store)
    for uri in ("one", "two", "three"):  # within one millisecond, so that times are pushed on
        (read,) = native.artifacts(ids=[artifact.id])
        native.put_artifacts([replace(read, uri=uri)], expect_unchanged=True)
    graph.recorder.label(artifact.id, {"stage": "final"})
    assert history_gaps(graph.store.as_of(then)) == []
