"""A schema goes to other tools' forms and back, and what is not carried is told."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from open_data_contract_standard.model import OpenDataContractStandard
from pyiceberg.schema import Schema as IcebergSchema

from lineal.errors import InvalidInput, NotFound
from lineal.validation import Schema
from lineal.validation.conversion import FORMS, convert_from, convert_to
from lineal.validation.conversion.column import Column, features_of

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)


@st.composite
def columns(draw: st.DrawFn, name: str, depth: int = 1) -> Column:
    kinds = ["int", "float", "text", "bool", "us", "ns", "date", *(["struct"] if depth else [])]
    kind = draw(st.sampled_from(kinds))
    length = st.sampled_from([(None, None), (1, None), (2, 2), (0, 3)])
    lists = tuple(draw(st.lists(length, max_size=2)))
    bounds = draw(st.sampled_from([(None, None), (0, None), (-1, 5)]))
    bounded = bounds if kind in {"int", "float"} else (None, None)
    texts = draw(st.sampled_from([None, ("a",), ("b", "ä")]))
    names = draw(st.lists(st.sampled_from("fgh"), unique=True, min_size=1, max_size=2))
    return Column(
        name=name,
        kind=kind,
        required=draw(st.booleans()),
        lists=lists,
        values=texts if kind == "text" else None,
        least=bounded[0],
        greatest=bounded[1],
        comment=draw(st.sampled_from([None, "what it is"])),
        fields=tuple(draw(columns(each, depth - 1)) for each in names) if kind == "struct" else (),
    )


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    schema = Schema()
    schema.proto.feature.extend(features_of([draw(columns(name)) for name in ("x", "y")]))
    if draw(st.booleans()):
        schema.environments = ["SERVING"]
    if draw(st.integers(0, 3)) == 0:
        schema.proto.feature[0].drift_comparator.infinity_norm.threshold = 0.1
    return schema


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40, deadline=None, phases=QUICK)
@given(schemas())
def test_a_schema_survives_where_no_loss_is_told(form, schema):
    there = convert_to(form, schema)
    back = convert_from(form, there.value)

    assert there.lossless == (back.value == schema)
    assert back.lossless, back.losses


@pytest.mark.parametrize("form", FORMS)
def test_plain_columns_survive_every_form(form):
    schema = Schema()
    schema.proto.feature.extend(
        features_of([Column("n", "int", required=True), Column("t", "text", required=False)])
    )

    assert convert_to(form, schema).losses == ()


def test_what_is_not_carried_is_told_by_feature():
    schema = Schema()
    schema.proto.feature.extend(
        features_of([Column("n", "int", required=True, least=0, greatest=9)])
    )
    schema.environments = ["SERVING"]

    losses = [(each.path, each.reason) for each in convert_to("arrow", schema).losses]

    assert losses == [
        ("", "environments is not carried: SERVING"),
        ("n", "domain is not carried: [0, 9]"),
    ]
    assert [each.path for each in convert_to("json-schema", schema).losses] == [""]


def test_what_a_feature_can_not_say_is_told():
    found = convert_from("arrow", pa.schema([("d", pa.decimal128(9, 2)), ("i", pa.int32())]))

    assert [(each.path, each.reason) for each in found.losses] == [
        ("d", "decimal128(9, 2) becomes double"),
        ("i", "int32 becomes int64"),
    ]


@settings(max_examples=30, deadline=None, phases=QUICK)
@given(schemas())
def test_json_schemas_are_valid_ones(schema):
    Draft202012Validator.check_schema(convert_to("json-schema", schema).value)


def test_a_json_schema_judges_rows():
    schema = Schema()
    schema.proto.feature.extend(
        features_of(
            [
                Column("n", "int", required=True, least=0),
                Column("t", "text", required=False, values=("a", "b")),
            ]
        )
    )
    judge = Draft202012Validator(convert_to("json-schema", schema).value)

    assert judge.is_valid({"n": 1, "t": "a"})
    assert judge.is_valid({"n": 1, "t": None})
    assert not judge.is_valid({"n": -1})
    assert not judge.is_valid({"n": 1, "t": "z"})
    assert not judge.is_valid({"t": "a"})


def test_each_form_is_its_own_type():
    schema = Schema()
    schema.proto.feature.extend(features_of([Column("n", "int", required=True)]))

    assert isinstance(convert_to("arrow", schema).value, pa.Schema)
    assert isinstance(convert_to("iceberg", schema).value, IcebergSchema)
    assert isinstance(convert_to("odcs", schema).value, OpenDataContractStandard)
    with pytest.raises(NotFound, match="did you mean 'arrow'"):
        convert_to("arow", schema)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [None, 3, "x", [], {"type": "array"}, {"type": 4}])
def test_what_is_no_value_of_the_form_is_refused(form, value):
    with pytest.raises(InvalidInput):
        convert_from(form, value)


CARRIED = {
    "arrow": {"struct", "list", "fixed", "date", "s", "ms", "us", "ns", "comment"},
    "iceberg": {"struct", "list", "date", "us", "ns", "comment"},
    "json-schema": {"struct", "list", "fixed", "count", "bounds", "values", "date", "us"}
    | {"comment", "retired"},
    "odcs": {"struct", "list", "fixed", "count", "bounds", "values", "date", "us"}
    | {"comment", "retired"},
    "pandera": {"bounds", "values", "s", "ms", "us", "ns", "comment"},
}
CASES = {
    "struct": Column("x", "struct", required=True, fields=(Column("f", "int", required=True),)),
    "list": Column("x", "int", required=False, lists=((None, None), (None, None))),
    "fixed": Column("x", "int", required=False, lists=((2, 2),)),
    "count": Column("x", "int", required=False, lists=((1, 3),)),
    "bounds": Column("x", "int", required=True, least=0, greatest=9),
    "values": Column("x", "text", required=True, values=("a",)),
    "comment": Column("x", "int", required=True, comment="said"),
    "retired": Column("x", "int", required=True, retired=True),
    **{kind: Column("x", kind, required=True) for kind in ("date", "s", "ms", "us", "ns")},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
def test_the_docs_table_of_what_is_carried_is_true(form, case):
    schema = Schema()
    schema.proto.feature.extend(features_of([CASES[case]]))

    assert convert_to(form, schema).lossless == (case in CARRIED[form])
