"""Keys are encoded alike from a table's columns and from a request's values, and never clash."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.features.online.keys import (
    KeyKind,
    KeyLayout,
    encode_batch,
    encode_values,
    key_kind,
    parse_key,
)

ARROW = {
    KeyKind.INTEGER: pa.int64(),
    KeyKind.TEXT: pa.string(),
    KeyKind.BOOLEAN: pa.bool_(),
    KeyKind.DATE: pa.date32(),
    KeyKind.TIMESTAMP: pa.timestamp("us", "UTC"),
    KeyKind.BYTES: pa.binary(),
}
VALUES = {
    KeyKind.INTEGER: st.integers(-(2**63), 2**63 - 1),
    KeyKind.TEXT: st.text(max_size=4),
    KeyKind.BOOLEAN: st.booleans(),
    KeyKind.DATE: st.dates(),
    KeyKind.TIMESTAMP: st.datetimes(timezones=st.just(UTC)),
    KeyKind.BYTES: st.binary(max_size=4),
}


@st.composite
def keyed_rows(draw):
    kinds = draw(
        st.dictionaries(
            st.sampled_from("abc"), st.sampled_from(list(KeyKind)), min_size=1, max_size=3
        )
    )
    row = st.tuples(*(st.none() | VALUES[kind] for kind in kinds.values()))
    rows = draw(st.lists(row, max_size=6))
    columns = {name: [row[i] for row in rows] for i, name in enumerate(kinds)}
    return KeyLayout.of(kinds), columns


@settings(max_examples=60, deadline=None)
@given(keyed_rows())
def test_a_table_and_a_request_give_the_same_keys(case):
    layout, columns = case
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array(columns[name], ARROW[kind])
            for name, kind in zip(layout.names, layout.kinds, strict=True)
        ],
        names=list(layout.names),
    )
    keys = encode_values(layout, columns)
    assert encode_batch(layout, batch).to_pylist() == keys

    rows = list(zip(*(columns[name] for name in layout.names), strict=True))
    whole = [row for row in rows if None not in row]
    assert len(set(whole)) == len({key for key in keys if key is not None})
    assert [key is None for key in keys] == [None in row for row in rows]


def test_joining_texts_makes_no_two_keys_equal():
    layout = KeyLayout.of({"a": KeyKind.TEXT, "b": KeyKind.TEXT})
    one, two = encode_values(layout, {"a": ["x|y", "x"], "b": ["z", "y|z"]})
    assert one != two


def test_the_order_of_the_keys_does_not_matter():
    kinds = {"origin": KeyKind.TEXT, "year": KeyKind.INTEGER}
    columns = {"year": [2013], "origin": ["JFK"]}
    layouts = [KeyLayout.of(kinds), KeyLayout.of(dict(reversed(kinds.items())))]
    assert encode_values(layouts[0], columns) == encode_values(layouts[1], columns)


def test_a_whole_number_alone_is_kept_as_it_is():
    layout = KeyLayout.of({"id": KeyKind.INTEGER})
    assert encode_values(layout, {"id": [7, None]}) == [7, None]
    small = pa.record_batch({"id": pa.array([7, None], pa.int16())})
    assert encode_batch(layout, small).to_pylist() == [7, None]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (KeyKind.INTEGER, "1", "'1' .str. is not one"),
        (KeyKind.INTEGER, True, "is not one"),
        (KeyKind.INTEGER, 1.0, "is not one"),
        (KeyKind.INTEGER, 2**63, "does not fit"),
        (KeyKind.TEXT, 1, "is a text; 1 .int. is not one"),
        (KeyKind.DATE, datetime(2013, 1, 1, tzinfo=UTC), "is not one"),
        (KeyKind.TIMESTAMP, date(2013, 1, 1), "is not one"),
        (KeyKind.TIMESTAMP, datetime(2013, 1, 1), "has no zone"),  # noqa: DTZ001
    ],
)
def test_a_value_of_another_kind_is_refused(kind, value, words):
    with pytest.raises(InvalidInput, match=words):
        encode_values(KeyLayout.of({"k": kind}), {"k": [value]})


def test_kinds_of_columns():
    assert key_kind(pa.uint8(), owner="k") is KeyKind.INTEGER
    assert key_kind(pa.dictionary(pa.int8(), pa.large_string()), owner="k") is KeyKind.TEXT
    with pytest.raises(InvalidInput, match="key 'k' is double, which can't be a key"):
        key_kind(pa.float64(), owner="key 'k'")


def test_keys_of_a_command_line():
    assert parse_key(KeyKind.INTEGER, "12", name="id") == 12
    assert parse_key(KeyKind.TEXT, "12", name="id") == "12"
    assert parse_key(KeyKind.BOOLEAN, "true", name="id") is True
    assert parse_key(KeyKind.DATE, "2013-01-02", name="id") == date(2013, 1, 2)
    with pytest.raises(InvalidInput, match="key 'id' is a integer; 'x' is not one"):
        parse_key(KeyKind.INTEGER, "x", name="id")
