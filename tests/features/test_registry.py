"""Definitions are versions in the graph: recorded once, told apart, read back without code."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
from tests.features.conftest import INSTANT, Home

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.features import (
    ChangeKind,
    count,
    entity,
    feature_view,
    mean,
    service,
)

AIRPORT = entity("airport", key="origin", owner="ops@example.org")
HOURLY = pa.schema(
    [
        ("origin", pa.string()),
        ("time_hour", INSTANT),
        ("visib", pa.float64()),
        ("wind", pa.int64()),
        ("seen_at", INSTANT),
    ]
)


def weather(**more):
    given = {"columns": ["visib", "wind"], "max_age": timedelta(hours=6), **more}
    return feature_view("weather", of=AIRPORT, table="ops.weather", **given)


def visibility(factor: float = 1.6):
    @feature_view(of=AIRPORT, table="ops.weather")
    def visibility(weather):
        return {"km": weather.visib * factor, "mean": mean(weather.visib), "hours": count()}

    return visibility


@pytest.fixture
def ready(home):
    home.load("ops.weather", [], HOURLY, event_time="time_hour")
    return home


def kinds(defined) -> dict[str, str]:
    return {change.name: str(change.kind) for change in defined.changes}


def test_a_service_brings_its_views_and_entities(ready):
    defined = ready.features.define(service("delay", [weather(), visibility()]))
    assert kinds(defined) == {
        "airport": "added",
        "weather": "added",
        "visibility": "added",
        "delay": "added",
    }
    assert {one.ref for one in defined.versions.values()} == {
        "airport@1",
        "weather@1",
        "visibility@1",
        "delay@1",
    }
    assert [(one.ref, one.kind) for one in ready.features.list()] == [
        ("airport@1", "entity"),
        ("visibility@1", "view"),
        ("weather@1", "view"),
        ("delay@1", "service"),
    ]


def test_an_equal_definition_makes_no_new_version(ready):
    ready.features.define(weather(), visibility())
    again = ready.features.define(weather(), visibility())
    assert not again.changed
    assert again.versions["visibility"].number == 1
    assert len(again.versions["visibility"].versions) == 1


def test_the_difference_is_told_field_by_field(ready):
    ready.features.define(weather(), visibility())
    changed = weather(columns=["visib", "seen_at"], max_age=timedelta(hours=3), owner="me")
    defined = ready.features.define(changed, visibility(1.609))
    told = {change.name: change for change in defined.changes}
    assert told["weather"].kind is ChangeKind.CHANGED
    assert set(told["weather"].details) == {
        "+ seen_at",
        "- wind",
        "max_age: 6:00:00 -> 3:00:00",
        "owner:  -> me",
    }
    assert told["visibility"].details == ("~ km",)
    assert told["airport"].kind is ChangeKind.UNCHANGED
    assert "changed   view weather\n  + seen_at" in str(defined)
    assert defined.versions["weather"].ref == "weather@2"


def test_a_dry_run_records_nothing(ready):
    dry = ready.features.define(weather(), dry_run=True)
    assert (dry.changed, dict(dry.versions)) == (True, {})
    assert kinds(ready.features.diff(weather())) == kinds(dry)
    assert list(ready.features.list()) == []


def test_going_back_to_an_old_definition_is_a_new_version(ready):
    for view in (weather(), weather(owner="me"), weather()):
        defined = ready.features.define(view)
    assert defined.versions["weather"].ref == "weather@3"


def test_the_event_time_defaults_to_the_one_that_the_table_declares(ready):
    ready.features.define(weather())
    assert ready.features.get("weather").spec.event_time == "time_hour"
    ready.load("ops.undated", [], HOURLY)
    undated = feature_view("undated", of=AIRPORT, table="ops.undated", columns=["wind"])
    with pytest.raises(InvalidInput, match="'undated' needs event_time="):
        ready.features.define(undated)
    running = feature_view("v", of=AIRPORT, table="ops.undated", timeless=True)
    with pytest.raises(InvalidInput, match="nothing in it can run over time"):
        ready.features.define(running(lambda table: {"mean": mean(table.wind)}))


def test_a_definition_is_found_by_name_number_alias_content_and_moment(ready):
    first = ready.features.define(weather()).versions["weather"]
    ready.features.define(weather(owner="me"))
    ready.recorder.set_alias("weather", "best", 1)
    for reference in (
        "weather@1",
        "weather:best",
        f"weather@sha256:{first.content[:12]}",
        f"weather@{first.committed.isoformat()}",
    ):
        assert ready.features.get(reference).ref == "weather@1"
    assert ready.features.get("weather").ref == "weather@2"
    with pytest.raises(NotFound, match="did you mean 'weather'"):
        ready.features.get("wether")
    with pytest.raises(InvalidInput, match=r"lineal\.Table, no definition"):
        ready.features.get("ops.weather")


def test_what_is_read_back_is_what_was_defined_and_runs_no_code(ready, engine):
    ready.features.define(visibility())
    other = Home.open(ready.root, engine)
    definition = other.features.get("visibility")
    assert [one.name for one in definition.spec.features] == ["km", "mean", "hours"]
    assert "weather.visib * factor" in definition.source
    assert definition.describe()["definition"]["keys"] == ["origin"]
    # A constant that the function closed over stands in the record, not in the source text.
    assert "0x1.999999999999ap+0" in str(definition.describe()["definition"])
    other.close()


def test_a_computation_does_not_change_with_unrelated_columns(ready):
    first = ready.features.define(visibility()).versions["visibility"]
    ready.warehouse["ops.weather"].add_column("humidity", pa.float64())
    again = ready.features.define(visibility()).versions["visibility"]
    assert again.ref == first.ref


def test_an_object_is_read_as_the_version_that_equals_it(ready):
    old, new = weather(), weather(owner="me")
    with pytest.raises(InvalidInput, match="view 'weather' was never defined"):
        ready.features.parse_keys(old, {})
    ready.features.define(old)
    with pytest.raises(InvalidInput, match="differs from weather@1; record it first"):
        ready.features.parse_keys(new, {})


@pytest.mark.parametrize(
    ("view", "error", "words"),
    [
        (lambda: weather(columns=["vsib"]), NotFound, "no column 'vsib'; did you mean 'visib'"),
        (lambda: weather(event_time="wind"), InvalidInput, "'wind' of ops.weather is int64"),
        (lambda: weather(known_at="origin"), InvalidInput, "is string, not a time"),
        (
            lambda: feature_view("w", of=AIRPORT, table="ops.wether", columns=["a"]),
            NotFound,
            "did you mean 'ops.weather'",
        ),
        (
            lambda: feature_view("w", of=AIRPORT, table="ops.weather")(lambda t: [t.wind]),
            InvalidInput,
            "must return a dictionary",
        ),
        (
            lambda: feature_view("w", of=AIRPORT, table="ops.weather")(lambda _: {"a": 1}),
            InvalidInput,
            "must be an expression or a running aggregate, not int",
        ),
        (
            lambda: feature_view("w", of=AIRPORT, table="ops.weather")(
                lambda t: {"a": mean(t.origin)}
            ),
            InvalidInput,
            r"feature w\.a takes the mean of string",
        ),
        (
            lambda: feature_view("w", of=AIRPORT, table="ops.weather")(
                lambda t: {"a": t.wind.mean()}
            ),
            InvalidInput,
            "later ones too",
        ),
    ],
)
def test_what_does_not_fit_the_table_is_refused(ready, view, error, words):
    with pytest.raises(error, match=words):
        ready.features.define(view())


def test_one_name_is_one_thing(ready):
    ready.features.define(weather())
    with pytest.raises(AlreadyExists, match=r"names a lineal\.FeatureView"):
        ready.features.define(entity("weather", key="origin"))
    with pytest.raises(InvalidInput, match="two different definitions"):
        ready.features.define(weather(), weather(owner="me"))
    other = feature_view(
        "other", of=entity("airport", key="wind"), table="ops.weather", columns=["visib"]
    )
    with pytest.raises(InvalidInput, match="'airport' is given to two different definitions"):
        ready.features.define(weather(), other)
    with pytest.raises(InvalidInput, match="nothing is given"):
        ready.features.define()
    with pytest.raises(InvalidInput, match="can't be defined"):
        ready.features.define("weather")
