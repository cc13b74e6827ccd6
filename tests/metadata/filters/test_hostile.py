"""Whatever text is given as a filter: it is answered, or refused with `InvalidFilter`."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.metadata.filters import InvalidFilter, compile_filter, parse

WORDS = (
    *("id", "name", "state", "LIVE", "properties.n.int_value", "properties.n", "contexts_a.name"),
    *("custom_properties.`a b`.string_value", "events_e.type", "AND", "OR", "NOT", "IN", "LIKE"),
    *("BETWEEN", "IS", "NULL", "TRUE", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "AS"),
    *("STRING", "LOWER", "COALESCE", "IF", "has", "upstream", "depth", "(", ")", ",", "=", "<="),
    *("!=", "+", "-", "*", "/", "~", "||", "<<", "1", "0x1F", "1.5", "'a'", '"b"', "r'c'", "`d`"),
    *("--", "/*", "*/", "#", ".", ";", "@", "?", "%", "\\", "\n", "\t", "'", '"', "`", "\u00e9"),
    *("9223372036854775808", "18446744073709551616", "1e999", "'\\x00'", "'\\ud800'", "''''"),
)
KINDS = st.sampled_from(["artifact", "execution", "context"])
MEANINGS = st.sampled_from(["mlmd", "lineal"])
DIALECTS = st.sampled_from(["sqlite", "postgresql", "mysql", "mariadb"])


@settings(max_examples=200, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=40),
        st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join),
        st.lists(st.sampled_from(WORDS), max_size=14).map("".join),
    ),
    kind=KINDS,
    meaning=MEANINGS,
)
@example("id = 1 AND name = '\ud800'", "artifact", "lineal")
@example("name = '\0'", "artifact", "lineal")
def test_any_text_is_answered_or_refused(sample, text, kind, meaning):
    refusal = None
    try:
        sample.ids(text, kind, meaning)
    except InvalidFilter as error:
        refusal = error
    if refusal is not None:
        _, shown, caret = str(refusal).rsplit("\n", 2)
        assert caret.strip() == "^"
        assert len(caret) <= len(shown) + 1
        assert 0 <= refusal.position <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "id = 1" + ")" * 10_000,
        "NOT " * 10_000 + "TRUE",
        "- " * 10_000 + "1 = 1",
        "~" * 10_000 + "1 = 1",
        "1 + " * 10_000 + "1 = 1",
        "1 || " * 10_000 + "1 = 1",
        "CASE WHEN " * 10_000,
        "LOWER(" * 10_000,
        "upstream(" * 10_000,
        "id = " + "9" * 10_000,
        "id = 1" + " /*" * 10_000,
        "x" * 2_000_000,
        "name = '" + "x" * 2_000_000 + "'",
        "id IN (" + "1, " * 40_000 + "1)",
        " AND ".join(f"properties.p{n}.int_value = 1" for n in range(100)),
        " AND ".join(f"contexts_{n}.id = 1" for n in range(100)),
        f"properties.{'n' * 300}.int_value = 1",
        f"name LIKE '{'%' * 20_000}'",
    ],
    ids=lambda text: text[:12],
)
def test_too_much_is_refused_at_once(text):
    begin = time.process_time()
    with pytest.raises(InvalidFilter) as caught:
        compile_filter(text, "artifact")
    assert len(str(caught.value)) < 600
    assert time.process_time() - begin < 2


@pytest.mark.parametrize("meaning", ["mlmd", "lineal"])
@pytest.mark.parametrize("form", ["contexts_{}.type = 'C'", "properties.p{}.int_value = 1"])
def test_as_much_as_is_taken_the_database_can_join(sample, meaning, form):
    taken = 0
    for count in (15, 19, 20, 30, 58, 60, 61, 70):
        text = " AND ".join(form.format(n) for n in range(count))
        try:
            compile_filter(text, "artifact", meaning=meaning)
        except InvalidFilter:
            break
        taken = count
        sample.ids(text, "artifact", meaning)
    assert 19 <= taken <= 60


def test_the_deepest_filter_runs_on_the_database(sample):
    text = "NOT (" * 24 + "id = 1 OR contexts_a.id = properties.n.int_value" + ")" * 24
    assert sample.ids(text) == [1]
    assert sample.ids("(" * 48 + "id = 1" + ")" * 48) == [1]
    assert sample.ids("(" * 45 + "1" + " + 1)" * 45 + " = 46") == [1, 2, 3, 4, 5, 6]
    assert sample.ids("upstream(" * 20 + ")" * 20) == []


@given(dialect=DIALECTS)
def test_an_unknown_database_is_refused(dialect):
    compile_filter("id = 1", "artifact", dialect=dialect)
    with pytest.raises(InvalidInput, match="choose one of"):
        compile_filter("id = 1", "artifact", dialect=f"{dialect}x")


def test_long_patterns_are_matched_without_exploding(sample):
    wanted = parse(f"name LIKE '{'%a' * 200}'", "artifact")
    node = sample.nodes["artifact"][0]
    node = type(node)(id=1, name="a" * 199 + "b", properties={}, custom={})
    begin = time.process_time()
    assert wanted.matches(node) is False
    assert time.process_time() - begin < 1
