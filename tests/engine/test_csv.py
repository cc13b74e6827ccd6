from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineal.engine import CsvFiles, Engine
from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

US, UTC_US = pa.timestamp("us"), pa.timestamp("us", "UTC")
TYPED = {"a": pa.int64(), "b": pa.string()}


def written(folder: Path, content: bytes | str, name: str = "file") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def table(engine: Engine, source: CsvFiles) -> pa.Table:
    return engine.sql("SELECT * FROM t", {"t": source}).read_all()


def column(
    engine: Engine, folder: Path, values: list[str], kind: pa.DataType | None = None
) -> pa.ChunkedArray:
    """Read a column `c` of these texts, beside one that keeps empty lines apart."""
    text = "c,x\n" + "".join(f"{value},.\n" for value in values)
    columns = None if kind is None else {"c": kind, "x": pa.string()}
    return table(engine, CsvFiles((written(folder, text),), columns))["c"]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a,b\n1,x\n2,y\n", [(1, "x"), (2, "y")]),
        ("a,b\r\n1,x\r\n2,y\r\n", [(1, "x"), (2, "y")]),
        ("a,b\n1,x", [(1, "x")]),
        ("\ufeffa,b\n1,x\n", [(1, "x")]),
        ('a,b\n1,"x\ny, ""q"" ü"\n2,🛫\n', [(1, 'x\ny, "q" ü'), (2, "🛫")]),
        ("a,b\n1,x\n\n2,y\n\n", [(1, "x"), (2, "y")]),
        ('a,b\n,""\n2,\n', [(None, None), (2, None)]),
        ("a,b\n", []),
    ],
)
def test_a_file_is_read_as_people_write_it(
    engine: Engine, tmp_path: Path, content: str, rows: list[tuple]
) -> None:
    found = table(engine, CsvFiles((written(tmp_path, content),), TYPED))
    assert found.schema.types == [pa.int64(), pa.string()]
    assert [tuple(row.values()) for row in found.to_pylist()] == rows


def test_files_are_told_apart_by_content_and_read_in_order(engine: Engine, tmp_path: Path) -> None:
    paths = (
        written(tmp_path, gzip.compress(b"a,b\n1,x\n"), "9f"),
        written(tmp_path, b"a,b\n2,y\n", "[0]*.gz"),
        "file://" + written(tmp_path, gzip.compress(b"a,b\n3,z\n"), "a'b"),
    )
    assert table(engine, CsvFiles(paths))["a"].to_pylist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", ""], pa.int64()),
        (["9223372036854775807"], pa.int64()),
        (["1", "2.5"], pa.float64()),
        (["1e3", "-0.5", "nan", "inf"], pa.float64()),
        (["-0"], pa.float64()),
        (["true", "False"], pa.bool_()),
        (["2013-01-02"], pa.date32()),
        (["2013-01-02", "2013-01-02 03:04:05"], US),
        (["2013-01-02T03:04:05.123456", "2013-01-02T03:04"], US),
        (["2013-01-02T03:04:05Z", "2013-01-02 03:04:05+02", "2013-01-02 03:04:05"], UTC_US),
        (["2013-01-02T03:04:05.123456789"], pa.timestamp("ns")),
        (["03:04:05"], pa.time64("us")),
        # What would lose something is text.
        (["007", "008"], pa.string()),
        (["1", "007"], pa.string()),
        (["1.5", "-01.5"], pa.string()),
        (["9223372036854775808"], pa.string()),
        (["1.5", "9007199254740993"], pa.string()),
        (["1e400"], pa.string()),
        (["1_000"], pa.string()),
        (["0x10"], pa.string()),
        (["yes", "no"], pa.string()),
        (["0", "1"], pa.int64()),
        (["02/01/2013"], pa.string()),
        (["2013-02-30"], pa.string()),
        (["infinity", "2013-01-01"], pa.string()),
        (["2013-01-02", "soon"], pa.string()),
        (["", ""], pa.string()),
        ([], pa.string()),
    ],
)
def test_a_column_has_the_narrowest_type_that_loses_nothing(
    engine: Engine, tmp_path: Path, values: list[str], kind: pa.DataType
) -> None:
    assert column(engine, tmp_path, values).type == kind


