"""What ML Metadata refuses is refused with its class, pointing at the place."""

import pickle

import pytest

from lineal.errors import InvalidInput
from lineal.metadata.filters import InvalidFilter, compile_filter, parse

EVERYWHERE = [
    "invalid syntax",
    "id",
    "1",
    "NULL",
    "id = NULL",
    "name LIKE NULL",
    "id = '1'",
    "name LIKE 5",
    "properties.b.bool_value = 1",
    "nope = 1",
    "name = foo",
    "id == 1",
    "id % 2 = 0",
    "id = 1;",
    "id = 1 AND",
    "(id = 1",
    "id = 'a",
    "id = 1 XOR id = 2",
    "id = 1 ORDER BY id",
    "id = 1 LIMIT 1",
    "SELECT 1",
    "id IN (SELECT id FROM Artifact)",
    "id = @p",
    "id = ?",
    "COUNT(*) > 0",
    "foo(id) = 1",
    "name LIKE 'a' ESCAPE 'x'",
    "name = 'a' 'b'",
    "id ISNULL",
    "properties.n.proto_value IS NULL",
    "properties.n.struct_value IS NULL",
    "properties.my-prop.int_value = 1",
    "Properties.n.int_value = 1",
    "contexts.id = 1",
    "contexts_.id = 1",
    "contexts_a.external_id = 'x'",
    "contexts_a.properties.n.int_value = 4",
    "executions_a.id = 1",
    "parent_contexts_a.id = 1",
    "last_known_state = RUNNING",
    "state IN ()",
    "state IN (LIVE, NOPE)",
    "contexts_A.name = 'c1' AND contexts_a.name = 'c2'",
    "id IN (SELECT 1)",
    "(id, name) = (1, 'foo')",
    "id IN UNNEST([1, 2])",
    "DATE '2020-01-01' = DATE '2020-01-01'",
    "REGEXP_CONTAINS(name, 'f')",
    "SAFE_CAST(name AS INT64) = 1",
    "id < 2 < 3",
    "id = 1 IS TRUE",
    "id IS TRUE",
    "NOT NULL",
    r"name = '\q'",
    "name = b'foo'",
    "id=1AND name='foo'",
    "id = 18446744073709551616",
    "id = 99999999999999999999999999",
    "id = 1e999",
    "contexts_a .id = 1",
    "properties = 1",
    "name /* no end",
    "name = `foo",
    "LOWER(5) = '5'",
    "LOWER(name, 'x') = 'a'",
    "CASE WHEN id = 1 THEN 'x' ELSE 2 END = 'x'",
    "CASE END = 1",
    "CAST(id AS DATE) = 1",
    "--",
]
BY_ML_METADATA = [
    " ",
    "properties.acc > 0.6",
    "state = 2",
    "state = 'LIVE'",
    "state = live",
    "STATE = LIVE",
    "state <> LIVE",
    "state = id",
    "LIVE = state",
    "state = (LIVE)",
    "has(properties.n)",
    "upstream(id = 1)",
    "labels.a.int_value = 1",
    "version_name = 'a'",
    "created > '2020-01-01'",
]
OF_OTHER_KINDS = [
    ("execution", "uri = 'a'"),
    ("execution", "events_0.execution_id = 1"),
    ("context", "contexts_a.id = 1"),
    ("context", "events_0.type = INPUT"),
    ("context", "state = LIVE"),
]


@pytest.mark.parametrize("meaning", ["mlmd", "lineal"])
@pytest.mark.parametrize("text", EVERYWHERE)
def test_refused_in_both_meanings_with_a_caret_below_the_place(text, meaning):
    with pytest.raises(InvalidFilter) as caught:
        compile_filter(text, "artifact", meaning=meaning)
    assert isinstance(caught.value, InvalidInput)
    _reason, shown, caret = str(caught.value).rsplit("\n", 2)
    assert shown.strip() == text.strip()
    assert caret.strip() == "^"
    assert 0 <= caught.value.position <= len(text)
    assert caret.index("^") == 2 + caught.value.column - 1


@pytest.mark.parametrize("text", BY_ML_METADATA)
def test_refused_only_in_the_meaning_of_ml_metadata(text):
    with pytest.raises(InvalidFilter):
        compile_filter(text, "artifact", meaning="mlmd")
    compile_filter(text, "artifact", meaning="lineal")


@pytest.mark.parametrize("meaning", ["mlmd", "lineal"])
@pytest.mark.parametrize(("kind", "text"), OF_OTHER_KINDS)
def test_refused_are_the_names_of_other_kinds_of_nodes(kind, text, meaning):
    with pytest.raises(InvalidFilter):
        compile_filter(text, kind, meaning=meaning)


def test_an_execution_has_a_state_only_for_lineal():
    with pytest.raises(InvalidFilter):
        compile_filter("state = COMPLETE", "execution", meaning="mlmd")
    compile_filter("state = COMPLETE", "execution", meaning="lineal")


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("nme = 'x'", 1, "did you mean name?"),
        ("id = 1 AND stat = LIVE", 12, "did you mean state?"),
        ("state = LIVEE", 9, "did you mean LIVE?"),
        ("context_a.id = 1", 1, "did you mean contexts?"),
        ("contexts_a.nam = 'x'", 1, "did you mean name?"),
        ("LOWR(name) = 'x'", 1, "did you mean LOWER?"),
        ("id = '1'", 4, "can't be applied to INT64 and STRING"),
        ("(id = 1", 1, "the parenthesis is not closed"),
        ("id = 1 AND", 11, "it ends too early"),
        ("id = 'a", 6, "no closing quote"),
        ("id = 1;", 7, "unexpected ';'"),
        ("name = NULL", 8, "write IS NULL"),
    ],
)
def test_the_message_says_what_and_where(text, column, said):
    with pytest.raises(InvalidFilter) as caught:
        parse(text, "artifact")
    assert caught.value.column == column
    assert said in str(caught.value)
    assert f"column {column}:" in str(caught.value)


def test_of_several_lines_the_right_one_is_shown():
    with pytest.raises(InvalidFilter) as caught:
        parse("id = 1\n  AND nme = 'x'\n  AND id = 2", "artifact")
    assert str(caught.value) == (
        "invalid filter, line 2, column 7: an artifact has no attribute 'nme'; did you mean name?\n"
        "    AND nme = 'x'\n"
        "        ^"
    )


def test_of_a_long_line_the_part_around_the_place_is_shown():
    text = " OR ".join(f"id = {n}" for n in range(1000)) + " OR nme = 'x'"
    with pytest.raises(InvalidFilter) as caught:
        parse(text, "artifact")
    shown, caret = str(caught.value).split("\n")[1:]
    assert len(shown) < 140
    assert shown[caret.index("^") :].startswith("nme")


def test_the_error_passes_between_processes():
    with pytest.raises(InvalidFilter) as caught:
        parse("nope", "artifact")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 -- our own bytes
    assert isinstance(again, InvalidInput)
    assert str(again) == str(caught.value)
