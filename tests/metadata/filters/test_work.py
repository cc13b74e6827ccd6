"""The filters that ML Metadata takes, and what each finds: in both meanings, unless they differ."""

import pytest

MLMD, LINEAL = "mlmd", "lineal"
ALL = [1, 2, 3, 4, 5, 6]

# Filters that mean the same in both.
SAME = [
    ("artifact", "id IN (1, 3)", [1, 3]),
    ("artifact", "id NOT BETWEEN 2 AND 4", [1, 5, 6]),
    ("artifact", "id <> 1", [2, 3, 4, 5, 6]),
    ("artifact", "type = 'A' AND name LIKE 'foo%'", [1, 2]),
    ("artifact", "type_id IN (10, 11) AND uri LIKE 's3://b/%'", [1, 2]),
    ("artifact", "external_id = 'E1'", [4]),
    ("artifact", "name IS NULL", [4]),
    ("artifact", "NOT(create_time_since_epoch < 1 OR last_update_time_since_epoch < 1)", ALL),
    ("artifact", "state = LIVE", [1, 6]),
    ("artifact", "state IN (PENDING, LIVE)", [1, 2, 6]),
    ("artifact", "state != LIVE", [2, 3, 4, 5]),
    ("artifact", "NOT (state = LIVE)", [2, 4]),
    ("artifact", "NOT (state != LIVE)", [1, 6]),
    ("artifact", "state NOT IN (LIVE, PENDING)", [3, 4, 5]),
    ("artifact", "state IS NULL", [3, 5]),
    ("artifact", "state > 1", [1, 4, 6]),
    ("artifact", "state = ABANDONED", []),
    ("artifact", "state = REFERENCE", []),
    ("artifact", "events_0.type = PENDING_OUTPUT", [6]),
    ("artifact", "properties.acc.double_value > 0.6", [2, 6]),
    ("artifact", "properties.n.int_value BETWEEN 1 AND 2", [1, 2]),
    ("artifact", "properties.b.bool_value = true", [1]),
    ("artifact", "NOT properties.b.bool_value", [2]),
    ("artifact", "custom_properties.`my:custom.p`.bool_value = true", [1]),
    ("artifact", "properties.n.int_value + custom_properties.n.int_value = 51", [1]),
    ("artifact", "contexts_a.name = 'c1' AND contexts_b.name = 'c2'", [1]),
    ("artifact", "contexts_a.name = 'c1' AND contexts_a.name = 'c2'", []),
    ("artifact", "contexts_a.type = 'C' AND properties.acc.double_value >= 0.5", [1, 2]),
    ("artifact", "events_0.type IN (INPUT, OUTPUT) AND events_0.execution_id = 1", [1, 2]),
    ("artifact", "events_i.type = INPUT AND events_o.type = OUTPUT", [2]),
    ("artifact", "events_0.milliseconds_since_epoch = 1000", [1]),
    ("artifact", "(id = 1 OR id = 2) AND NOT (name = 'foo')", [2]),
    ("artifact", "LOWER(name) = 'foo'", [1]),
    ("artifact", "LENGTH(name) = 3", [1]),
    ("artifact", "COALESCE(name,'') = ''", [4]),
    ("artifact", "UPPER(name) = 'FOO'", [1]),
    ("artifact", "SUBSTR(name, 1, 3) = 'Foo'", [2]),
    ("artifact", "TRIM(' x ') = name", [3]),
    ("artifact", "LTRIM(' x') = name", [3]),
    ("artifact", "REPLACE(name, 'f', 'g') = 'goo'", [1]),
    ("artifact", "ABS(-id) = 2", [2]),
    ("artifact", "SIGN(id - 2) = -1", [1]),
    ("artifact", "ROUND(properties.acc.double_value) = 1", [1, 2, 6]),
    ("artifact", "IFNULL(name, 'z') = 'z'", [4]),
    ("artifact", "NULLIF(name, 'foo') IS NULL", [1, 4]),
    ("artifact", "CASE WHEN id = 1 THEN TRUE ELSE FALSE END", [1]),
    ("artifact", "CASE id WHEN 1 THEN 'one' END = 'one'", [1]),
    ("artifact", "CAST(id AS STRING) = '1'", [1]),
    ("artifact", "CAST(name AS INT64) = 5", [5]),
    ("artifact", "CAST(id AS FLOAT64) = 1.0", [1]),
    ("artifact", "TRUE", ALL),
    ("artifact", "1 = 1 OR id = 2", ALL),
    ("artifact", "", ALL),
    ("artifact", "id / 2 = 1.5", [3]),
    ("artifact", "id / 0 IS NULL", ALL),
    ("artifact", "id & 1 = 1 AND id | 1 = 3 AND ~id = -4 AND id << 1 = 6 AND id >> 1 = 1", [3]),
    ("artifact", "1 + id * 2 = 7 AND -id = -3 AND - -id = +3", [3]),
    ("artifact", "id = 0x3 AND id = 3. AND id < 1e300", [3]),
    ("artifact", "id < 18446744073709551615 AND id > -9223372036854775808", ALL),
    ("artifact", "name = \"foo\" OR name = r'x' OR name = '''5'''", [1, 3, 5]),
    ("artifact", r"name = '\x66\u006f\157'", [1]),
    ("artifact", "name = 'foo' -- and no more\n AND /* not */ id = 1 # done", [1]),
    ("artifact", "NAME = 'foo' and not ID in (2, 3) AND `name` like 'F_O'", [1]),
    ("artifact", "(id = 1) = TRUE AND (id = 2) IS FALSE", [1]),
    # What ML Metadata gets wrong: a name in quotes is text, and text is never rewritten.
    ("artifact", "name = 'name'", [6]),
    ("artifact", "properties.s.string_value = 'q state = LIVE q'", [6]),
    ("artifact", "name = 'quo\"t\\'e'", []),
    ("artifact", 'properties.`quo"te`.int_value = 1', []),
    ("artifact", "properties.`a+b(`.int_value = 1", []),
    # What its databases lack.
    ("artifact", "CONCAT(name, '!') = 'foo!' AND name || '!' = 'foo!'", [1]),
    ("artifact", "MOD(id, 2) = 1 AND DIV(id, 2) = 1 AND id ^ 1 = 2", [3]),
    ("artifact", "STARTS_WITH(name, 'f') OR ENDS_WITH(name, 'bar')", [1, 2]),
    ("artifact", "LEFT(name, 2) = 'fo' AND STRPOS(name, 'o') = 2 AND CHAR_LENGTH(name) = 3", [1]),
    ("artifact", "IF(id = 1, TRUE, FALSE) OR GREATEST(id, 6) > 6 OR LEAST(id, 2) = 1", [1]),
    ("artifact", "FLOOR(properties.acc.double_value) = 0 AND CEIL(id / 2) = 1", [1, 2]),
    ("execution", "last_known_state NOT IN (FAILED, CANCELED)", [1, 2, 4]),
    ("execution", "type = 'X' AND last_known_state = COMPLETE", [1]),
    ("execution", "contexts_a.id = 1 AND events_0.type = INPUT", [1]),
    ("execution", "events_0.type IN (INPUT, DECLARED_INPUT) AND events_0.artifact_id = 5", [4]),
    ("context", "parent_contexts_p.name = 'c1' AND parent_contexts_p.type = 'C'", [2]),
    ("context", "child_contexts_k.id IN (2,3)", [1, 2]),
    ("context", "artifacts_a.name = 'foo' AND artifacts_b.name = 'Foobar'", [1]),
    ("context", "artifacts_a.state = LIVE", [1, 2, 3]),
    ("context", "artifacts_a.state != LIVE", [1]),
    ("context", "executions_a.last_known_state IN (NEW, RUNNING)", [3]),
    ("context", "artifacts_a.external_id = 'E1'", []),
    ("context", "executions_a.external_id IS NULL", [1, 2, 3]),
    ("context", "parent_contexts_a.create_time_since_epoch > 0", [2, 3]),
]