def test_the_type_is_that_of_all_values_and_not_of_a_sample(engine: Engine, tmp_path: Path) -> None:
    assert column(engine, tmp_path, ["1"] * 30_000 + ["2.5"]).type == pa.float64()
    assert column(engine, tmp_path, ["1"] * 30_000 + ["N1"]).type == pa.string()
    assert column(engine, tmp_path, [""] * 30_000 + ["7"]).type == pa.int64()


def test_the_schema_is_told_without_the_rows(engine: Engine, tmp_path: Path) -> None:
    source = CsvFiles((written(tmp_path, "a,b\n1,2013-01-02\n"),))
    assert engine.schema(source) == pa.schema({"a": pa.int64(), "b": pa.date32()})


def test_words_for_missing_values_are_given(engine: Engine, tmp_path: Path) -> None:
    source = CsvFiles((written(tmp_path, "a;b\n1;NA\nNA;x\n"),), None, ";", ("NA", ""))
    assert table(engine, source).to_pylist() == [{"a": 1, "b": None}, {"a": None, "b": "x"}]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (pa.int64(), " +1 ", 1),
        (pa.int64(), "1.0", 1),
        (pa.int64(), "007", 7),
        (pa.float64(), "1e3", 1000.0),
        (pa.float32(), "0.5", 0.5),
        (pa.decimal128(5, 2), "1.50", Decimal("1.50")),
        (pa.decimal128(5, 2), "1.500", Decimal("1.50")),
        (pa.bool_(), "yes", True),
        (pa.date32(), "2013-01-02", date(2013, 1, 2)),
        (pa.date32(), "2013/1/2", date(2013, 1, 2)),
        (pa.date32(), "2013-01-02T00:00:00", date(2013, 1, 2)),
        (
            US,
            "2013-01-02 03:04:05+02:00",
            datetime(2013, 1, 2, 1, 4, 5, tzinfo=UTC).replace(tzinfo=None),
        ),
        (US, "2013-01-02", datetime(2013, 1, 2, tzinfo=UTC).replace(tzinfo=None)),
        (UTC_US, "2013-01-02 03:04:05", datetime(2013, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (UTC_US, "2013-01-02 03:04:05.1234560-05", datetime(2013, 1, 2, 8, 4, 5, 123456, UTC)),
        (pa.time64("us"), "3:04", time(3, 4)),
        (pa.binary(), r"\x41", rb"\x41"),
    ],
)
def test_a_value_is_converted_to_the_type_given(
    engine: Engine, tmp_path: Path, kind: pa.DataType, text: str, value: object
) -> None:
    assert column(engine, tmp_path, [text], kind).to_pylist() == [value]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (pa.int64(), "1.5"),
        (pa.int64(), "0x10"),
        (pa.int64(), "9223372036854775808"),
        (pa.int8(), "128"),
        (pa.uint8(), "-1"),
        (pa.float64(), "1e400"),
        (pa.float64(), "1_000.5"),
        (pa.decimal128(5, 2), "1.555"),
        (pa.decimal128(5, 2), "10000"),
        (pa.bool_(), "2"),
        (pa.date32(), "2013-01-02 03:00:00"),
        (pa.date32(), "2013-02-30"),
        (US, "2013-01-02T03:04:05.1234567"),
        (UTC_US, "infinity"),
        (UTC_US, "epoch"),
        (pa.timestamp("s"), "2013-01-02T03:04:05.5"),
        (pa.time64("us"), "03:04:05+02"),
        (pa.list_(pa.int64()), "one"),
    ],
)
def test_a_value_that_would_change_is_refused_with_its_place(
    engine: Engine, tmp_path: Path, kind: pa.DataType, text: str
) -> None:
    with pytest.raises(InvalidInput) as failure:
        column(engine, tmp_path, ["", text], kind)
    assert f"file, line 3, column 'c': {text!r} is no " in str(failure.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,x\n2\n3,z\n", r"file, line 3: 2 columns expected .*, 1 found"),
        (b"a,b\n1,x\n2,y,z\n", r"file, line 3: 2 columns expected .*, 3 found"),
        (b'a,b\n1,"x\ny"\n2\n', r"file, line 4: 2 columns expected .*, 1 found"),
        (b"a,b\n1,x\n2,\xe9t\xe9\n", r"file, line 3, column 'b': the text is not UTF-8"),
        (b"a,\xe9\n1,x\n", r"file, line 1, column 2: the name is not UTF-8"),
        ("a,b\n1,x\n".encode("utf-16"), r"file is UTF-16, not UTF-8"),
        (b'a,b\n1,x\n2,"y\n', r"file, line 3: a quote is not closed"),
        (b'a,b\n1,"x"y\n', r"file, line 2: a quote is not closed, or text follows it"),
        (b"", r"file is empty"),
        (b"a,a\n1,x\n", r"file, line 1: .* 'a', 'a'"),
        (b"a,A\n1,x\n", r"file, line 1: .* 'a', 'A'"),
        (b"a,\n1,x\n", r"file, line 1: a column has an empty name"),
        (b'a,"b\nc"\n1,x\n', r"file, line 1, column 2: the name has a line break"),
        (b"PK\x03\x04...", r"file is a zip archive"),
        (b"PAR1....", r"file is a Parquet file"),
        (b"\x1f\x8bnot gzip", r"file can't be read"),
    ],
)
@pytest.mark.parametrize("columns", [None, TYPED])
def test_a_broken_file_is_refused_with_the_place(
    engine: Engine,
    tmp_path: Path,
    content: bytes,
    message: str,
    columns: Mapping[str, pa.DataType] | None,
) -> None:
    with pytest.raises(InvalidInput, match=message):
        table(engine, CsvFiles((written(tmp_path, content),), columns))


