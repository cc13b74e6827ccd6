"""Schemas: inferred, edited by plain values, compared and kept in files."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.validation import Schema, infer_schema, statistics


@pytest.fixture
def schema() -> Schema:
    table = pa.table(
        {
            "carrier": ["UA", "B6", "UA"],
            "delay": [1, None, 3],
            "speed": [1.5, 2.5, 3.5],
            "late": [0, 1, 1],
            "stops": [["a"], ["a", "b"], ["c"]],
            "trip": [{"from": "x"}, {"from": "y"}, {"from": "z"}],
        }
    )
    return infer_schema(statistics(table))


def test_inference_tells_type_presence_and_domain(schema):
    assert [(name, schema[name].type) for name in schema] == [
        ("carrier", "BYTES"), ("delay", "INT"), ("speed", "FLOAT"), ("late", "INT"),
        ("stops", "BYTES"), ("trip", "STRUCT"), ("trip.from", "BYTES"),
    ]  # fmt: skip
    assert (schema["carrier"].required, schema["carrier"].presence) == (True, 1.0)
    assert schema["delay"].presence is None
    assert schema["carrier"].domain == ["B6", "UA"]
    assert schema["late"].domain == "bool"
    assert schema["delay"].domain is None
    assert schema["carrier"].value_count == (1, 1)
    assert schema["stops"].value_count == (1, None)


def test_domains_of_texts_are_limited_in_size():
    table = pa.table({"x": [f"v{number}" for number in range(5)]})

    assert infer_schema(statistics(table), max_string_domain_size=4)["x"].domain is None
    assert len(infer_schema(statistics(table), max_string_domain_size=5)["x"].domain) == 5


def test_presence_is_set_by_plain_values(schema):
    schema["delay"].required = True
    assert schema["delay"].presence == 1.0
    schema["delay"].presence = 0.9
    assert schema["delay"].required
    schema["delay"].required = False
    assert (schema["delay"].presence, schema["delay"].required) == (None, False)
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        schema["delay"].presence = 1.5


def test_domains_are_set_by_plain_values(schema):
    schema["carrier"].domain = ["UA", "AA"]
    schema["delay"].domain = (-60, None)
    schema["speed"].domain = (0.5, 9.5)
    schema["late"].domain = None

    assert schema["carrier"].domain == ["UA", "AA"]
    assert schema["delay"].domain == (-60, None)
    assert schema["speed"].domain == (0.5, 9.5)
    assert schema["late"].domain is None


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("delay", ["a"]),
        ("delay", (2, 1)),
        ("delay", (0.5, 1)),
        ("delay", "bool"),
        ("carrier", (1, 2)),
    ],
)
def test_a_domain_that_does_not_fit_is_refused(schema, name, domain):
    with pytest.raises(InvalidInput, match=name):
        schema[name].domain = domain


def test_a_shared_domain_of_texts_is_left_to_the_others(schema):
    schema.add("partner", "BYTES").proto.domain = "carrier"

    schema["partner"].domain = ["ZZ"]

    assert (schema["carrier"].domain, schema["partner"].domain) == (["B6", "UA"], ["ZZ"])


def test_a_domain_that_nobody_names_leaves_the_schema(schema):
    schema["carrier"].domain = None

    assert [domain.name for domain in schema.proto.string_domain] == ["stops", "trip.from"]


def test_environments_take_features_out(schema):
    schema.environments = ["TRAINING", "SERVING"]

    schema["delay"].not_in("SERVING")
    schema["speed"].only_in("SERVING")

    assert schema["delay"].environments == ("TRAINING",)
    assert schema["speed"].environments == ("SERVING",)
    assert schema["carrier"].environments == ("TRAINING", "SERVING")
    with pytest.raises(NotFound, match="did you mean 'SERVING'"):
        schema["delay"].not_in("SERVIN")


def test_rules_chain(schema):
    schema.environments = ["SERVING"]

    carrier = schema["carrier"].not_in("SERVING").drift_threshold(0.1)
    carrier.min_domain_mass = 0.9
    carrier.unique = (1, 5)

    assert (carrier.drift, carrier.min_domain_mass, carrier.unique) == (0.1, 0.9, (1, 5))
    assert carrier.drift_threshold(None).drift is None


def test_drift_of_numbers_is_refused_with_the_reason(schema):
    with pytest.raises(InvalidInput, match=r"delay.*always 0"):
        schema["delay"].drift_threshold(0.1)


def test_an_unknown_feature_suggests_the_one_meant(schema):
    with pytest.raises(NotFound, match="did you mean 'carrier'"):
        schema["carier"]
    with pytest.raises(NotFound):
        schema.remove("nothing")


def test_features_are_added_and_removed(schema):
    schema.add("gate", "BYTES")
    schema.remove("delay")

    assert "gate" in schema
    assert "delay" not in schema
    with pytest.raises(AlreadyExists):
        schema.add("gate", "INT")
    with pytest.raises(InvalidInput, match="TEXT"):
        schema["gate"].type = "TEXT"


def test_a_schema_survives_its_files(schema, tmp_path):
    for name in ("schema.pbtxt", "schema.pb"):
        assert Schema.load(schema.save(tmp_path / name)) == schema
    assert Schema.from_text(schema.to_text()) == schema
    (tmp_path / "broken.pbtxt").write_text("feature { nme: 'x' }")
    with pytest.raises(InvalidInput, match=r"broken\.pbtxt.*1:11"):
        Schema.load(tmp_path / "broken.pbtxt")


@pytest.mark.parametrize("name", ["empty.csv", "empty.pbtxt"])
def test_an_empty_file_is_no_schema(tmp_path, name):
    (tmp_path / name).write_text("\n" if name == "empty.pbtxt" else "")

    with pytest.raises(InvalidInput, match=f"{name} is empty; it holds no schema"):
        Schema.load(tmp_path / name)


def test_a_copy_is_its_own(schema):
    copy = schema.copy()
    copy["carrier"].domain = ["ZZ"]

    assert schema["carrier"].domain == ["B6", "UA"]
    assert copy != schema


def test_a_difference_reads_as_text(schema):
    other = schema.copy()
    other.environments = ["SERVING"]
    other.min_examples = 10
    other["carrier"].domain = ["UA"]
    other["carrier"].required = False
    other["delay"].domain = (0, None)
    other.remove("speed")
    other.add("gate", "BYTES")

    assert [str(change) for change in schema.diff(other)] == [
        "environments added: SERVING",
        "least examples added: 10",
        "carrier: domain 'B6', 'UA' → 'UA'",
        "carrier: presence removed: was required in every row",
        "delay: domain added: [0, ∞]",
        "speed: feature removed: was FLOAT",
        "gate: feature added: BYTES",
    ]
    assert schema.diff(schema.copy()) == []
