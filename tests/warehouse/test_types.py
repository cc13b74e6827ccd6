"""The conversion table: how each Arrow type is stored, and what is refused or recorded."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.warehouse.convert import RefusedValueError, compatible, convert
from lineal.warehouse.types import INSTANT, describe, parse_type, storage

if TYPE_CHECKING:
    from lineal.warehouse import Warehouse

DAY = dt.date(2013, 1, 2)
MORNING = dt.datetime(2013, 1, 2, 5, 30, tzinfo=dt.UTC)
NAIVE = MORNING.replace(tzinfo=None)

STORED = [
    (pa.array([True, None]), "boolean", [True, None]),
    (pa.array([1, None], pa.int8()), "int", [1, None]),
    (pa.array([1], pa.uint16()), "int", [1]),
    (pa.array([2**31], pa.uint32()), "long", [2**31]),
    (pa.array([2**63 - 1], pa.uint64()), "long", [2**63 - 1]),
    (pa.array([0.5], pa.float16()), "float", [0.5]),
    (pa.array([0.25], pa.float32()), "float", [0.25]),
    (pa.array([0.1]), "double", [0.1]),
    (
        pa.array([decimal.Decimal("1.50")], pa.decimal32(5, 2)),
        "decimal(5, 2)",
        [decimal.Decimal("1.50")],
    ),
    (
        pa.array([decimal.Decimal(100)], pa.decimal128(5, -2)),
        "decimal(7, 0)",
        [decimal.Decimal(100)],
    ),
    (pa.array([DAY], pa.date64()), "date", [DAY]),
    (pa.array([dt.time(5, 30)], pa.time32("s")), "time", [dt.time(5, 30)]),
    (pa.array([dt.time(5, 30)], pa.time64("ns")), "time", [dt.time(5, 30)]),
    (pa.array([NAIVE], pa.timestamp("s")), "timestamptz", [MORNING]),
    (pa.array([NAIVE], pa.timestamp("ns")), "timestamptz", [MORNING]),
    (pa.array([MORNING], pa.timestamp("ms", "America/New_York")), "timestamptz", [MORNING]),
    (pa.array([dt.timedelta(seconds=2)], pa.duration("ms")), "long", [2_000_000]),
    (pa.array(["x", None], pa.large_string()), "string", ["x", None]),
    (pa.array(["x"], pa.string_view()), "string", ["x"]),
    (pa.array([b"x"], pa.large_binary()), "binary", [b"x"]),
    (pa.array([b"ab"], pa.binary(2)), "fixed[2]", [b"ab"]),
    (pa.array(["x", None, "x"]).dictionary_encode(), "string", ["x", None, "x"]),
    (pa.RunEndEncodedArray.from_arrays([2], ["x"]), "string", ["x", "x"]),
    (pa.nulls(2), "string", [None, None]),
    (pa.array([[1, 2], None], pa.list_(pa.uint8(), 2)), "list<int>", [[1, 2], None]),
    (pa.array([[1], None, [2, 3]], pa.list_view(pa.int64())), "list<long>", [[1], None, [2, 3]]),
    (
        pa.array(
            [{"a": 1, "b": ["x"]}, None],
            pa.struct([("a", pa.uint8()), ("b", pa.large_list(pa.string()))]),
        ),
        "struct<a: int, b: list<string>>",
        [{"a": 1, "b": ["x"]}, None],
    ),
    (
        pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.uint8())),
        "map<string, int>",
        [[("k", 1)], None],
    ),
    (pa.array([b"0123456789abcdef"], pa.uuid()), "fixed[16]", [b"0123456789abcdef"]),
]


@pytest.mark.parametrize(("array", "spelled", "values"), STORED, ids=lambda v: str(v)[:0])
def test_each_type_is_stored_as_the_table_says(
    array: pa.Array, spelled: str, values: list[object]
) -> None:
    stored = storage(array.type, column="c").type

    converted, lost = convert(array, stored)

    assert describe(stored) == spelled
    assert converted.type.equals(stored)
    assert converted.to_pylist() == values
    assert lost == 0


def test_every_type_comes_back_from_a_table_as_it_was_stored(warehouse: Warehouse) -> None:
    frame = pa.table({f"c{i}": array.slice(0, 1) for i, (array, _, _) in enumerate(STORED)})

    saved = warehouse.save(frame, "ops.types")

    expected = {f"c{i}": values[0] for i, (_, _, values) in enumerate(STORED)}
    assert saved.to_arrow().to_pylist() == [expected]
    assert saved.describe()["columns"] == {f"c{i}": s for i, (_, s, _) in enumerate(STORED)}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (pa.struct([]), "struct without fields"),
        (pa.list_(pa.struct([])), "'c.element' is a struct without fields"),
        (pa.month_day_nano_interval(), "no Iceberg table can hold"),
        (pa.dense_union([pa.field("a", pa.int8())]), "no Iceberg table can hold"),
        (pa.decimal256(50, 2), "more digits than the 38"),
        (pa.list_(pa.duration("s")), "durations inside another type"),
        (pa.struct([pa.field("a", pa.int8()), pa.field("A", pa.int8())]), "not distinct"),
    ],
)
def test_what_no_table_can_hold_is_refused_with_the_column(kind: pa.DataType, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        storage(kind, column="c")


@pytest.mark.parametrize(
    ("array", "stored", "index", "left"),
    [
        (pa.array([1, 2**63], pa.uint64()), pa.int64(), 1, [1, None]),
        (pa.array([1000, 1001], pa.timestamp("ns")), INSTANT, 1, None),
        (pa.array([1001], pa.duration("ns")), pa.int64(), 0, [1]),
        (pa.array([1001], pa.time64("ns")), pa.time64("us"), 0, [dt.time(0, 0, 0, 1)]),
        (pa.array([0.5, 0.1]), pa.float32(), 1, None),
        (pa.array([2**53 + 1]), pa.float64(), 0, [float(2**53)]),
        (pa.array([decimal.Decimal("0.1")], pa.decimal128(3, 1)), pa.float64(), None, [0.1]),
    ],
)
def test_lost_digits_are_refused_unless_asked_for_and_then_counted(
    array: pa.Array, stored: pa.DataType, index: int | None, left: list[object] | None
) -> None:
    if index is not None:
        with pytest.raises(RefusedValueError) as refused:
            convert(array, stored)
        assert refused.value.index == index

    converted, lost = convert(array, stored, lossy=True)

    assert lost == (0 if index is None else 1)
    if left is not None:
        assert converted.to_pylist() == left


@pytest.mark.parametrize(
    ("array", "stored"),
    [
        (pa.array([1.5]), pa.int64()),
        (pa.array([float("nan")]), pa.int64()),
        (pa.array([300]), pa.decimal128(4, 2)),
        (pa.array([2**31]), pa.int32()),
        (pa.array([MORNING], INSTANT), pa.date32()),
        (pa.array([decimal.Decimal("1.55")], pa.decimal128(3, 2)), pa.decimal128(3, 1)),
    ],
)
def test_values_that_do_not_fit_are_refused_even_where_types_may(
    array: pa.Array, stored: pa.DataType
) -> None:
    assert compatible(array.type, stored)
    with pytest.raises(RefusedValueError):
        convert(array, stored)


@pytest.mark.parametrize(
    ("array", "stored"),
    [
        (pa.array([7], pa.int64()), pa.int32()),
        (pa.array([7], pa.int64()), pa.float64()),
        (pa.array([7.0]), pa.int64()),
        (pa.array([7]), pa.decimal128(3, 1)),
        (pa.array([DAY]), INSTANT),
        (pa.array([86_400_000_000], pa.timestamp("us")), pa.date32()),
        (pa.nulls(1), pa.struct([("a", pa.int32())])),
    ],
)
def test_lossless_conversions_go_through(array: pa.Array, stored: pa.DataType) -> None:
    assert compatible(array.type, stored)
    assert convert(array, stored)[1] == 0


@pytest.mark.parametrize(
    ("given_type", "stored"),
    [
        (pa.string(), pa.int64()),
        (pa.int64(), pa.string()),
        (pa.bool_(), pa.int64()),
        (pa.string(), INSTANT),
        (pa.list_(pa.float64()), pa.list_(pa.float32())),
        (pa.struct([("a", pa.int8())]), pa.struct([("b", pa.int8())])),
    ],
)
def test_types_that_mean_something_else_are_not_compatible(
    given_type: pa.DataType, stored: pa.DataType
) -> None:
    assert not compatible(given_type, stored)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 2**64 - 1)), max_size=20),
    st.integers(0, 5),
)
def test_the_first_value_that_does_not_fit_is_the_one_named(
    values: list[int | None], offset: int
) -> None:
    array = pa.array(values, pa.uint64()).slice(min(offset, len(values)))
    too_large = [i for i, v in enumerate(array.to_pylist()) if v is not None and v >= 2**63]

    if not too_large:
        assert convert(array, pa.int64())[0].to_pylist() == array.to_pylist()
        return
    with pytest.raises(RefusedValueError) as refused:
        convert(array, pa.int64())
    assert refused.value.index == too_large[0]


_KINDS = st.recursive(
    st.sampled_from([pa.int8(), pa.string_view(), pa.bool_(), pa.uint32(), pa.float32()]),
    lambda inner: st.one_of(
        inner.map(pa.list_),
        inner.map(pa.list_view),
        inner.map(pa.large_list),
        inner.map(lambda kind: pa.struct([("a", kind), ("b", pa.int16())])),
        inner.map(lambda kind: pa.map_(pa.string(), kind)),
    ),
    max_leaves=4,
)


@settings(max_examples=50, deadline=None)
@given(_KINDS, st.data())
def test_nested_values_survive_whatever_their_layout_and_slice(
    kind: pa.DataType, data: st.DataObject
) -> None:
    values = data.draw(st.lists(_values(kind), max_size=6))
    array = pa.array(values, kind)
    start = data.draw(st.integers(0, len(values)))

    converted, _ = convert(array.slice(start), storage(kind, column="c").type)

    converted.validate(full=True)
    assert converted.to_pylist() == array.to_pylist()[start:]


def _values(kind: pa.DataType) -> st.SearchStrategy[object]:
    if pa.types.is_map(kind):
        key = st.text("kl", max_size=2)
        some = st.lists(st.tuples(key, _values(kind.item_type)), max_size=2)
    elif pa.types.is_struct(kind):
        some = st.fixed_dictionaries({f.name: _values(f.type) for f in kind})
    elif pa.types.is_nested(kind):
        some = st.lists(_values(kind.value_type), max_size=3)
    elif pa.types.is_boolean(kind):
        some = st.booleans()
    elif pa.types.is_integer(kind):
        some = st.integers(0, 100)
    elif pa.types.is_floating(kind):
        some = st.sampled_from([0.5, -2.0])
    else:
        some = st.text("xy", max_size=3)
    return st.one_of(st.none(), some)


def test_assumptions_are_kept_in_the_execution(warehouse: Warehouse) -> None:
    naive = pa.array([NAIVE], pa.timestamp("us"))
    frame = pa.table({"t": naive, "n": pa.nulls(1), "i": [1]})

    saved = warehouse.save(frame, "ops.notes")

    execution = warehouse.store.execution(warehouse.history("ops.notes")[0].execution_id or 0)
    assert execution.get("conversions") == {
        "t": "no time zone: read as UTC",
        "n": "no values: taken as text",
    }
    assert saved.schema.field("t").type == INSTANT


def test_losses_that_were_asked_for_are_kept_in_the_execution(warehouse: Warehouse) -> None:
    frame = pa.table({"t": pa.array([1, 1000, 1001], pa.timestamp("ns", "UTC"))})

    with pytest.raises(InvalidInput, match=r"row 1, column 't'.*beyond the microsecond"):
        warehouse.save(frame, "ops.lossy")
    warehouse.save(frame, "ops.lossy", lossy=True)

    execution = warehouse.store.execution(warehouse.history("ops.lossy")[0].execution_id or 0)
    assert execution.get("lost_values") == {"t": 2}
    assert execution.get("lossy") is True


def test_types_are_parsed_from_how_iceberg_spells_them() -> None:
    assert parse_type("decimal(9, 2)") == pa.decimal128(9, 2)
    assert parse_type(" Long ") == pa.int64()
    assert describe(parse_type("timestamptz")) == "timestamptz"
    with pytest.raises(InvalidInput, match="there are boolean, int, long"):
        parse_type("integer")


def test_iceberg_json_round_trips() -> None:
    from lineal.warehouse.schema import TableSchema, to_iceberg_json

    columns = [(f"c{i}", storage(a.type, column="c").type) for i, (a, _, _) in enumerate(STORED)]

    parsed = TableSchema.parse(to_iceberg_json(columns))

    assert [(c.name, c.type) for c in parsed.user_columns] == columns
    ids = [int(f["id"]) for f in json.loads(parsed.text)["fields"]]
    assert ids == list(range(1, len(columns) + 3))
