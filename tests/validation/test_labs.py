"""The data steps of two courses on TFX, on look-alikes: census income and forest cover type."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from lineal.validation import infer_schema, statistics, validate

SIZES = {
    "workclass": 9,
    "education": 16,
    "marital-status": 7,
    "occupation": 15,
    "relationship": 6,
    "race": 5,
    "sex": 2,
    "native-country": 42,
    "label": 2,
}
NUMBERS = ("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week")


def census(seed: int, rows: int = 600) -> dict[str, list[object]]:
    """Make columns like those of census income: texts with a leading blank, whole numbers."""
    chance = random.Random(seed)
    columns: dict[str, list[object]] = {
        name: [chance.randint(0, 99_999) for _ in range(rows)] for name in NUMBERS
    }
    columns["age"] = [17, 90, *(chance.randint(17, 90) for _ in range(rows - 2))]
    for name, size in SIZES.items():
        values = [" ?", *(f" {name} {number}" for number in range(1, size))]
        if name == "label":
            values = [" <=50K", " >50K"]
        # Every value occurs, so that halves of the data have the same domains.
        columns[name] = [values[place % size] for place in range(rows)]
        chance.shuffle(columns[name])
    return columns


@pytest.fixture(scope="module")
def census_statistics():
    return statistics(pa.table(census(1))), statistics(pa.table(census(2)))


def test_census_income_is_inferred_curated_and_has_no_anomalies(census_statistics, tmp_path):
    train, evaluation = census_statistics

    rules = infer_schema(train)

    texts = {name: rules[name].domain for name in SIZES}
    assert {name: len(values) for name, values in texts.items()} == SIZES
    assert texts["label"] == [" <=50K", " >50K"]
    assert " ?" in texts["workclass"]
    assert {each.name for each in rules.proto.string_domain} == set(SIZES)
    for name in NUMBERS:
        assert (rules[name].type, rules[name].domain) == ("INT", None)
    assert all(each.required and each.value_count == (1, 1) for each in rules.features.values())

    rules["age"].domain = (17, 90)
    rules.environments = ["TRAINING", "SERVING"]
    rules["label"].not_in("SERVING")
    kept = type(rules).load(rules.save(tmp_path / "schema.pbtxt"))
    for current in (train, evaluation):
        assert validate(current, kept, environment="TRAINING").anomalies == ()


@pytest.mark.parametrize(
    ("plant", "types"),
    [
        (lambda c: c["age"].__setitem__(0, 120), {"age": ("INT_TYPE_BIG_INT",)}),
        (
            lambda c: c["sex"].__setitem__(0, " unknown"),
            {"sex": ("ENUM_TYPE_UNEXPECTED_STRING_VALUES",)},
        ),
        (lambda c: c.pop("race"), {"race": ("SCHEMA_MISSING_COLUMN",)}),
        (
            lambda c: c["occupation"].__setitem__(0, None),
            {"occupation": ("INVALID_FEATURE_SHAPE", "FEATURE_TYPE_LOW_FRACTION_PRESENT")},
        ),
        (
            lambda c: c.update(fnlwgt=[str(each) for each in c["fnlwgt"]]),
            {"fnlwgt": ("UNEXPECTED_DATA_TYPE",)},
        ),
    ],
    ids=["age of 120", "new text", "lost column", "gap", "texts for numbers"],
)
def test_a_fault_planted_in_census_income_is_found(census_statistics, plant, types):
    rules = infer_schema(census_statistics[0])
    rules["age"].domain = (17, 90)
    columns = census(3)
    plant(columns)

    report = validate(statistics(pa.table(columns)), rules)

    assert {each.path: each.types for each in report.anomalies} == types


COVER = {
    "Elevation": (1859, 3858),
    "Slope": (0, 66),
    "Horizontal_Distance_To_Hydrology": (0, 1397),
    "Vertical_Distance_To_Hydrology": (-173, 601),
    "Horizontal_Distance_To_Roadways": (0, 7117),
    "Hillshade_9am": (0, 254),
    "Hillshade_Noon": (0, 254),
    "Horizontal_Distance_To_Fire_Points": (0, 7173),
}


def cover(seed: int, rows: int = 800) -> pa.Table:
    """Make columns like those of the forest cover type that the course selects."""
    chance = random.Random(seed)
    columns: dict[str, list[object]] = {
        name: [least, greatest, *(chance.randint(least, greatest) for _ in range(rows - 2))]
        for name, (least, greatest) in COVER.items()
    }
    areas = ["Rawah", "Commanche", "Cache", "Neota"]
    columns["Wilderness_Area"] = [areas[place % 4] for place in range(rows)]
    columns["Soil_Type"] = [f"C{7700 + place % 40}" for place in range(rows)]
    columns["Cover_Type"] = [place % 7 for place in range(rows)]
    return pa.table(columns)


def test_forest_cover_type_before_and_after_environments():
    data = cover(1)
    current, serving = statistics(data), statistics(data.slice(0, 100).drop_columns(["Cover_Type"]))
    rules = infer_schema(current)
    assert sum(each.type == "INT" and each.domain is None for each in rules.features.values()) == 9
    assert len(rules["Soil_Type"].domain) == 40
    assert len(rules["Wilderness_Area"].domain) == 4

    for name in ("Hillshade_9am", "Hillshade_Noon"):
        rules[name].domain = (0, 255)
    rules["Slope"].domain = (0, 90)
    rules["Cover_Type"].domain = (0, 6)
    rules["Cover_Type"].proto.int_domain.is_categorical = True

    (before,) = validate(serving, rules).anomalies
    assert (before.path, before.short) == ("Cover_Type", "Column dropped")
    assert before.types == ("SCHEMA_MISSING_COLUMN",)

    rules.environments = ["TRAINING", "SERVING"]
    rules["Cover_Type"].not_in("SERVING")
    assert validate(serving, rules, environment="SERVING").anomalies == ()
    for seed in (1, 2):
        report = validate(statistics(cover(seed)), rules, environment="TRAINING")
        assert report.anomalies == ()
