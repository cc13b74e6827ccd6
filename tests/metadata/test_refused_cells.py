"""What a database refused is told by its column, with what can be done where something can."""

import pytest

from lineal.errors import InvalidInput
from lineal.metadata import tables
from lineal.metadata.backends.texts import check_cells


def test_a_property_too_wide_for_a_column_of_ml_metadatas_is_told_with_the_remedy():
    with pytest.raises(InvalidInput, match=r"int_value can't hold 4294967296.*ALTER TABLE"):
        check_cells(tables.artifact_property, ("int_value",), [(2**32,)], has_narrow_values=True)


def test_a_state_too_wide_is_told_without_one():
    with pytest.raises(InvalidInput, match=r"^Artifact\.state can't hold 4294967296: it is 32"):
        check_cells(tables.artifact, ("state",), [(2**32,)], has_narrow_values=True)


def test_times_are_64_bits_wide_everywhere():
    times = ("create_time_since_epoch",)
    check_cells(tables.artifact, times, [(2**40,)], has_narrow_values=True)
    with pytest.raises(InvalidInput, match="over 64 bits"):
        check_cells(tables.artifact, times, [(2**63,)])
