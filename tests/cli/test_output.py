"""How values look, for programs and for people."""

import io
import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from lineal.cli import output
from lineal.features import Status
from lineal.metadata import ArtifactState


@dataclass(frozen=True)
class Pair:
    left: int
    right: datetime


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**63, 2**63),
        (1.5, 1.5),
        (math.nan, None),
        (math.inf, None),
        ("ä", "ä"),
        (ArtifactState.LIVE, "LIVE"),
        (Status.PRESENT, "PRESENT"),
        (datetime(2013, 6, 30, 12, tzinfo=UTC), "2013-06-30T12:00:00Z"),
        (datetime(2013, 6, 30, 12, tzinfo=timezone(timedelta(hours=2))), "2013-06-30T10:00:00Z"),
        (date(2013, 6, 30), "2013-06-30"),
        (Decimal("1.10"), "1.10"),
        (b"\x00\xff", "00ff"),
        (Path("a/b"), "a/b"),
        ((1, {"a": math.nan}), [1, {"a": None}]),
        (Pair(1, datetime(2013, 1, 1, tzinfo=UTC)), {"left": 1, "right": "2013-01-01T00:00:00Z"}),
    ],
)
def test_value_in_json(value: object, expected: object) -> None:
    assert output.plain(value) == expected
    json.dumps(output.plain(value), allow_nan=False)


@pytest.mark.parametrize("rows", [[], [{"a": 1}], [{"a": 1}, {"a": "ü"}]])
def test_row_objects_are_one_json_list(
    rows: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    output.print_row_objects(iter(rows))

    assert json.loads(capsys.readouterr().out) == rows


def test_table_outside_a_terminal_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table([{"name": "x" * 500, "rows": 3}], ["name", "rows"])

    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["name", "rows"]
    assert row.split() == ["x" * 500, "3"]


def test_markup_in_values_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table([{"name": "[bold]x[/bold] :smile:"}], ["name"])

    assert "[bold]x[/bold] :smile:" in capsys.readouterr().out


def test_progress_is_silent_outside_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with output.working("counting"):
        pass

    assert capsys.readouterr() == ("", "")


def test_fields_of_one_thing_stand_in_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    page = io.StringIO()
    monkeypatch.setattr("sys.stdout", page)

    output.print_fields({"ref": "a@1", "labels": {"stage": "raw"}, "claimed_by": None})

    assert page.getvalue() == "ref:        a@1\nlabels:\n  stage: raw\nclaimed_by:\n"
