"""A workspace as it was known at a moment: everything in it, and nothing that can be changed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import lineal
from lineal.errors import InvalidInput, NotFound
from lineal.features import entity, feature_view
from lineal.lake import LakeVersion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineal.workspace import Workspace


@lineal.component
def one() -> int:
    return 1


@lineal.pipeline(name="small")
def small() -> None:
    one()


def frame(*values: int) -> pa.Table:
    return pa.table({"a": list(values), "at": pa.array(values, pa.timestamp("us", "UTC"))})


def after(ws: Workspace) -> datetime:
    """Return the time of the newest commit."""
    return ws.store.commits(limit=1)[0][1]


def total(view: Workspace) -> int:
    return view.sql("SELECT coalesce(sum(a), 0)::BIGINT AS s FROM ops.t").read_all()["s"][0].as_py()


@pytest.fixture
def history(ws: Workspace, write: Callable[..., Path]) -> list[datetime]:
    """Two states of everything, and the moment after each."""
    moments = []
    for number in (1, 2):
        ws.lake.add(write("notes.txt", f"state {number}"))
        ws.warehouse.ingest("ops.t", frame(number))
        ws.infer_schema(frame(*range(number)), name="schema")
        ws.alias("ops.t", "best", number)
        ws.get("ops.t@1").label(state=number)
        ws.warehouse.subject("ops", owner=f"owner {number}")
        if number == 2:
            ws.warehouse.save(frame(9), "ops.late")
        moments.append(after(ws))
    return moments


def test_everything_is_shown_as_it_was_then(ws: Workspace, history: list[datetime]) -> None:
    for number, moment in enumerate(history, start=1):
        for clock in ("known", "commit"):
            then = ws.at(moment, clock=clock)
            notes = then.get("notes.txt")
            assert isinstance(notes, LakeVersion)
            assert notes.read_bytes() == f"state {number}\n".encode()
            assert len(notes.versions) == number
            assert then.warehouse.newest("ops.t").ref == f"ops.t@{number}"
            assert then.warehouse["ops.t"].to_arrow().num_rows == number
            assert total(then) == sum(range(number + 1))
            assert then.get("ops.t:best").number == number
            assert then.get("ops.t@1").describe()["labels"] == {"state": number}
            assert then.read("schema").ref == f"schema@{number}"
            assert then.warehouse.subjects()[0].owner == f"owner {number}"
            assert len(then.find(type="lineal.Table").to_pylist()) == number
            assert {row["verb"] for row in then.log(limit=None)} >= {"ingest", "alias"}

    assert ws.at(history[0]).warehouse.tables() == ["ops.t"]
    assert len(ws.at(history[0]).log(limit=None)) < len(ws.log(limit=None))
    with pytest.raises(NotFound, match="its first version is known since"):
        ws.at(history[0]).get("ops.late")
    with pytest.raises(NotFound):
        ws.at(history[0]).get("ops.t@2")


def test_views_of_views_and_references_with_a_time_agree(
    ws: Workspace, history: list[datetime]
) -> None:
    first, second = history
    text = first.isoformat()

    assert ws.at(second).at(first).warehouse.newest("ops.t").number == 1
    assert ws.get(f"ops.t@{text}").number == 1
    assert ws.warehouse[f"ops.t@{text}"].number == 1
    query = f'SELECT sum(a)::BIGINT AS s FROM "ops.t@{text}"'
    assert ws.sql(query).read_all().to_pylist() == [{"s": 1}]


def test_before_anything_there_is_nothing(ws: Workspace, history: list[datetime]) -> None:
    empty = ws.at("1999-12-31")

    assert (empty.store.names(), empty.log(), empty.warehouse.tables()) == ([], [], [])
    assert empty.lake.names() == []
    with pytest.raises(NotFound, match=r"'ops\.t' was known at 1999-12-31.*first version is known"):
        empty.get("ops.t")
    with pytest.raises(NotFound, match=r"ops\.t"):
        empty.sql("SELECT * FROM ops.t")


def test_a_future_moment_shows_the_present(ws: Workspace, history: list[datetime]) -> None:
    future = ws.at(datetime.now(tz=UTC) + timedelta(days=1))

    assert future.get("ops.t").ref == "ops.t@2"


@pytest.mark.parametrize("moment", ["2013-06-30T12:00", datetime(2013, 6, 30), "yesterday", 3])  # noqa: DTZ001 -- the error is the point
def test_a_moment_must_be_one(ws: Workspace, moment: object) -> None:
    with pytest.raises(InvalidInput):
        ws.at(moment)


def test_a_clock_must_be_one(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="there is no clock 'wall'"):
        ws.at("2013-06-30", clock="wall")


# Claims


@pytest.fixture
def claimed(ws: Workspace, write: Callable[..., Path]) -> Workspace:
    """Two months, loaded today, each claimed to have been known since the next one's first."""
    for month in (1, 2):
        raw = ws.lake.add(write(f"2013-{month:02}.csv", "a", str(month)))
        ws.warehouse.ingest("ops.t", raw, known_at=date(2013, month + 1, 1))
    return ws


