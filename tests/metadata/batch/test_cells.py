"""Property values: what is stored comes back, to the bit, and what can't be stored is named."""

import enum
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.metadata.batch.cells import cell_of, decode, encode, kept_value, revived, value_of
from lineal.metadata.model import Proto

plain = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0")),
    st.dictionaries(st.text("abc"), st.one_of(st.booleans(), st.text("xyz"), st.none())),
    st.builds(Proto, st.text("abc/."), st.binary()),
)


@settings(max_examples=100, deadline=None)
@given(plain)
def test_a_value_comes_back_as_it_was(value):
    found = value_of(decode(*encode("p", cell_of("p", value))))
    assert (type(found), found) == (type(value), value)


@settings(max_examples=50, deadline=None)
@given(plain)
def test_history_keeps_a_value_as_it_was(value):
    assert revived(json.loads(json.dumps(kept_value(cell_of("p", value))))) == value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (math.nan, "'p' is NaN"),
        (2**63, "'p' is 9223372036854775808, which does not fit 64 bits"),
        (-(2**63) - 1, "64 bits"),
        ("a\0b", "'p' holds a NUL"),
        ("__MLMD_NULL__", r"'p' holds '__MLMD_NULL__'.* for no value; put another"),
        ("mlmd-struct::x", "'p' holds 'mlmd-struct::x'"),
        ("\ud800", "broken text"),
        (None, "'p'"),
        ([1], "'p' can't hold list"),
        ({"a": math.nan}, "'p' holds NaN"),
    ],
)
def test_what_can_not_be_stored_is_refused_by_name(value, told):
    with pytest.raises(InvalidInput, match=told):
        encode("p", cell_of("p", value))


def test_messages_stay_short_however_long_the_value():
    with pytest.raises(InvalidInput) as caught:
        encode("p", "x" * 10_000 + "\0")
    assert len(str(caught.value)) < 1_000


def test_relatives_of_plain_values_count_as_those():
    class Level(enum.IntEnum):
        HIGH = 3

    found = [cell_of("p", v) for v in (Level.HIGH, np.float64(0.5), np.int32(4), np.bool_(True))]
    assert [(type(v), v) for v in found] == [(int, 3), (float, 0.5), (int, 4), (bool, True)]
