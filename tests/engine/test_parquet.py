from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineal.engine import Engine, FieldById, ParquetFiles, PositionDeletes
from lineal.errors import Corrupt, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def field(number: int, name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, metadata={"PARQUET:field_id": str(number)})


def written(path: Path, fields: Sequence[pa.Field], *rows: tuple) -> str:
    columns = list(zip(*rows, strict=True)) or [()] * len(fields)
    arrays = [pa.array(values, f.type) for values, f in zip(columns, fields, strict=True)]
    pq.write_table(pa.table(arrays, schema=pa.schema(fields)), path)
    return str(path)


def rows(engine: Engine, source: ParquetFiles) -> list[tuple]:
    found = engine.sql("SELECT * FROM t", {"t": source}).read_all()
    return [tuple(row.values()) for row in found.to_pylist()]


def test_columns_are_found_by_id_through_renames_and_new_uses_of_a_name(
    engine: Engine, tmp_path: Path
) -> None:
    first = written(
        tmp_path / "1", [field(1, "id", pa.int32()), field(2, "delay", pa.int32())], (1, 10)
    )
    # delay was renamed, then dropped, and a new column took its name; id was widened.
    second = written(
        tmp_path / "2", [field(3, "delay", pa.string()), field(1, "key", pa.int64())], ("late", 2)
    )
    fields = (
        FieldById(1, 'the "key"', pa.int64()),
        FieldById(3, "delay", pa.string()),
        FieldById(4, "filename", pa.date32()),
    )
    source = ParquetFiles((first, "file://" + second), fields)
    assert rows(engine, source) == [(1, None, None), (2, "late", None)]
    assert engine.schema(source) == pa.schema(
        {'the "key"': pa.int64(), "delay": pa.string(), "filename": pa.date32()}
    )


def test_parts_of_nested_columns_are_found_by_id(engine: Engine, tmp_path: Path) -> None:
    def layout(a: str, x: str, *, more: bool) -> list[pa.Field]:
        parts = [field(3, a, pa.int64() if more else pa.int32())]
        parts += [field(4, "new", pa.string())] if more else [field(5, "old", pa.bool_())]
        point = pa.struct([field(8, x, pa.int64())])
        return [
            field(1, "id", pa.int64()),
            field(2, "s", pa.struct(parts)),
            field(6, "l", pa.list_(field(7, "element", point))),
            field(
                9,
                "m",
                pa.map_(
                    field(10, "key", pa.string()).with_nullable(False), field(11, "value", point)
                ),
            ),
        ]

    before = layout("a'b", "x", more=False)
    old = written(
        tmp_path / "old",
        before,
        (1, {"a'b": 10, "old": True}, [{"x": 1}, None], [("k", {"x": 5})]),
        (2, None, None, None),
    )
    after = layout("a", "y", more=True)
    new = written(
        tmp_path / "new", after, (3, {"a": 30, "new": "n"}, [{"y": 3}], [("k", {"y": 7})])
    )
    fields = tuple(FieldById(int(f.metadata[b"PARQUET:field_id"]), f.name, f.type) for f in after)
    expected_old = [
        (1, {"a": 10, "new": None}, [{"y": 1}, None], [("k", {"y": 5})]),
        (2, None, None, None),
    ]
    expected_new = [(3, {"a": 30, "new": "n"}, [{"y": 3}], [("k", {"y": 7})])]
    assert rows(engine, ParquetFiles((old, new, old), fields)) == (
        expected_old + expected_new + expected_old
    )


def test_nested_parts_without_ids_must_have_the_same_names(engine: Engine, tmp_path: Path) -> None:
    stored = pa.struct([("a", pa.int64())])
    path = written(tmp_path / "f", [field(1, "s", stored)], ({"a": 1},))
    assert rows(engine, ParquetFiles((path,), (FieldById(1, "s", stored),))) == [({"a": 1},)]
    renamed = FieldById(1, "s", pa.struct([("b", pa.int64())]))
    with pytest.raises(InvalidInput, match="'b' its id"):
        rows(engine, ParquetFiles((path,), (renamed,)))


def test_a_file_without_ids_is_refused_and_not_read_as_nulls(
    engine: Engine, tmp_path: Path
) -> None:
    path = written(tmp_path / "f", [pa.field("id", pa.int64())], (1,))
    with pytest.raises(InvalidInput, match="has no field ids"):
        rows(engine, ParquetFiles((path,), (FieldById(1, "id", pa.int64()),)))
    assert rows(engine, ParquetFiles((path,))) == [(1,)]


@pytest.mark.parametrize("by_id", [True, False])
def test_deleted_positions_are_left_out(engine: Engine, tmp_path: Path, *, by_id: bool) -> None:
    ids = [field(1, "id", pa.int64())]
    first = written(tmp_path / "1", ids, *[(i,) for i in range(5)])
    second = written(tmp_path / "2", ids, *[(i,) for i in range(5, 10)])
    deletes = pa.table({"file_path": [f"file://{first}", second, second], "pos": [0, 4, 1]})
    pq.write_table(deletes, tmp_path / "d")
    source = ParquetFiles(
        (second, first),
        (FieldById(1, "id", pa.int64()),) if by_id else None,
        PositionDeletes((f"file:{tmp_path}/d",)),
    )
    assert sorted(rows(engine, source)) == [(1,), (2,), (3,), (4,), (5,), (7,), (8,)]


def test_paths_are_taken_literally(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "carrier=a+b" / "it's [1] *"
    folder.mkdir(parents=True)
    path = written(folder / "ü?.parquet", [field(1, "id", pa.int64())], (1,))
    fields = (FieldById(1, "id", pa.int64()), FieldById(2, "carrier", pa.string()))
    assert rows(engine, ParquetFiles((path,), fields)) == [(1, None)]
    assert rows(engine, ParquetFiles((path,))) == [(1,)]


def test_a_table_without_files_has_its_columns(engine: Engine) -> None:
    source = ParquetFiles((), (FieldById(1, "id", pa.int64()),))
    assert rows(engine, source) == []
    assert engine.schema(source) == pa.schema({"id": pa.int64()})


@pytest.mark.parametrize("fields", [None, (FieldById(1, "id", pa.int64()),)])
@pytest.mark.parametrize(
    ("content", "error"),
    [(None, NotFound), (b"", Corrupt), (b"PAR1 no footer", Corrupt), (b"id\n1\n" * 9, Corrupt)],
)
def test_a_missing_and_a_broken_file_are_told_apart(
    engine: Engine,
    tmp_path: Path,
    fields: tuple[FieldById, ...] | None,
    content: bytes | None,
    error: type[Exception],
) -> None:
    path = tmp_path / "broken.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=r"broken\.parquet"):
        rows(engine, ParquetFiles((str(path),), fields))


def test_a_file_cut_off_in_the_middle_is_corrupt(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "f"
    written(path, [field(1, "id", pa.int64())], *[(i * i,) for i in range(50_000)])
    content = bytearray(path.read_bytes())
    content[1000:-600] = b"\xff" * (len(content) - 1600)
    path.write_bytes(content)
    with pytest.raises((Corrupt, InvalidInput)):
        rows(engine, ParquetFiles((str(path),)))