def test_claims_date_loads_their_sources_and_executions(claimed: Workspace) -> None:
    february = claimed.at("2013-02-15")

    assert february.warehouse.newest("ops.t").ref == "ops.t@1"
    assert total(february) == 1
    assert february.lake.names() == ["2013-01.csv"]
    assert february.get("2013-01.csv").read_bytes() == b"a\n1\n"
    assert sorted(row["verb"] for row in february.log()) == ["add", "ingest"]
    assert {r.name for r in february.lineage("ops.t").versions.values()} == {"ops.t", "2013-01.csv"}
    assert total(claimed.at("2013-03-01")) == 3
    assert claimed.at("2013-01-31").warehouse.tables() == []


def test_by_the_clock_of_commits_claims_do_not_count(claimed: Workspace) -> None:
    assert claimed.at("2013-03-15", clock="commit").warehouse.tables() == []
    assert claimed.at(after(claimed), clock="commit").get("ops.t").number == 2


def test_what_was_not_committed_yet_says_when_it_was(claimed: Workspace) -> None:
    committed = claimed.get("ops.t@1").committed
    with pytest.raises(NotFound, match="committed at " + re.escape(committed.isoformat())):
        claimed.at("2013-03-15", clock="commit").get("ops.t")


def test_who_claimed_it_is_told(claimed: Workspace) -> None:
    told = claimed.get("ops.t@1").describe()
    (first, _) = claimed.store.executions(type="lineal.ingest")

    assert told["known_at"] == datetime(2013, 2, 1, tzinfo=UTC)
    assert told["committed"] > told["known_at"]
    assert told["claimed_by"] == f"execution/{first.id}"


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        (datetime.now(tz=UTC) + timedelta(days=1), "lies in the future"),
        ("2013-02-15", "since when ops.t@2 is known"),
        ("2013-02-15T00:00", "has no time zone"),
    ],
)
def test_claims_that_can_not_be_true_are_refused_and_leave_nothing(
    claimed: Workspace, claim: object, told: str
) -> None:
    with pytest.raises(InvalidInput, match=told.replace(".", r"\.")):
        claimed.warehouse.ingest("ops.t", pa.table({"a": [3]}), known_at=claim)

    assert claimed.get("ops.t").number == 2
    assert claimed.doctor() == []


def test_a_later_load_without_a_claim_is_known_from_its_commit(claimed: Workspace) -> None:
    claimed.warehouse.ingest("ops.t", pa.table({"a": [3]}))

    assert total(claimed.at("2013-12-31")) == 3
    assert total(claimed) == 6


def test_what_was_found_in_the_past_can_be_looked_at_in_the_present(
    ws: Workspace, history: list[datetime]
) -> None:
    past = ws.at(history[0])

    stats = lineal.statistics(past.warehouse["ops.t"])
    schema = lineal.infer_schema(past.get("ops.t"))
    report = lineal.validate(stats, past.read("schema"))

    assert (stats.num_examples, stats.ref) == (1, "statistics/ops.t@1")
    assert (schema.ref, report.ref) == ("schema/ops.t@1", "validation/ops.t@1")
    assert {row.name for row in ws.lineage(report).versions.values()} >= {"ops.t", "schema"}


# Nothing can be changed


def test_every_verb_refuses_to_write_in_the_past(
    ws: Workspace, history: list[datetime], write: Callable[..., Path]
) -> None:
    past, stats = ws.at(history[0]), ws.statistics(frame(1), name="stats")
    path, table = write("new.csv", "a", "1"), ws.at(history[0]).warehouse.table("ops.t")
    view = feature_view("v", of=entity("k", key="a"), table="ops.t", event_time="at", columns=["a"])
    verbs: dict[str, Callable[[], object]] = {
        "add": lambda: past.lake.add(path),
        "add_all": lambda: past.lake.add_all([path]),
        "ingest": lambda: past.warehouse.ingest("ops.t", path),
        "ingest of a frame": lambda: past.warehouse.ingest("ops.t", frame(3)),
        "save a frame": lambda: past.save(frame(3), "ops.t"),
        "save a path": lambda: past.save(path, "new"),
        "save a model": lambda: past.save(path, "new", type="Model"),
        "save a schema": lambda: past.save(lineal.infer_schema(frame(1)), "new"),
        "rename": lambda: table.rename_column("a", "b"),
        "subject": lambda: past.warehouse.subject("ops", owner="me"),
        "settle": past.warehouse.settle,
        "statistics": lambda: past.statistics("ops.t"),
        "statistics of a path": lambda: past.statistics(path),
        "infer_schema": lambda: past.infer_schema(frame(1)),
        "validate": lambda: past.validate(stats, "schema"),
        "alias": lambda: past.alias("ops.t", "best", 1),
        "label": lambda: past.get("ops.t").label(state=3),
        "define": lambda: past.features.define(view),
        "training_set": lambda: past.features.training_set(frame(1), view, at="at"),
        "materialize": lambda: past.features.materialize(view),
        "run": lambda: past.run(small, {}),
        "doctor": past.doctor,
        "doctor dry run": lambda: past.doctor(dry_run=True),
        "clean": lambda: past.lake.clean([]),
    }
    commits = ws.store.commits()

    for name, verb in verbs.items():
        with pytest.raises(InvalidInput) as caught:
            verb()
        told = str(caught.value)
        assert "present" in told, f"{name}: {told}"
    assert ws.store.commits() == commits
    assert ws.doctor() == []
