"""Media types: the bytes first, the suffix where they leave it open."""

from __future__ import annotations

import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineal.lake.media import HEAD_BYTES, media_type


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "x\n")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"a,b\n1,2\n", "flights.csv", "text/csv"),
        (b"a,b\n1,2\n", "FLIGHTS.CSV", "text/csv"),
        (b"a\tb\n", "flights.tsv", "text/tab-separated-values"),
        (b"{}", "x.json", "application/json"),
        (b"{}\n{}\n", "x.jsonl", "application/jsonl"),
        ("naïve,ü\n".encode("latin-1"), "old.csv", "text/csv"),
        (b"PK\x03\x04...", "flights.csv", "application/zip"),
        (b"\x1f\x8b\x08", "flights.csv.gz", "application/gzip"),
        (b"a,\0b", "broken.csv", "application/octet-stream"),
        (b"hello", "README", "text/plain"),
        (b"hello", "fake.parquet", "text/plain"),
        (b"\x80\x81\0", "fake.png", "application/octet-stream"),
        (b"\x89PNG\r\n\x1a\n\0", "x", "image/png"),
        (b"\xff\xd8\xff\xe0", "photo.jpg", "image/jpeg"),
        (b"<svg/>", "x.svg", "image/svg+xml"),
        (b"SQLite format 3\0", "metadata.db", "application/vnd.sqlite3"),
        (
            zipped(),
            "book.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (zipped(), "archive", "application/zip"),
        (b"", "empty.csv", "text/csv"),
        (b"", "empty", "application/octet-stream"),
        (b"\x80\x04\x95\0", "model.pkl", "application/x-python-pickle"),
    ],
)
def test_media_types(head: bytes, name: str, expected: str) -> None:
    assert media_type(head, name) == expected


def test_parquet_and_arrow_are_known_whatever_they_are_called() -> None:
    table = pa.table({"a": [1, 2]})
    parquet, file, stream = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)

    assert [media_type(one.getvalue(), "x.csv") for one in (parquet, file, stream)] == [
        "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.file",
        "application/vnd.apache.arrow.stream",
    ]


def test_a_character_cut_by_the_end_of_the_head_is_still_text() -> None:
    head = b"a" * (HEAD_BYTES - 1) + "€".encode()[:1]

    assert media_type(head, "notes") == "text/plain"
    assert media_type(b"\xe2", "notes") == "application/octet-stream"
