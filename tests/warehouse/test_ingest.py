"""Loads: each one version, enforced against the table, and none of them twice."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import EventType, ExecutionState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineal.warehouse import Warehouse

NOON = dt.datetime(2013, 1, 1, 12, tzinfo=dt.UTC)


def test_each_load_is_a_version_and_old_ones_stay(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    first = warehouse.ingest("ops.flights", csv("1.csv", "a,b", "1,x"))
    second = warehouse.ingest("ops.flights", csv("2.csv", "b,a", "y,2"))

    assert (first.ref, second.ref) == ("ops.flights@1", "ops.flights@2")
    assert first.to_arrow().to_pylist() == [{"a": 1, "b": "x"}]
    assert second.to_arrow().to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    assert (second.rows, second.added_rows) == (2, 1)


def test_reload_of_same_content_adds_no_version(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    january, february = csv("1.csv", "a", "1"), csv("2.csv", "a", "2")
    warehouse.ingest("ops.flights", january, known_at="2013-02-01")
    warehouse.ingest("ops.flights", february, known_at="2013-03-01")

    again = warehouse.ingest("ops.flights", january, known_at="2013-02-01")

    assert again.number == 1
    assert len(warehouse.table("ops.flights").versions) == 2
    # The skip is an execution that points to the version that is there.
    *_, skip = warehouse.store.executions(type="lineal.ingest")
    assert skip.state is ExecutionState.COMPLETE
    events = warehouse.store.events(execution_ids=[skip.id or 0])
    assert [e.artifact_id for e in events if e.type is EventType.OUTPUT] == [again.id]


def test_the_same_content_is_loaded_again_if_asked_or_read_another_way(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    path = csv("1.csv", "a,b", "1,-")
    warehouse.ingest("ops.flights", path)

    again = warehouse.ingest("ops.flights", path, again=True)
    otherwise = warehouse.ingest("ops.flights", path, na_values=["-"])

    assert (again.number, otherwise.number) == (2, 3)
    assert otherwise.to_arrow().to_pylist() == [
        {"a": 1, "b": "-"}, {"a": 1, "b": "-"}, {"a": 1, "b": None}
    ]  # fmt: skip


def test_a_load_counts_since_the_content_was_last_replaced(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    path = csv("1.csv", "a", "1")
    warehouse.ingest("ops.flights", path)
    warehouse.save(pa.table({"a": [7]}), "ops.flights")

    loaded = warehouse.ingest("ops.flights", path)

    assert loaded.number == 3
    assert loaded.to_arrow().to_pylist() == [{"a": 7}, {"a": 1}]
    assert warehouse.ingest("ops.flights", path).number == 3


def test_where_rows_came_from_and_when_are_columns(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    warehouse.ingest("ops.flights", csv("1.csv", "a", "1"))
    version = warehouse.ingest("ops.flights", csv("2.csv", "a", "2"))

    rows = version.to_arrow(provenance=True).to_pylist()

    sources = [entry.source for entry in warehouse.history("ops.flights")]
    assert [row["_artifact"] for row in rows] == [s.id for s in sources if s is not None]
    assert rows[0]["_loaded_at"] < rows[1]["_loaded_at"]
    assert version.schema.names == ["a"]
    counted = warehouse.sql("SELECT count(DISTINCT _artifact) AS n FROM ops.flights").read_all()
    assert counted.to_pylist() == [{"n": 2}]


def test_history_tells_rows_times_claims_and_sources(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    warehouse.ingest("ops.flights", csv("1.csv", "a", "1"), known_at="2013-02-01")
    warehouse.ingest("ops.flights", csv("2.csv", "a", "2", "3"))

    first, second = warehouse.table("ops.flights").history()

    assert (first.number, first.operation, first.rows, first.added_rows) == (1, "append", 1, 1)
    assert first.known_at == dt.datetime(2013, 2, 1, tzinfo=dt.UTC)
    assert first.claimed_by == f"execution/{first.execution_id}"
    assert (second.rows, second.added_rows, second.claimed_by) == (3, 2, None)
    assert second.known_at == second.loaded_at
    assert second.source is not None
    assert str(second.source.get("source")).endswith("2.csv")


@pytest.mark.parametrize("known_at", ["2013-02-01", dt.date(2013, 2, 1),
                                      dt.datetime(2013, 2, 1, tzinfo=dt.UTC)])  # fmt: skip
def test_a_claim_dates_the_version_and_its_source(
    warehouse: Warehouse, open_warehouse: Callable[..., Warehouse], csv: Callable[..., Path],
    known_at: str | dt.date,
) -> None:  # fmt: skip
    loaded = warehouse.ingest("ops.flights", csv("1.csv", "a", "1"), known_at=known_at)

    then = open_warehouse(warehouse.store.as_of(dt.datetime(2013, 2, 1, tzinfo=dt.UTC)))

    assert then["ops.flights"].to_arrow().to_pylist() == [{"a": 1}]
    source = warehouse.history("ops.flights")[0].source
    assert source is not None
    assert then.store.artifact(source.id or 0) == source
    assert loaded.known_at == dt.datetime(2013, 2, 1, tzinfo=dt.UTC)
    before = open_warehouse(warehouse.store.as_of(dt.datetime(2013, 1, 31, tzinfo=dt.UTC)))
    with pytest.raises(NotFound, match=r"was not known yet at 2013-01-31.*since 2013-02-01"):
        before["ops.flights"]


@pytest.mark.parametrize(
    ("known_at", "told"),
    [
        ("2999-01-01", "lies in the future"),
        ("2013-01-01", "lies before"),
        (dt.datetime(2013, 6, 1), "has no time zone"),  # noqa: DTZ001
        ("soon", "is no known_at"),
    ],
)
def test_a_claim_that_can_not_be_true_is_refused_and_nothing_is_loaded(
    warehouse: Warehouse, csv: Callable[..., Path], known_at: object, told: str
) -> None:
    warehouse.ingest("ops.flights", csv("1.csv", "a", "1"), known_at="2013-02-01")

    with pytest.raises(InvalidInput, match=told):
        warehouse.ingest("ops.flights", csv("2.csv", "a", "2"), known_at=known_at)

    assert len(warehouse.table("ops.flights").versions) == 1
    assert warehouse.settle() == []


def test_the_past_can_be_read_and_not_changed(
    warehouse: Warehouse, open_warehouse: Callable[..., Warehouse], csv: Callable[..., Path]
) -> None:
    warehouse.ingest("ops.flights", csv("1.csv", "a", "1"), known_at="2013-02-01")
    warehouse.ingest("ops.flights", csv("2.csv", "a", "2"), known_at="2013-03-01")

    then = open_warehouse(warehouse.store.as_of(dt.datetime(2013, 2, 2, tzinfo=dt.UTC)))

    assert then["ops.flights"].to_arrow().to_pylist() == [{"a": 1}]
    assert then.sql("SELECT * EXCLUDE (_artifact, _loaded_at) FROM ops.flights").read_all() == (
        warehouse["ops.flights@1"].to_arrow()
    )
    assert warehouse["ops.flights@2013-02-02"].to_arrow().to_pylist() == [{"a": 1}]
    with pytest.raises(InvalidInput, match="can't be changed"):
        then.ingest("ops.flights", csv("3.csv", "a", "3"))
    with pytest.raises(InvalidInput, match="can't be changed"):
        then.table("ops.flights").add_column("b", "long")


def test_the_event_time_is_checked_and_kept(warehouse: Warehouse, csv: Callable[..., Path]) -> None:
    first = csv("1.csv", "a,at", "1,2013-01-01T12:00:00Z")
    with pytest.raises(NotFound, match="did you mean 'at'"):
        warehouse.ingest("ops.flights", first, event_time="att")
    with pytest.raises(InvalidInput, match="must be a time or a date"):
        warehouse.ingest("ops.flights", first, event_time="a")

    warehouse.ingest("ops.flights", first, event_time="at")
    second = warehouse.ingest("ops.flights", csv("2.csv", "a,at", "2,2013-01-02T12:00:00Z"))

    assert second.event_time == "at"
    assert second.select("at").to_pylist()[0] == {"at": NOON}
    with pytest.raises(InvalidInput, match=r"the event time of ops\.flights is 'at'"):
        warehouse.ingest("ops.flights", csv("3.csv", "a,at", "3,"), event_time="a")


# Enforcement


def test_a_value_of_another_type_is_refused_with_its_place(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    warehouse.ingest("ops.flights", csv("1.csv", "carrier,delay", "UA,1"))

    with pytest.raises(InvalidInput) as refused:
        warehouse.ingest("ops.flights", csv("2.csv", "carrier,delay", "UA,2", "B6,late"))

    told = str(refused.value)
    assert "2.csv, line 3, column 'delay': 'late' is no long" in told
    assert "na_values=['late']" in told
    assert "lineal schema type TABLE delay" in told
    assert len(warehouse.table("ops.flights").versions) == 1


@pytest.mark.parametrize(
    ("value", "ok"), [("2", True), ("2.0", True), ("2.5", False), ("9223372036854775808", False)]
)
def test_numbers_in_text_are_never_rounded(
    warehouse: Warehouse, csv: Callable[..., Path], value: str, ok: bool
) -> None:
    warehouse.ingest("ops.flights", csv("1.csv", "delay", "1"))
    path = csv("2.csv", "delay", value)

    if ok:
        assert warehouse.ingest("ops.flights", path).to_arrow().to_pylist()[1] == {"delay": 2}
        return
    with pytest.raises(InvalidInput, match="is no long"):
        warehouse.ingest("ops.flights", path)


def test_codes_with_leading_zeros_stay_text(warehouse: Warehouse, csv: Callable[..., Path]) -> None:
    warehouse.ingest("ops.codes", csv("1.csv", "code", "007", "x"))
    loaded = warehouse.ingest("ops.codes", csv("2.csv", "code", "008"))

    assert [row["code"] for row in loaded.to_arrow().to_pylist()] == ["007", "x", "008"]


def test_nanoseconds_in_text_are_refused_unless_asked_for(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    warehouse.ingest("ops.times", csv("1.csv", "t", "2013-01-01T12:00:00Z"))
    path = csv("2.csv", "t", "2013-01-01T12:00:00.123456789Z")

    with pytest.raises(InvalidInput, match=r"line 2, column 't'.*lossy=True"):
        warehouse.ingest("ops.times", path)
    loaded = warehouse.ingest("ops.times", path, lossy=True)

    assert loaded.to_arrow().to_pylist()[1] == {"t": NOON.replace(microsecond=123456)}


def test_frames_go_in_where_nothing_is_lost_and_not_where_meaning_changes(
    warehouse: Warehouse,
) -> None:
    warehouse.ingest("ops.flights", pa.table({"n": [1], "x": [0.5], "s": ["a"]}))

    narrow = pa.table({"n": pa.array([2], pa.uint8()), "x": [3], "s": pa.nulls(1)})
    loaded = warehouse.ingest("ops.flights", narrow)

    assert loaded.to_arrow().to_pylist()[1] == {"n": 2, "x": 3.0, "s": None}
    with pytest.raises(InvalidInput, match=r"~ n: long   is string in the source"):
        warehouse.ingest("ops.flights", pa.table({"n": ["3"], "x": [0.5], "s": ["a"]}))
    with pytest.raises(InvalidInput, match=r"row 2, column 'n': 2.5"):
        warehouse.ingest("ops.flights", pa.table({"n": [1.0, 2.5], "x": [0.5, 1], "s": ["a", "b"]}))


def test_a_renamed_column_is_refused_with_the_guess_and_the_remedy(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    warehouse.ingest("ops.flights", csv("1.csv", "tailnum,delay", "N1,1"))
    renamed = csv("2.csv", "tail_number,delay", "N2,2")

    with pytest.raises(InvalidInput) as refused:
        warehouse.ingest("ops.flights", renamed)

    told = str(refused.value)
    assert "2.csv does not fit the schema of ops.flights" in told
    assert "- tailnum: string   missing; did you rename it to 'tail_number'?" in told
    assert "+ tail_number: string   new" in told
    assert "lineal schema rename ops.flights tailnum tail_number" in told
    warehouse.table("ops.flights").rename_column("tailnum", "tail_number")
    assert warehouse.ingest("ops.flights", renamed).to_arrow().to_pylist() == [
        {"tail_number": "N1", "delay": 1}, {"tail_number": "N2", "delay": 2}
    ]  # fmt: skip


def test_a_new_column_is_refused_unless_it_is_allowed(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    warehouse.ingest("ops.flights", csv("1.csv", "a", "1"))
    wider = csv("2.csv", "a,gate", "2,B4")

    with pytest.raises(InvalidInput, match=r"\+ gate: string   new"):
        warehouse.ingest("ops.flights", wider)
    loaded = warehouse.ingest("ops.flights", wider, evolve="add")

    assert loaded.to_arrow().to_pylist() == [{"a": 1, "gate": None}, {"a": 2, "gate": "B4"}]
    assert warehouse["ops.flights@1"].schema.names == ["a"]


def test_a_column_left_out_is_refused_unless_it_is_allowed(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    warehouse.ingest("ops.flights", csv("1.csv", "a,gate", "1,B4"))
    narrower = csv("2.csv", "a", "2")

    with pytest.raises(InvalidInput, match=r"- gate: string   missing"):
        warehouse.ingest("ops.flights", narrower)
    loaded = warehouse.ingest("ops.flights", narrower, evolve="omit")

    assert loaded.to_arrow().to_pylist() == [{"a": 1, "gate": "B4"}, {"a": 2, "gate": None}]


def test_a_key_that_json_lines_lack_is_no_value(warehouse: Warehouse, tmp_path: Path) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    first.write_text('{"a": 1, "tags": ["x"]}\n')
    second.write_text('{"a": 2}\n')
    warehouse.ingest("ops.events", first)

    loaded = warehouse.ingest("ops.events", second)

    assert loaded.to_arrow().to_pylist() == [{"a": 1, "tags": ["x"]}, {"a": 2, "tags": None}]


def test_a_later_file_without_rows_adds_none(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    warehouse.ingest("ops.flights", csv("1.csv", "a", "1"))

    loaded = warehouse.ingest("ops.flights", csv("2.csv", "a"))

    assert (loaded.number, loaded.rows, loaded.added_rows) == (2, 1, 0)
    assert loaded.to_arrow().to_pylist() == [{"a": 1}]


def test_a_table_may_begin_without_rows_where_types_are_known(warehouse: Warehouse) -> None:
    empty = warehouse.ingest("ops.flights", pa.table({"a": pa.array([], pa.int64())}))
    loaded = warehouse.ingest("ops.flights", pa.table({"a": [1]}))

    assert empty.to_arrow().to_pylist() == []
    assert loaded.to_arrow().to_pylist() == [{"a": 1}]


def test_a_failed_load_is_kept_with_its_error(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    with pytest.raises(InvalidInput):
        warehouse.ingest("ops.flights", csv("1.csv", "a,b", "1"))

    (failed,) = warehouse.store.executions(type="lineal.ingest")
    assert failed.state is ExecutionState.FAILED
    assert "line 2" in str(failed.get("lineal_error"))


def test_several_row_groups_and_files_keep_the_order(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineal.warehouse import files

    monkeypatch.setattr(files, "_FILE_BYTES", 1 << 18)
    monkeypatch.setattr(files, "_ROW_GROUP_ROWS", 1 << 14)
    frame = pa.table({"i": range(200_000)})

    loaded = warehouse.ingest("ops.many", frame)

    assert loaded.to_arrow().equals(frame)
    assert len(loaded.source().paths) > 1


# Subjects


def test_subjects_have_owner_description_and_tags(warehouse: Warehouse) -> None:
    warehouse.subject("ops", owner="ann", tags=["public", "daily"])
    changed = warehouse.subject("ops", description="Operations")

    assert (changed.owner, changed.description) == ("ann", "Operations")
    assert changed.tags == ("public", "daily")
    assert warehouse.subjects() == [changed]
    with pytest.raises(InvalidInput, match="the dot separates"):
        warehouse.subject("ops.flights")


def test_a_table_belongs_to_its_subject(warehouse: Warehouse, csv: Callable[..., Path]) -> None:
    loaded = warehouse.ingest("ops.flights", csv("1.csv", "a", "1"))

    assert [context.name for context in warehouse.store.contexts(artifact_id=loaded.id)] == ["ops"]
    assert warehouse.tables("ops") == ["ops.flights"]
    assert warehouse.tables("sales") == []
