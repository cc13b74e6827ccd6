"""Parameters: which annotations are plain, what fits them, how text is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.pipeline import pipeline
from lineal.pipeline.parameters import check, from_text, is_plain


class Color(Enum):
    RED = "r"
    BLUE = "b"


@dataclass(frozen=True)
class Limits:
    low: float
    high: float | None = None
    names: tuple[str, ...] = ()


@dataclass
class Mutable:
    low: float


@pytest.mark.parametrize(
    ("annotation", "plain"),
    [
        (int, True),
        (str | None, True),
        (list[dict[str, tuple[int, ...]]], True),
        (Literal["a", 1], True),
        (Color, True),
        (Limits, True),
        (timedelta, True),
        (Sequence[Path], True),
        (Mutable, False),
        (list[Mutable], False),
        (object, False),
    ],
)
def test_plain_annotations(annotation: object, plain: bool) -> None:
    assert is_plain(annotation) is plain


@pytest.mark.parametrize(
    ("value", "annotation", "checked"),
    [
        (1, int, 1),
        (1, float, 1.0),
        (1, int | float, 1),
        (None, int | None, None),
        ("data.csv", Path, Path("data.csv")),
        ([1, 2], list[float], [1.0, 2.0]),
        ((1, "a"), tuple[int, str], (1, "a")),
        ({"a": 1}, dict[str, int], {"a": 1}),
        ([1, ["a"]], list, [1, ["a"]]),
        ("a", Literal["a", "b"], "a"),
        (Limits(1.0), Limits, Limits(1.0)),
    ],
)
def test_values_that_fit(value: object, annotation: object, checked: object) -> None:
    found = check(value, annotation, "p")
    assert found == checked
    assert type(found) is type(checked)


@pytest.mark.parametrize(
    ("value", "annotation", "message"),
    [
        ("1", int, "p must be int, not '1'"),
        (True, int, "p must be int, not True"),
        (None, int, "p must be int, not None"),
        ([1, "a"], list[int], "p[1] must be int"),
        ({"a": "b"}, dict[str, int], "p['a'] must be int"),
        ((1,), tuple[int, int], "p must have 2 items, not 1"),
        ("abc", list[str], "p must be list"),
        ("c", Literal["a", "b"], "p must be one of a, b, not 'c'"),
        (datetime(2013, 1, 1), datetime, "without a zone"),  # noqa: DTZ001
        (datetime(2013, 1, 1, tzinfo=UTC), date, "p must be a date"),
        ([object()], list, "p[0] is a object, which is no plain data"),
        (1.5, int | str, "p must be int | str, not 1.5"),
    ],
)
def test_values_that_do_not_fit(value: object, annotation: object, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(value, annotation, "p")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("3", int, 3),
        ("3", str, "3"),
        ("3", float, 3.0),
        ("yes", bool, True),
        ("off", bool, False),
        ("none", int | None, None),
        ("3", int | str, 3),
        ("x", int | str, "x"),
        ("2013-06-30", date, date(2013, 6, 30)),
        ("2013-06-30T00:00:00+00:00", datetime, datetime(2013, 6, 30, tzinfo=UTC)),
        ("90s", timedelta, timedelta(seconds=90)),
        ("1.5h", timedelta, timedelta(minutes=90)),
        ("data.csv", Path, Path("data.csv")),
        ("RED", Color, Color.RED),
        ("b", Color, Color.BLUE),
        ("2", Literal[1, 2], 2),
        ("1,2,3", list[int], [1, 2, 3]),
        ("", list[int], []),
        ('["a,b", "c"]', tuple[str, ...], ("a,b", "c")),
        ("1, x", tuple[int, str], (1, "x")),
        ("a,b,a", set[str], {"a", "b"}),
        ('{"a": [1]}', dict[str, list[int]], {"a": [1]}),
        ('{"low": 1, "names": ["x"]}', Limits, Limits(1.0, None, ("x",))),
        ('[{"low": 1}]', list[Limits], [Limits(1.0)]),
    ],
)
def test_text_is_read_by_annotation(text: str, annotation: object, value: object) -> None:
    found = from_text(text, annotation, "p")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "annotation", "message"),
    [
        ("x", int, "p must be int, not 'x'"),
        ("maybe", bool, "p must be true or false"),
        ("GREEN", Color, "p must be one of RED, BLUE, not 'GREEN'"),
        ("3", Literal[1, 2], "p must be one of 1, 2"),
        ("2013-13-01", date, "p must be date"),
        ("2013-06-30T00:00:00", datetime, "without a zone"),
        ("5 parsecs", timedelta, "as 90s, 15m, 2h or 1d"),
        ("1,x", list[int], "p[1] must be int"),
        ("{", dict[str, int], "p must be JSON"),
        ('{"lo": 1}', Limits, "p has no field 'lo'; Limits has low, high, names"),
        ("{}", Limits, "p is no Limits"),
        ("1", tuple[int, int], "p must have 2 items, not 1"),
    ],
)
def test_text_that_does_not_fit(text: str, annotation: object, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_text(text, annotation, "p")
    assert message in str(caught.value)


@settings(max_examples=50, deadline=None)
@given(st.integers() | st.booleans() | st.floats(allow_nan=False) | st.dates())
def test_what_is_printed_is_read_back(value: object) -> None:
    assert from_text(str(value), type(value), "p") == value


def test_a_pipelines_parameters_are_read_from_text() -> None:
    @pipeline
    def flights(month: int, share: float = 0.2) -> None: ...

    assert flights.read_arguments({"month": "3"}) == {"month": 3}
    for texts, message in (
        ({"mnth": "3"}, "'mnth'; did you mean 'month'?"),
        ({"month": "x"}, "parameter 'month' of pipeline 'flights' must be int, not 'x'"),
        ({"share": "1"}, "pipeline 'flights' needs month"),
    ):
        with pytest.raises(Exception, match="flights") as caught:
            flights.read_arguments(texts)
        assert message in str(caught.value)
    with pytest.raises(InvalidInput, match="parameter 'month' of pipeline 'flights' must be int"):
        flights.build("3")  # type: ignore[arg-type]
