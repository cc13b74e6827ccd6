"""Any version reads exactly as Iceberg says it is, and a damaged file is told."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lineal.engine import EngineSettings, open_engine
from lineal.errors import Corrupt, NotFound
from lineal.lake import Lake, ObjectStore
from lineal.metadata import Recorder, Store
from lineal.warehouse import TableName, TableVersion, Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

FRAME = pa.table({"a": [1, 2], "b": ["x", None]})


def test_a_version_is_read_by_number_snapshot_alias_and_content(warehouse: Warehouse) -> None:
    first = warehouse.save(FRAME, "ops.t")
    warehouse.save(FRAME.slice(1), "ops.t")
    warehouse._recorder.set_alias("ops.t", "best", 1)

    table = warehouse.table("ops.t")

    assert table[1].to_arrow().equals(FRAME)
    assert table.snapshot(first.snapshot_id).number == 1
    for reference in ("ops.t@1", "ops.t:best", f"ops.t@sha256:{first.content[:12]}"):
        assert warehouse[reference].ref == "ops.t@1"
    for reference in ("ops.t@7", "ops.t:worst", "ops.t@sha256:" + "0" * 12):
        with pytest.raises(NotFound):
            warehouse[reference]
    with pytest.raises(NotFound):
        table.snapshot(1)


def test_a_version_becomes_any_kind_of_frame(warehouse: Warehouse) -> None:
    version = warehouse.save(FRAME, "ops.t")

    assert version.to_polars().equals(pl.from_arrow(FRAME))
    assert version.to_pandas()["a"].tolist() == [1, 2]
    assert version.select("b", "a").equals(FRAME.select(["b", "a"]))
    assert pa.table(version).equals(FRAME)
    assert len(version) == 2
    assert version.schema == FRAME.schema
    with pytest.raises(NotFound, match="did you mean 'b'"):
        version.select("bb")


def test_sql_sees_all_tables_and_versions_at_one_moment(warehouse: Warehouse) -> None:
    warehouse.save(FRAME, "ops.t")
    warehouse.save(FRAME.slice(1), "ops.t")
    warehouse.save(pa.table({"a": [2], "name": ["two"]}), "ref.names")

    joined = warehouse.sql("SELECT a, name FROM ops.t JOIN ref.names USING (a)").read_all()
    both = warehouse.sql(
        """SELECT (SELECT count(*) FROM ops.t) AS new, count(*) AS old, 'no "a.b@1"' AS text
        FROM "ops.t@1" -- and not "x.y@2" """
    ).read_all()

    assert joined.to_pylist() == [{"a": 2, "name": "two"}]
    assert both.to_pylist() == [{"new": 1, "old": 2, "text": 'no "a.b@1"'}]
    with pytest.raises(NotFound, match=r"did you mean 'ops\.t'"):
        warehouse.sql("SELECT * FROM ops.tt")


def test_only_tables_that_are_named_are_inputs_of_the_open_run(warehouse: Warehouse) -> None:
    from lineal.metadata import ExecutionType

    read = warehouse.save(FRAME, "ops.read")
    warehouse.save(FRAME, "ops.other")

    with warehouse._recorder.run(ExecutionType("test"), tracks_reads=True) as running:
        warehouse.sql("SELECT * FROM ops.read").read_all()

    events = warehouse.store.events(execution_ids=[running.execution_id])
    assert [event.artifact_id for event in events] == [read.id]


def test_reading_loads_neither_pyiceberg_nor_ibis(warehouse: Warehouse, root: Path) -> None:
    warehouse.save(FRAME, "ops.t")
    code = f"""
