"""What people may write, and what is refused with which words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lineal.errors import InvalidInput
from lineal.features import entity, feature_view, service

AIRPORT = entity("airport", key="origin")


def weather(name: str = "weather", **more):
    return feature_view(name, of=AIRPORT, table="ops.weather", columns=["visib"], **more)


def test_an_entity_takes_one_key_or_several():
    assert entity("airport", key="origin").key == ("origin",)
    assert entity("leg", key=["origin", "dest"]).key == ("origin", "dest")


def test_a_view_of_several_entities_has_the_keys_of_all():
    plane = entity("plane", key="tailnum")
    view = feature_view("legs", of=[AIRPORT, plane], table="ops.legs", columns=["n"])
    assert view.key == ("origin", "tailnum")


def test_a_decorated_function_gives_its_name_and_docstring():
    @feature_view(of=AIRPORT, table="ops.weather")
    def visibility(weather):
        """How far one sees."""
        return {"km": weather.visib * 1.6}

    assert (visibility.name, visibility.description) == ("visibility", "How far one sees.")


def test_an_age_of_nothing_means_no_limit():
    assert weather(max_age=timedelta(0)).max_age is None


def test_a_role_is_named_after_the_column_it_is_looked_up_by():
    role = weather().role(origin="dest")
    assert (role.name, dict(role.columns)) == ("dest_weather", {"origin": "dest"})
    assert weather().role("arrival", origin="dest").name == "arrival"


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: entity("air port", key="origin"), "must be a word"),
        (lambda: entity("airport", key=[]), "names no key"),
        (lambda: entity("leg", key=["a", "a"]), "key 'a' twice"),
        (lambda: weather("weather.hourly"), "must be a word"),
        (lambda: weather(max_age=timedelta(-1)), "negative"),
        (lambda: weather(max_age=3600), "must be a timedelta"),
        (lambda: weather(known_at="k", available_after=timedelta(1)), "both known_at"),
        (
            lambda: weather(timeless=True, max_age=timedelta(1)),
            "timeless, so it can't have max_age",
        ),
        (lambda: weather().role(dest="origin"), "no key 'dest'"),
        (lambda: weather().role(), "needs a key"),
        (lambda: service("delay", []), "names no view"),
        (lambda: service("delay", [AIRPORT]), "takes feature views"),
        (lambda: service("delay", [weather(), weather()]), "view 'weather' twice"),
        (
            lambda: feature_view("v", of=AIRPORT, table="t.t", columns=["a", "a"]),
            "column 'a' twice",
        ),
        (lambda: feature_view("v", of=AIRPORT, table="t.t", columns=[]), "names no column"),
        (lambda: feature_view("v", of=["origin"], table="t.t", columns=["a"]), "is of entities"),
    ],
)
def test_what_cannot_be_right_is_refused(build, words):
    with pytest.raises(InvalidInput, match=words):
        build()
