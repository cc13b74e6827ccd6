"""What is packed comes back bit for bit, of every type that a feature can have."""

from __future__ import annotations

import struct
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import Corrupt, IncompatibleVersion, InvalidInput
from lineal.features.online.packing import Layout

_ONE_HALF = Decimal("-1.50")
EVERY_TYPE = {
    "bool": pa.array([True, None, False, True]),
    "int8": pa.array([-128, 127, None, 0], pa.int8()),
    "uint16": pa.array([0, 65535, None, 1], pa.uint16()),
    "int32": pa.array([-(2**31), 2**31 - 1, None, 0], pa.int32()),
    "int64": pa.array([-(2**63), 2**63 - 1, None, 0]),
    "uint64": pa.array([2**64 - 1, 0, None, 1], pa.uint64()),
    "half": pa.array([1.5, None, float("inf"), -0.0], pa.float16()),
    "float": pa.array([0.1, None, float("nan"), -0.0], pa.float32()),
    "double": pa.array([0.1, None, float("nan"), -0.0]),
    "decimal": pa.array([_ONE_HALF, None, Decimal("99999999.99"), 0], pa.decimal128(10, 2)),
    "wide decimal": pa.array([_ONE_HALF, None, Decimal("1e40"), 0], pa.decimal256(60, 2)),
    "date": pa.array([date.min, None, date.max, date(1970, 1, 1)]),
    "nanoseconds": pa.array([1, None, -5, 2**62], pa.timestamp("ns")),
    "zoned": pa.array([1, None, -5, 0], pa.timestamp("us", "America/New_York")),
    "time": pa.array([1, None, 3, 4], pa.time64("us")),
    "seconds": pa.array([1, None, 3, 4], pa.time32("s")),
    "duration": pa.array([1, None, -3, 4], pa.duration("ms")),
    "text": pa.array(["", "é\0", None, "x" * 1000]),
    "large text": pa.array(["", "é", None, "x"], pa.large_string()),
    "text view": pa.array(["", "é", None, "x" * 20], pa.string_view()),
    "bytes": pa.array([b"", b"\0\xff", None, b"x"]),
    "fixed bytes": pa.array([b"ab", b"\0\0", None, b"zz"], pa.binary(2)),
    "list": pa.array([[1.5, None], [], None, [float("nan")]], pa.list_(pa.float32())),
    "list of texts": pa.array([["", "a", None], [], None, ["é"]]),
    "list of booleans": pa.array([[True, None], [], None, [False]]),
    "list of times": pa.array([[1], [], None, [3]], pa.list_(pa.timestamp("us", "UTC"))),
    "list of decimals": pa.array([[_ONE_HALF], [], None, [3]], pa.list_(pa.decimal128(5, 2))),
    "large list": pa.array([[1], [], None, [2, 3]], pa.large_list(pa.int16())),
    "vector": pa.array([[1, 2], [3, None], None, [5, 6]], pa.list_(pa.float64(), 2)),
}
ROWS = pa.record_batch(EVERY_TYPE)


def returned(batch: pa.RecordBatch) -> pa.RecordBatch:
    layout = Layout(batch.schema)
    columns = layout.unpack(layout.pack(batch).to_pylist())
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


@pytest.mark.parametrize("offset", [0, 1, 3, 4])
def test_every_type_comes_back_as_it_was(offset):
    batch = ROWS.slice(offset)
    back = returned(batch)
    back.validate(full=True)
    assert back.schema == batch.schema
    # As text, since NaN equals nothing.
    assert str(back.to_pylist()) == str(batch.to_pylist())


def test_the_sign_of_zero_and_the_bits_of_nan_are_kept():
    odd = struct.pack("<Q", 0x7FF80000DEADBEEF)
    values = pa.array([-0.0, *struct.unpack("<d", odd)])
    back = returned(pa.record_batch({"x": values})).column("x")
    assert back.buffers()[1].to_pybytes()[:16] == struct.pack("<d", -0.0) + odd


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-(2**31), 2**31 - 1),
            st.none() | st.text(max_size=5),
            st.none() | st.lists(st.none() | st.text(max_size=3), max_size=3),
        ),
        max_size=8,
    ),
    st.integers(1, 20),
)
def test_any_mix_of_nulls_texts_and_lists_comes_back(rows, copies):
    types = [pa.int32(), pa.string(), pa.list_(pa.string())]
    arrays = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(types)] * copies
    batch = pa.RecordBatch.from_arrays(arrays, names=[f"f{i}" for i in range(len(arrays))])
    assert returned(batch).to_pylist() == batch.to_pylist()


def test_no_blob_gives_nulls():
    layout = Layout(ROWS.schema)
    for column in layout.unpack([None, None]):
        assert column.to_pylist() == [None, None]


def test_a_damaged_blob_is_told():
    layout = Layout(pa.schema([("n", pa.int64()), ("s", pa.string())]))
    (blob,) = layout.pack(pa.record_batch({"n": [1], "s": ["text"]})).to_pylist()
    for damaged in (blob[:5], blob[:-1], blob + b"x"):
        with pytest.raises(Corrupt):
            layout.unpack([damaged])
    with pytest.raises(IncompatibleVersion):
        layout.unpack([b"\x07" + blob[1:]])


@pytest.mark.parametrize(
    "kind", [pa.struct([("a", pa.int8())]), pa.list_(pa.list_(pa.int8())), pa.null()]
)
def test_a_type_that_cannot_be_served_is_refused(kind):
    with pytest.raises(InvalidInput, match=r"feature .f. is .*can.t be served online"):
        Layout(pa.schema([("f", kind)])).codecs  # noqa: B018 -- made when asked for