import sys
from pathlib import Path
from lineal.engine import embedded
from lineal.lake import Lake, ObjectStore
from lineal.metadata import Recorder, Store
from lineal.warehouse import Warehouse
root = Path({str(root)!r})
recorder = Recorder(Store(root / "metadata.db"))
warehouse = Warehouse(recorder, Lake(recorder, ObjectStore(root)), embedded(), root)
assert warehouse["ops.t@1"].to_arrow().num_rows == 2
assert warehouse.table("ops.t").history()
heavy = [name for name in ("pyiceberg", "ibis", "pandas") if name in sys.modules]
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_a_missing_file_is_told(warehouse: Warehouse, root: Path) -> None:
    version = warehouse.save(FRAME, "ops.t")
    (file,) = root.glob("warehouse/*/data/*.parquet")
    file.unlink()

    with pytest.raises(Corrupt, match=file.name):
        version.to_arrow()
    with pytest.raises(Corrupt, match=file.name):
        version.verify()


def test_a_file_cut_short_is_told(warehouse: Warehouse, root: Path) -> None:
    version = warehouse.save(FRAME, "ops.t")
    (file,) = root.glob("warehouse/*/data/*.parquet")
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(Corrupt, match=rf"{file.name}.*damaged"):
        version.to_arrow()


def test_damaged_bytes_are_found_by_verify(warehouse: Warehouse, root: Path) -> None:
    version = warehouse.save(FRAME, "ops.t")
    (file,) = root.glob("warehouse/*/data/*.parquet")
    version.verify()
    damaged = bytearray(file.read_bytes())
    damaged[20] ^= 1
    file.write_bytes(damaged)

    with pytest.raises(Corrupt, match=rf"{file.name}.*another hash"):
        version.verify()


def test_a_damaged_plan_is_told(
    warehouse: Warehouse, open_warehouse: Callable[..., Warehouse], root: Path
) -> None:
    version = warehouse.save(FRAME, "ops.t")
    plan = ObjectStore(root).path(str(version.artifact.get("plan")))
    plan.chmod(0o644)
    plan.write_text("{}")

    with pytest.raises(Corrupt, match="damaged"):
        open_warehouse()["ops.t@1"].to_arrow()


