"""Files of every format are loaded as they are; bad ones are refused with their place."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineal.errors import InvalidInput, NotFound
from lineal.warehouse import TableName

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineal.warehouse import Warehouse

ROWS = [{"carrier": "UA", "delay": 11}, {"carrier": "B6", "delay": None}]
TEXT = b"carrier,delay\nUA,11\nB6,\n"
FRAME = pa.table({"carrier": ["UA", "B6"], "delay": [11, None]})


def named(value: str | bytes) -> str:
    """Call a case by its texts; packed bytes hold the time, and differ between processes."""
    return value if isinstance(value, str) else ""


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(FRAME, out)
    return out.getvalue()


def arrow(*, stream: bool) -> bytes:
    out = io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, FRAME.schema) as writer:
        writer.write_table(FRAME)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("flights.csv", TEXT),
        ("flights.csv", b"\xef\xbb\xbf" + TEXT),
        ("flights.csv", TEXT.replace(b"\n", b"\r\n")),
        ("flights.tsv", TEXT.replace(b",", b"\t")),
        ("flights.csv.gz", gzip.compress(TEXT)),
        ("flights.zip", zipped(flights_csv=TEXT)),
        ("flights.jsonl", b'{"carrier": "UA", "delay": 11}\n\n{"carrier": "B6"}\n'),
        ("flights.parquet", parquet()),
        ("flights.feather", arrow(stream=False)),
        ("flights.arrows", arrow(stream=True)),
        ("an object without ending", parquet()),
    ],
    ids=named,
)
def test_each_format_is_told_by_its_bytes_and_loaded(
    warehouse: Warehouse, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    loaded = warehouse.ingest("ops.flights", path)

    assert loaded.to_arrow().to_pylist() == ROWS
    assert loaded.rows == 2


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.to_batches()[0],
        FRAME.to_reader(),
        pd.DataFrame({"carrier": ["UA", "B6"], "delay": pd.array([11, None], "Int64")}),
        pl.DataFrame({"carrier": ["UA", "B6"], "delay": [11, None]}),
    ],
    ids=lambda frame: type(frame).__module__ + type(frame).__name__,
)
def test_each_kind_of_frame_is_loaded(warehouse: Warehouse, frame: object) -> None:
    assert warehouse.ingest("ops.flights", frame).to_arrow().to_pylist() == ROWS


def test_equal_frames_of_different_libraries_are_the_same_content(warehouse: Warehouse) -> None:
    in_chunks = pa.concat_tables([FRAME.slice(0, 1), FRAME.slice(1)])
    warehouse.ingest("ops.flights", FRAME)

    again = [
        warehouse.ingest("ops.flights", in_chunks),
        warehouse.ingest("ops.flights", pl.from_arrow(FRAME)),
        warehouse.ingest("ops.flights", FRAME.to_pandas().astype({"delay": "Int64"})),
    ]

    assert [version.number for version in again] == [1, 1, 1]


def test_texts_that_parquet_keeps_as_dictionaries_are_loaded_as_texts(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = 1000
    frame = pa.table(
        {
            "few": [("UA", "B6", None)[i % 3] for i in range(rows)],
            "many": [f"{i:0200}" for i in range(rows)],
            "none": pa.nulls(rows, pa.string()),
        }
    )
    path = tmp_path / "texts.parquet"
    pq.write_table(frame, path, row_group_size=300)

    loaded = warehouse.ingest("ops.texts", path)
    warehouse.ingest("ops.texts", frame)

    assert loaded.to_arrow().equals(frame)
    assert warehouse["ops.texts"].to_arrow().equals(pa.concat_tables([frame, frame]))
    scanned = warehouse._parts.catalog.load(TableName("ops", "texts")).scan().to_arrow()
    assert scanned.num_rows == 2 * rows
    assert sorted(map(str, scanned["few"].to_pylist())) == sorted(
        map(str, [*frame["few"], *frame["few"]])
    )


def test_a_pandas_index_is_loaded_only_if_it_has_a_name(warehouse: Warehouse) -> None:
    filtered = pd.DataFrame({"a": [1, 2, 3]}).query("a > 1")
    keyed = pd.DataFrame({"a": [1]}, index=pd.Index(["k"], name="key"))

    assert warehouse.save(filtered, "ops.filtered").schema.names == ["a"]
    assert sorted(warehouse.save(keyed, "ops.keyed").schema.names) == ["a", "key"]


def test_a_frame_comes_from_nowhere_that_could_be_named(warehouse: Warehouse) -> None:
    warehouse.save(FRAME, "ops.flights")

    (entry,) = warehouse.history("ops.flights")

    assert entry.source is not None
    assert not entry.source.get("source")


def test_a_pandas_column_of_mixed_types_is_refused(warehouse: Warehouse) -> None:
    frame = pd.DataFrame({"mixed": [1, "x"]}, dtype=object)

    with pytest.raises(InvalidInput, match="mixed"):
        warehouse.save(frame, "ops.mixed")


def test_a_file_of_the_lake_is_loaded_by_handle_and_by_name(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    lake = warehouse._lake
    added = lake.add(csv("flights.csv", "a", "1"))

    by_handle = warehouse.ingest("ops.by_handle", added)
    by_name = warehouse.ingest("ops.by_name", "flights.csv")

    assert by_handle.to_arrow().equals(by_name.to_arrow())
    assert warehouse.history("ops.by_name")[0].source == added.artifact


@pytest.mark.parametrize("given", ["missing.csv", "no such name"])
def test_a_source_that_is_nowhere_is_not_found(warehouse: Warehouse, given: str) -> None:
    with pytest.raises(NotFound, match="neither a file nor a name"):
        warehouse.ingest("ops.flights", given)


def test_a_folder_is_no_source(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()

    with pytest.raises(InvalidInput, match="is a folder"):
        warehouse.ingest("ops.flights", folder)


def test_an_object_that_is_no_frame_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(InvalidInput, match="a dict can't be loaded"):
        warehouse.ingest("ops.flights", {"a": [1]})
    with pytest.raises(InvalidInput, match="a str can't be saved"):
        warehouse.save("flights.csv", "ops.flights")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.csv", b"", "x.csv is empty"),
        ("x.csv", b"a,b\n", "has a header and no rows"),
        ("x.csv", b"\n1,2\n", "line 1 is empty"),
        ("x.csv", b"a,b\n1,2\n3\n", r"x\.csv, line 3: 2 columns expected"),
        ("x.csv", b"a,b\n1,2\n3,4,5\n", r"x\.csv, line 3: 2 columns expected"),
        ("x.csv", b'a,b\n1,"x\ny"\n3\n', r"x\.csv, line 4: 2 columns expected"),
        ("x.csv", b"a,b\n1,ok\n2,caf\xe9\n", r"x\.csv, line 3, column 'b'.*UTF-8"),
        ("x.csv", b"a,caf\xe9\n1,2\n", r"x\.csv, line 1, column 2.*UTF-8"),
        ("x.csv", b'a,b\n1,"x\n', r"x\.csv, line 2: a quote is not closed"),
        ("x.csv", b"a,a\n1,2\n", "columns 1 and 2 have the same name"),
        ("x.csv", b"a,\n1,2\n", "column 2 of 2 has no name"),
        ("x.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        ("x.csv", b"\x00\x01\x02", "binary data"),
        ("x.csv.gz", gzip.compress(TEXT * 9)[:-9], "damaged gzip"),
        ("x.zip", zipped(a_csv=TEXT)[:-9], "damaged zip"),
        ("x.zip", zipped(), "it holds nothing"),
        ("x.zip", zipped(a_csv=TEXT, b_csv=TEXT), "it holds a.csv, b.csv; choose one with member="),
        ("x.jsonl", b'{"a": 1}\n{"a":\n', r"x\.jsonl, line 2: this is no JSON"),
        ("x.jsonl", b'{"a": 1}\n[2]\n', r"x\.jsonl, line 2: a JSON object is needed"),
        ("x.json", b'[{"a": 1}]', "one JSON array"),
        ("x.parquet", parquet()[:-20], "damaged or cut short"),
        ("x.arrow", arrow(stream=False)[:-20], "damaged or cut short"),
        ("x.arrow", arrow(stream=True)[:-30], "damaged or cut short"),
        ("x.feather", b"FEA1....", "Feather file of version 1"),
    ],
    ids=named,
)
def test_a_bad_file_is_refused_with_its_place_and_leaves_nothing(
    warehouse: Warehouse, root: Path, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(InvalidInput, match=told) as refused:
        warehouse.ingest("ops.flights", path)

    assert str(root) not in str(refused.value)
    assert warehouse.tables() == []
    assert list(root.glob("warehouse/*/data/*")) == []
    assert list((root / "tmp").iterdir()) == []


def test_a_member_of_a_zip_can_be_chosen(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zipped(a_csv=b"a\n1\n", b_csv=b"b\n2\n"))

    assert warehouse.ingest("ops.b", path, member="b.csv").to_arrow().to_pylist() == [{"b": 2}]
    with pytest.raises(InvalidInput, match=r"holds no 'c\.csv'"):
        warehouse.ingest("ops.c", path, member="c.csv")


def test_marks_for_no_value_are_found_between_numbers_and_kept(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    loaded = warehouse.ingest("ops.delays", csv("jan.csv", "tail,delay", "NA,1", "N2,NA"))
    later = warehouse.ingest("ops.delays", csv("feb.csv", "tail,delay", "NA,3", "N4,4"))

    assert loaded.schema.field("delay").type == pa.int64()
    assert [row["tail"] for row in later.to_arrow().to_pylist()] == [None, "N2", None, "N4"]


def test_text_that_could_be_a_mark_stays_text_where_nothing_says_otherwise(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    loaded = warehouse.ingest("ops.countries", csv("c.csv", "code,n", "NA,1", "NZ,2"))

    assert loaded.select("code").to_pylist() == [{"code": "NA"}, {"code": "NZ"}]


def test_marks_that_are_given_are_the_only_ones(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    path = csv("x.csv", "a,b", "-,NA", "1,x")

    loaded = warehouse.ingest("ops.x", path, na_values=["-"])

    assert loaded.to_arrow().to_pylist() == [{"a": None, "b": "NA"}, {"a": 1, "b": "x"}]
    with pytest.raises(InvalidInput, match="na_values is a list"):
        warehouse.ingest("ops.x", path, na_values="-")


def test_a_wrong_format_or_delimiter_is_refused(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    path = csv("x.csv", "a;b", "1;2")

    assert warehouse.ingest("ops.x", path, delimiter=";").schema.names == ["a", "b"]
    with pytest.raises(InvalidInput, match="delimiter"):
        warehouse.ingest("ops.x", path, delimiter="::")
    with pytest.raises(InvalidInput, match="format='excel'"):
        warehouse.ingest("ops.x", path, format="excel")


def test_a_file_that_changes_while_it_is_read_is_refused(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    # What is loaded is the lake's copy; the lake notices a writer by the file's length and time.
    import threading

    path = tmp_path / "growing.csv"
    path.write_bytes(b"a\n" + b"1\n" * 4_000_000)
    stop = threading.Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"2\n")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(InvalidInput, match="changes while being read"):
            warehouse.ingest("ops.growing", path)
    finally:
        stop.set()
        writer.join()
    assert warehouse.tables() == []