def test_other_columns_than_given_are_refused(engine: Engine, tmp_path: Path) -> None:
    path = written(tmp_path, "a,c\n1,x\n")
    with pytest.raises(InvalidInput, match=r"line 1: columns missing: 'b'; .* not expected: 'c'"):
        table(engine, CsvFiles((path,), TYPED))
    swapped = written(tmp_path, "b,a\nx,1\n", "swapped")
    with pytest.raises(InvalidInput, match="swapped, line 1: columns in another order"):
        table(engine, CsvFiles((swapped,), TYPED))
    with pytest.raises(InvalidInput, match="swapped, line 1: columns missing: 'c'"):
        table(engine, CsvFiles((path, swapped)))


def test_a_file_that_is_not_there_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no file .*nope\.csv"):
        table(engine, CsvFiles((str(tmp_path / "nope.csv"),)))
    with pytest.raises(InvalidInput, match="is a folder"):
        table(engine, CsvFiles((str(tmp_path),)))
    with pytest.raises(InvalidInput, match="no CSV file was given"):
        table(engine, CsvFiles(()))


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.tuples(cells, cells), max_size=5), names=st.tuples(cells, cells))
def test_text_comes_back_as_it_was_written(
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    names: tuple[str, str],
) -> None:
    names = (f"a{' '.join(names[0].split())}", f"b{' '.join(names[1].split())}")
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    path = written(tmp_path_factory.mktemp("csv"), text.getvalue())
    found = table(engine, CsvFiles((path,), dict.fromkeys(names, pa.string())))
    assert tuple(found.schema.names) == names
    assert [tuple(row.values()) for row in found.to_pylist()] == rows