def test_plans_of_many_loads_share_their_segments(
    warehouse: Warehouse, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineal.warehouse import plan

    monkeypatch.setattr(plan, "_SEGMENT_FILES", 2)
    for number in range(7):
        warehouse.ingest("ops.t", pa.table({"a": [number]}))

    newest = warehouse.newest("ops.t")

    assert [row["a"] for row in newest.to_arrow().to_pylist()] == list(range(7))
    assert [row["a"] for row in warehouse["ops.t@4"].to_arrow().to_pylist()] == list(range(4))
    stored = newest._reading.plan(newest.artifact)
    assert (len(stored.segments), len(stored.files)) == (3, 1)
    assert warehouse._lake.leftovers() == []


@dataclass
class Expected:
    """A version as it was when it was made."""

    number: int
    rows: pa.Table


@dataclass
class Model:
    """The columns by name, with ids of our own, and the rows by those ids."""

    columns: dict[str, tuple[int, pa.DataType]] = field(default_factory=dict)
    rows: list[dict[int, object]] = field(default_factory=list)
    next_id: int = 0

    def add(self, name: str, kind: pa.DataType) -> None:
        self.columns[name] = (self.next_id, kind)
        self.next_id += 1

    def table(self) -> pa.Table:
        fields = [pa.field(name, kind) for name, (_, kind) in self.columns.items()]
        lines = [
            {name: row.get(number) for name, (number, _) in self.columns.items()}
            for row in self.rows
        ]
        return pa.Table.from_pylist(lines, pa.schema(fields))


NAMES = st.sampled_from(["a", "b", "c d", "e.f"])
KINDS = st.sampled_from(
    [pa.int64(), pa.string(), pa.float64(), pa.list_(pa.field("element", pa.int64())),
     pa.struct([("x", pa.int64()), ("y z", pa.string())])]
)  # fmt: skip


def _value(kind: pa.DataType, number: int) -> object:
    if pa.types.is_string(kind):
        return f"t{number}"
    if pa.types.is_list(kind):
        return [number, number + 1]
    if pa.types.is_struct(kind):
        return {"x": number, "y z": f"s{number}"}
    return float(number) if pa.types.is_floating(kind) else number


class SchemaEditsAndLoads(RuleBasedStateMachine):
    """Appends, saves, adds, renames, drops in any order: every version must read as it was.

    Compared with a model, and with PyIceberg's own scan of the snapshot.
    """

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        root = Path(self.place.name)
        self.store = Store(root / "metadata.db")
        recorder = Recorder(self.store)
        self.warehouse = Warehouse(recorder, Lake(recorder, ObjectStore(root)), ENGINE, root)
        self.model = Model()
        self.versions: list[Expected] = []
        self.loads = 0
        self.model.add("a", pa.int64())
        self._save(2)

    def teardown(self) -> None:
        for expected in self.versions:
            found = self.warehouse.table("ops.t")[expected.number].to_arrow()
            assert found.to_pylist() == expected.rows.to_pylist()
        self.store.close()
        self.place.cleanup()

    def _frame(self, count: int) -> tuple[pa.Table, list[dict[int, object]]]:
        added = []
        for _ in range(count):
            self.loads += 1
            added.append(
                {number: _value(kind, self.loads) for number, kind in self.model.columns.values()}
            )
        return Model(self.model.columns, added).table(), added

    def _save(self, count: int) -> None:
        frame, added = self._frame(count)
        self.model.rows = added
        self._keep(self.warehouse.save(frame, "ops.t"))

    def _keep(self, version: TableVersion) -> None:
        assert version.number == len(self.versions) + 1
        self.versions.append(Expected(version.number, self.model.table()))

    @rule(count=st.integers(1, 3))
    def append(self, count: int) -> None:
        frame, added = self._frame(count)
        self.model.rows = [*self.model.rows, *added]
        self._keep(self.warehouse.ingest("ops.t", frame))

    @rule(count=st.integers(1, 2))
    def save(self, count: int) -> None:
        self._save(count)

    @rule(name=NAMES, kind=KINDS)
    def add(self, name: str, kind: pa.DataType) -> None:
        if name in self.model.columns:
            return
        self.model.add(name, kind)
        self._keep(self.warehouse.table("ops.t").add_column(name, kind))

    @rule(name=NAMES, data=st.data())
    def rename(self, name: str, data: st.DataObject) -> None:
        if name in self.model.columns:
            return
        old = data.draw(st.sampled_from(sorted(self.model.columns)))
        self.model.columns = {
            name if known == old else known: value for known, value in self.model.columns.items()
        }
        self._keep(self.warehouse.table("ops.t").rename_column(old, name))

    @precondition(lambda self: len(self.model.columns) > 1)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        old = data.draw(st.sampled_from(sorted(self.model.columns)))
        self.model.columns = {k: v for k, v in self.model.columns.items() if k != old}
        self._keep(self.warehouse.table("ops.t").drop_column(old))

    @invariant()
    def newest_reads_as_the_model_and_as_pyiceberg(self) -> None:
        expected = self.versions[-1]
        version = self.warehouse.newest("ops.t")
        found = version.to_arrow()
        assert found.to_pylist() == expected.rows.to_pylist()
        assert found.schema == expected.rows.schema
        table = self.warehouse._parts.catalog.load(TableName("ops", "t"))
        assert table is not None
        peer = table.scan(snapshot_id=version.snapshot_id).to_arrow()
        peer = peer.select(found.schema.names)
        assert sorted(map(repr, peer.to_pylist())) == sorted(map(repr, found.to_pylist()))


ENGINE = open_engine(EngineSettings(threads=1))
SchemaEditsAndLoads.TestCase.settings = settings(
    max_examples=4,
    stateful_step_count=8,
    deadline=None,
    # Shrinking would replay thousands of commits.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestSchemaEditsAndLoads = SchemaEditsAndLoads.TestCase
