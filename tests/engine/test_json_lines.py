from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.engine import Engine, JsonLinesFiles
from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from pathlib import Path

TYPED = {"a": pa.int64(), "b": pa.string()}


def written(folder: Path, content: bytes | str, name: str = "file") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def rows(engine: Engine, source: JsonLinesFiles) -> list[dict]:
    return engine.sql("SELECT * FROM t", {"t": source}).read_all().to_pylist()


def test_objects_are_rows_and_missing_keys_nulls(engine: Engine, tmp_path: Path) -> None:
    path = written(tmp_path, '{"a": 1, "b": "x\\n\\u00e9"}\n\n{"b": null, "c": 3}\n{"a": "7"}')
    expected = [(1, "x\né"), (None, None), (7, None)]
    assert [tuple(row.values()) for row in rows(engine, JsonLinesFiles((path,), TYPED))] == expected


def test_types_are_those_of_all_values(engine: Engine, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '{"i": 1, "f": 1, "t": "2013-01-02T03:04:05Z", "m": 1, "n": null, "s": {"x": 1}}\n'
        '{"i": 2, "f": 1.5, "t": "2013-01-02T03:04:05Z", "m": "x", "s": {"y": [1], "z": null}}\n'
        '{"u": 9223372036854775808, "d": "02/01/2013"}\n',
    )
    schema = engine.schema(JsonLinesFiles((path,)))
    assert {field.name: str(field.type) for field in schema} == {
        "i": "int64",
        "f": "double",
        "t": "timestamp[us, tz=UTC]",
        "m": "string",
        "n": "string",
        "s": "struct<x: int64, y: list<l: int64>, z: string>",
        "u": "string",
        "d": "string",
    }
    assert rows(engine, JsonLinesFiles((path,)))[1]["s"] == {"x": None, "y": [1], "z": None}


def test_files_are_read_in_order_whatever_their_compression(engine: Engine, tmp_path: Path) -> None:
    paths = (
        written(tmp_path, gzip.compress(b'{"a": 1}\n'), "z"),
        written(tmp_path, b'{"a": 2}\n', "y"),
    )
    assert [row["a"] for row in rows(engine, JsonLinesFiles(paths))] == [1, 2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1.5}\n', r"file, line 1, column 'a': '1.5' is no int64"),
        (b'{"a": 1}\n\n{"a": "seven"}\n', r"file, line 3, column 'a': 'seven' is no int64"),
        (b'{"a": true}\n', r"file, line 1, column 'a': 'true' is no int64"),
        (b'{"a": 1}\n{"a": 1,\n', r"file, line 2: this is no JSON"),
        (b'{"a": 1, "b": "\xe9"}\n', r"file, line 1: this is no JSON: .*utf-8"),
        (b'{"a": 1}\n[1]\n', r"file, line 2: a JSON object is needed, found list"),
        (b'{"a": 1, "a": 2}\n', r'duplicate key "a"'),
    ],
)
def test_a_broken_line_is_named(
    engine: Engine, tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        rows(engine, JsonLinesFiles((written(tmp_path, content),), TYPED))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "file is empty"),
        (b"3\n", "line 1: a JSON object is needed, found int"),
        (b'{"": 1}\n', "line 1: a key is empty"),
        (b'{"a": 1, "A": 2}\n', "'A', 'a'|'a', 'A'"),
    ],
)
def test_what_gives_no_columns_is_refused(
    engine: Engine, tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        engine.schema(JsonLinesFiles((written(tmp_path, content),)))


def test_a_file_that_is_not_there_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        rows(engine, JsonLinesFiles((str(tmp_path / "nope"),)))
