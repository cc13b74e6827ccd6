"""What the language means in Lineal's own API, where it means more than in ML Metadata."""

import pytest

from lineal.metadata.filters import InvalidFilter, compile_filter, parse

ALL = [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # One alias is one row within an AND, a NOT has rows of its own.
        ("contexts_a.name = 'c1' AND contexts_a.type = 'C'", [1, 2]),
        ("contexts_a.name = 'c2' AND contexts_b.name = 'c1'", [1]),
        ("contexts_a.name != 'c1'", [1, 6]),
        ("NOT contexts_a.name = 'c1'", [3, 4, 5, 6]),
        ("contexts_a.type = 'C' AND NOT contexts_a.name = 'c2'", [2]),
        ("contexts_a.type = 'C' AND contexts_a.name != 'c2'", [1, 2]),
        ("NOT (contexts_a.name = 'c1' AND contexts_a.type = 'D')", ALL),
        ("NOT (contexts_a.name = 'c1' OR contexts_b.name = 'c3')", [3, 4, 5]),
        ("NOT NOT contexts_a.name = 'c1'", [1, 2]),
        # OR loses nothing, also inside of an AND.
        ("contexts_a.name = 'c3' OR properties.n.int_value = 5 OR id = 3", [3, 5, 6]),
        ("(contexts_a.name = 'c1' OR id = 3) AND (contexts_b.name = 'c2' OR id > 1)", [1, 2, 3]),
        ("contexts_a.name = 'c1' AND (contexts_a.id = 9 OR id = 2)", [2]),
        ("contexts_a.name = 'c1' AND (contexts_a.id = 9 OR NOT id = 2)", [1]),
        ("contexts_a.id = contexts_b.id + 1", [1]),
        ("contexts_a.id = id", [1]),
        ("contexts_a.name IS NULL", []),
        # Absent is NULL: unknown to a comparison, found by IS NULL.
        ("properties.n.int_value IS NULL", [3, 4, 6]),
        ("properties.n.int_value != 1", [2, 5]),
        ("NOT properties.n.int_value = 1", [2, 5]),
        ("properties.n.int_value NOT IN (1, 2)", [5]),
        ("NOT (properties.n.int_value IS NOT NULL)", [3, 4, 6]),
        ("(properties.n.int_value IS NULL) = TRUE", [3, 4, 6]),
        ("NOT (properties.n.int_value = 1 AND state = LIVE)", [2, 4, 5]),
        ("properties.n.int_value NOT BETWEEN properties.n.int_value AND 1", [2, 5]),
        ("5 NOT BETWEEN properties.zzz.int_value AND 3", ALL),
        ("5 IN (properties.zzz.int_value, 5)", ALL),
        # A property without its kind takes the kind of what stands beside it.
        ("properties.acc > 0.6", [2, 6]),
        ("properties.n >= 2", [2, 5]),
        ("properties.n >= 1.5", [2, 5]),
        ("custom_properties.n IN (50, 2.5)", [1, 3]),
        ("custom_properties.n > 2", [1, 3]),
        ("0.6 < properties.acc AND properties.b = FALSE", [2]),
        ("NOT properties.b", [2]),
        ("properties.s LIKE 'q%' AND LENGTH(properties.s) = 16", [6]),
        ("MOD(properties.n, 2) = 1", [1, 5]),
        ("properties.n IS NULL", [3, 4, 6]),
        ("properties.n IS NOT NULL AND properties.n + 1 = 3", [2]),
        ("labels.s = 'Yes'", [5]),
        # States in any spelling.
        ("state = 'LIVE' OR state = deleted OR state = 1", [1, 2, 4, 6]),
        ("LIVE = state AND STATE <> pending", [1, 6]),
        # What is there at all.
        ("has(properties.n)", [1, 2, 5]),
        ("NOT has(properties.n)", [3, 4, 6]),
        ("has(custom_properties.`my:custom.p`)", [1]),
        ("has(contexts_a)", [1, 2, 6]),
        ("NOT has(contexts_a)", [3, 4, 5]),
        ("has(contexts_a) AND contexts_a.name = 'c3'", [6]),
        ("has(events_e) AND NOT has(contexts_a)", [5]),
        # Versions and times.
        ("version_name = 'ops.flights'", [2, 5]),
        ("version_name = 'ops.flights' AND version_number > 1", [5]),
        ("version_name IS NULL", [1, 3, 4, 6]),
        ("NOT version_name = 'ops.flights'", []),
        ("created >= '2023-11-14T22:13:20.003Z'", [3, 4, 5, 6]),
        ("created BETWEEN '2023-11-14' AND '2023-11-15T00:00:00+01:00'", ALL),
        ("updated < '2027-01-15T08:00:00.002Z' AND created > 0", [1]),
        ("   ", ALL),
    ],
)
def test_lineal_means_what_people_expect(sample, text, expected):
    assert sample.ids(text) == expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        # foo(1) -> e1 -> Foobar(2) -> e3 -> 5(5) -> e4 -> name(6); foo -> e4
        ("artifact", "upstream(name = 'foo')", [2, 5, 6]),
        ("artifact", "upstream(name = 'foo', depth <= 1)", [2, 6]),
        ("artifact", "upstream(name = 'foo', depth <= 2)", [2, 5, 6]),
        ("artifact", "upstream(name = 'foo', depth < 2)", [2, 6]),
        ("artifact", "upstream(name = 'foo', depth = 3)", [6]),
        ("artifact", "upstream(depth = 2, name = 'foo')", [5]),
        ("artifact", "upstream()", [2, 5, 6]),
        ("artifact", "NOT upstream()", [1, 3, 4]),
        ("artifact", "downstream(name LIKE 'na%')", [1, 2, 5]),
        ("artifact", "downstream(name = 'name', depth <= 1)", [1, 5]),
        ("artifact", "downstream(state = LIVE) AND properties.n > 1", [2, 5]),
        ("artifact", "upstream_executions(name = 'e3')", [5, 6]),
        ("artifact", "upstream_executions(name = 'e3', depth <= 1)", [5]),
        ("artifact", "downstream_executions(last_known_state = FAILED)", [1, 2]),
        ("artifact", "downstream_executions(depth = 3)", [1]),
        ("artifact", "upstream_executions(contexts_a.name = 'c3')", [6]),
        ("artifact", "upstream(upstream(name = 'foo', depth = 1), depth = 1)", [5]),
        ("artifact", "upstream(NOT upstream())", [2, 5, 6]),
        ("execution", "upstream(name = 'foo')", [1, 3, 4]),
        ("execution", "upstream(name = 'foo', depth <= 1)", [1, 4]),
        ("execution", "upstream(name = 'foo', depth = 2)", [3]),
        ("execution", "downstream(name = 'name')", [1, 3, 4]),
        ("execution", "upstream_executions(name = 'e1')", [3, 4]),
        ("execution", "upstream_executions(name = 'e1', depth = 1)", [3]),
        ("execution", "downstream_executions(type = 'Y') OR id = 2", [1, 2, 3]),
    ],
)
def test_lineage_is_followed(sample, kind, text, expected):
    assert sample.ids(text, kind) == expected


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("context", "upstream()", "contexts have no lineage"),
        ("artifact", "upstream(depth >= 2)", "bounded from above"),
        ("artifact", "upstream(depth <= 0)", "between 1 and"),
        ("artifact", "upstream(depth < 1)", "between 1 and"),
        ("artifact", "upstream(depth <= 'a')", "whole number"),
        ("artifact", "upstream(id = 1, id = 2)", "one condition and a depth"),
        ("artifact", "upstream(last_known_state = FAILED)", "no attribute"),
        ("artifact", "has(name)", "has(…) takes a property"),
        ("artifact", "has(contexts)", "has(…) takes a property"),
        ("artifact", "has(1)", "has(…) takes a property"),
        ("artifact", "created > 'yesterday'", "this is no time"),
        ("artifact", "created > '2020-01-01T00:00'", "needs its zone"),
        ("artifact", "properties.a = properties.b", "needs its kind"),
        ("artifact", "COALESCE(properties.a) IS NULL", "needs its kind"),
        ("context", "version_name = 'a'", "no attribute"),
    ],
)
def test_what_cannot_be_meant_is_refused(kind, text, said):
    with pytest.raises(InvalidFilter) as caught:
        parse(text, kind)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("id = 1 AND properties.n = 1", set()),
        ("contexts_a.name = 'c' AND NOT has(events_e)", {"contexts", "events"}),
        ("upstream(contexts_a.name = 'c') OR version_number = 1", {"lineage", "version"}),
    ],
)
def test_a_filter_tells_what_it_asks_for_beside_the_node(text, mentions):
    assert parse(text, "artifact").mentions == mentions


def test_the_condition_joins_other_queries(sample):
    import sqlalchemy as sa

    from lineal.metadata import tables

    found = compile_filter("upstream(name = 'foo')", "artifact", dialect="sqlite")
    used = sa.select(tables.event.c.execution_id).where(found.condition(tables.event.c.artifact_id))
    assert set(sample.connection.scalars(used)) == {1, 3, 4}

    page = (
        sa.select(tables.artifact.c.name)
        .select_from(found.source)
        .where(found.where, tables.artifact.c.id > 2)
        .order_by(tables.artifact.c.id)
        .limit(1)
    )
    assert list(sample.connection.scalars(page)) == ["5"]
