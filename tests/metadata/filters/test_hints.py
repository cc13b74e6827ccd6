"""What a refused filter advises is what was meant, and the caret stands where the fault is."""

import pytest

from lineal.metadata.filters import InvalidFilter, compile_filter

HINTS = [
    ("artifact", "last_known_state = COMPLETE", 1, "did you mean state?"),
    ("execution", "state = COMPLETE", 1, "did you mean last_known_state?"),
    ("context", "state = LIVE", 1, "a context has no attribute 'state' (text is"),
    ("artifact", "STATE = LIVE", 1, "write state in small letters"),
    ("artifact", "state <> LIVE", 7, "a state's name takes =, != and IN: write !="),
    ("artifact", "LIVE = state", 1, "a state's name stands on the right: state = LIVE"),
    ("artifact", "state = 2", 9, "state is compared with one of the names UNKNOWN, PENDING"),
    ("artifact", "events_0.type = 3", 17, "events_0.type is compared with one of the names"),
    ("artifact", "events_0.type = INPT", 17, "events_0.type has no 'INPT'; did you mean INPUT?"),
    ("artifact", "id ISNULL", 4, "unexpected ISNULL; write IS NULL"),
    ("artifact", "name = 'x' AND id NOTNULL", 19, "unexpected NOTNULL; write IS NOT NULL"),
    ("artifact", "(id = 1 OR id ISNULL)", 15, "unexpected ISNULL; write IS NULL"),
    ("artifact", "name COLLATE nocase = 'x'", 6, "unexpected COLLATE; compare LOWER(…)"),
    ("artifact", "name 'x'", 6, "unexpected 'x'"),
    ("artifact", "rows > 3", 1, "rows is a reserved word; a property is written properties.rows"),
    ("artifact", "id = 1 AND To IS NULL", 12, "To is a reserved word; a property is written"),
    ("artifact", "id = AND", 6, "unexpected AND\n"),
    ("artifact", "name = 'q''x7'", 11, r"a quote inside of text is written \'"),
    ("artifact", "name = 'q' 'x7'", 12, "unexpected 'x7'\n"),
]


@pytest.mark.parametrize(("kind", "text", "column", "said"), HINTS)
def test_a_refused_filter_says_what_was_meant_and_where(kind, text, column, said):
    with pytest.raises(InvalidFilter) as caught:
        compile_filter(text, kind, meaning="mlmd")
    assert said in str(caught.value)
    assert caught.value.column == column


def test_inside_of_a_walk_the_caret_stands_where_the_fault_is():
    with pytest.raises(InvalidFilter, match="unexpected ISNULL") as caught:
        compile_filter("upstream(id ISNULL)", "artifact", meaning="lineal")
    assert caught.value.column == 13


@pytest.mark.parametrize(
    ("constant", "mlmd", "lineal"),
    [
        ("1.5", 2, 1),
        ("2.5", 3, 2),
        ("0.5", 1, 0),
        ("2.4999", 2, 2),
        ("-1.5", -2, -1),
        ("+1.5", 2, 1),
        ("(1.5)", 2, 1),
        ("(1.0 + 0.5)", 1, 1),
        ("'1.5'", 1, 1),
    ],
)
def test_ml_metadata_rounds_constants_that_lineal_cuts(sample, constant, mlmd, lineal):
    for meaning, whole in (("mlmd", mlmd), ("lineal", lineal)):
        given = f"CAST({constant} AS INT64)"
        assert sample.ids(f"id = {given} + 3", meaning=meaning) == [whole + 3]
        assert sample.ids(f"{given} > 99", meaning=meaning) == []


def test_a_constant_too_large_is_the_largest_number(sample):
    for meaning in ("mlmd", "lineal"):
        assert sample.ids("CAST(1e30 AS INT64) = 9223372036854775807 AND id = 1", meaning=meaning)