# Filters of which ML Metadata's inner joins lose nodes: its ids, then Lineal's.
DIFFERENT = [
    ("artifact", "properties.n.int_value = 1 OR id = 3", [1], [1, 3]),
    ("artifact", "properties.zzz.int_value IS NULL", [], ALL),
    ("artifact", "NOT contexts_a.name = 'c1'", [1, 6], [3, 4, 5, 6]),
    ("artifact", "contexts_a.name = 'c1' OR id = 5", [1, 2], [1, 2, 5]),
    ("artifact", "COALESCE(properties.n.int_value, 0) = 0", [], [3, 4, 6]),
    ("artifact", "properties.b.bool_value IS NOT TRUE", [2], [2, 3, 4, 5, 6]),
    ("execution", "NOT events_0.type = INPUT", [1, 3, 4], [2]),
]


@pytest.mark.parametrize("meaning", [MLMD, LINEAL])
@pytest.mark.parametrize(("kind", "text", "expected"), SAME)
def test_what_works_finds_what_it_says(sample, kind, text, expected, meaning):
    assert sample.ids(text, kind, meaning) == expected


@pytest.mark.parametrize(("kind", "text", "joined", "expected"), DIFFERENT)
def test_only_the_meaning_of_ml_metadata_loses_nodes(sample, kind, text, joined, expected):
    assert sample.ids(text, kind, MLMD) == joined
    assert sample.ids(text, kind, LINEAL) == expected
