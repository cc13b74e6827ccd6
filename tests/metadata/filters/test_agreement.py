"""Random filters: SQL agrees with values in Python, and with the official wheel."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.metadata import tables
from lineal.metadata.filters import compile_filter, parse

HERE = Path(__file__).parent
KINDS = ("artifact", "execution", "context")
NUMBERS = ("0", "1", "2", "-1", "50", "0.5", "2.5", "-3.25", "1e3")
WHOLE = ("0", "1", "2", "3", "-1", "5", "1000")
TEXTS = ("''", "'foo'", "'Foobar'", "'x'", "'5'", "'c1'", "'A'", "'C'", "' 1.5x'", "'name'")
PATTERNS = ("'%'", "'f%'", "'F__'", "'%a%'", "'_'", "''", "'q state%'")
OWN = {
    "artifact": ["uri", "name", "type", "external_id"],
    "execution": ["name", "type", "external_id"],
    "context": ["name", "type"],
}
STATES = {
    "artifact": ("state", ("LIVE", "PENDING", "DELETED", "UNKNOWN")),
    "execution": ("last_known_state", ("COMPLETE", "FAILED", "RUNNING", "UNKNOWN")),
}
NEIGHBOURS = {
    "artifact": ["contexts_a", "contexts_b"],
    "execution": ["contexts_a", "contexts_b"],
    "context": ["parent_contexts_p", "child_contexts_k", "artifacts_a", "executions_x"],
}


def pick(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


def call(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Fill in a template; every part has its own parentheses where it needs them."""
    return st.tuples(*parts).map(lambda found: template.format(*found))


@st.composite
def wholes(draw, kind, levels=2):
    neighbour = pick(*NEIGHBOURS[kind]).map("{}.id".format)
    events = [] if kind == "context" else [pick("events_e.milliseconds_since_epoch")]
    state = [pick(f"COALESCE({STATES[kind][0]}, 9)")] if kind in STATES else []
    leaf = st.one_of(
        pick("id", "properties.n.int_value", "custom_properties.n.int_value"),
        pick(*WHOLE),
        neighbour,
        *events,
        *state,
    )
    if not levels:
        return draw(leaf)
    below, text = wholes(kind, levels - 1), texts(kind, levels - 1)
    return draw(
        st.one_of(
            leaf,
            leaf,
            call("({} {} {})", below, pick("+", "-", "*", "&", "|"), below),
            call("({} {} {})", below, pick("<<", ">>"), pick("0", "1", "2")),
            call("({}{})", pick("- ", "~"), below),
            call("LENGTH({})", text),
            call("ABS({})", below),
            call("COALESCE({}, {})", below, below),
            call("NULLIF({}, {})", below, below),
            call("CAST({} AS INT64)", text),
        )
    )


@st.composite
def numbers(draw, kind, levels=2):
    leaf = st.one_of(
        pick("properties.acc.double_value", "custom_properties.n.double_value"),
        pick(*NUMBERS),
        wholes(kind, 0),
    )
    if not levels:
        return draw(leaf)
    below = numbers(kind, levels - 1)
    return draw(
        st.one_of(
            leaf,
            wholes(kind, levels),
            call("({} {} {})", below, pick("+", "-", "*", "/"), below),
            call("ROUND({})", below),
            call("CASE WHEN {} THEN {} ELSE {} END", conditions(kind, 0), below, below),
        )
    )


@st.composite
def texts(draw, kind, levels=2):
    neighbour = call("{}.{}", pick(*NEIGHBOURS[kind]), pick("name", "type"))
    leaf = st.one_of(
        pick(*OWN[kind], "properties.s.string_value", "custom_properties.s.string_value"),
        pick(*TEXTS),
        neighbour,
    )
    if not levels:
        return draw(leaf)
    below = texts(kind, levels - 1)
    return draw(
        st.one_of(
            leaf,
            leaf,
            call("{}({})", pick("UPPER", "LOWER", "TRIM", "LTRIM"), below),
            call("SUBSTR({}, {}, {})", below, pick("1", "2", "-2", "0"), pick("0", "1", "3")),
            call("REPLACE({}, {}, {})", below, below, below),
            call("IFNULL({}, {})", below, below),
            call("CAST({} AS STRING)", wholes(kind, levels - 1)),
        )
    )


@st.composite
def conditions(draw, kind, levels=3):
    number, whole, text = numbers(kind, 1), wholes(kind, 1), texts(kind, 1)
    sign = pick("=", "!=", "<>", "<", "<=", ">", ">=")
    neighbour = pick(*NEIGHBOURS[kind])
    leaf = [
        call("{} {} {}", text, sign, text),
        call("{}.name {} {}", neighbour, sign, pick(*TEXTS)),
        call("properties.n.int_value {} {}", sign, pick(*WHOLE)),
        pick(
            "properties.b.bool_value", "TRUE", "FALSE", "custom_properties.`my:custom.p`.bool_value"
        ),
    ]
    if kind in STATES:
        state, names = STATES[kind]
        # Bracketed: ML Metadata rewrites these by their text.
        leaf += [
            call(f"({state} {{}} {{}})", pick("=", "!="), pick(*names)),
            call(f"({state} {{}} ({{}}, {{}}))", pick("IN", "NOT IN"), pick(*names), pick(*names)),
        ]
        leaf.append(call("(events_e.type {} {})", pick("=", "!="), pick("INPUT", "OUTPUT")))
    if levels:
        leaf += [
            call("{} {} {}", number, sign, number),
            call("{} {} ({}, {})", whole, pick("IN", "NOT IN"), whole, number),
            call("{} {} ({}, {})", text, pick("IN", "NOT IN"), text, pick(*TEXTS)),
            call("{} {} {} AND {}", number, pick("BETWEEN", "NOT BETWEEN"), number, number),
            call("{} {} {}", text, pick("LIKE", "NOT LIKE"), pick(*PATTERNS)),
            call("{} {}", st.one_of(number, text), pick("IS NULL", "IS NOT NULL")),
        ]
    if not levels:
        return draw(st.one_of(*leaf))
    below = conditions(kind, levels - 1)
    return draw(
        st.one_of(
            *leaf,
            call("({} {} {})", below, pick("AND", "OR"), below),
            call("({} {} {} {} {})", below, pick("AND"), below, pick("OR"), below),
            call("NOT ({})", below),
            call("({}) IS {}", below, pick("TRUE", "NOT TRUE", "FALSE", "NULL")),
        )
    )


@st.composite
def more_conditions(draw, kind, levels=2):
    """Draw conditions that only Lineal's own meaning has."""
    here = pick(*NEIGHBOURS[kind])
    leaf = [
        conditions(kind, 2),
        call("has({})", here),
        call("has({}.{})", pick("properties", "custom_properties"), pick("n", "s", "zzz")),
        call("properties.{} {} {}", pick("n", "acc"), pick("=", "<", ">"), pick(*NUMBERS)),
        call("custom_properties.n {} ({}, 2.5)", pick("IN", "NOT IN"), pick(*WHOLE)),
        call("created {} '2023-11-14T22:13:20.00{}Z'", pick("<", ">=", "="), pick("1", "2", "4")),
    ]
    if kind == "artifact":
        leaf.append(call("version_number {} {}", pick("=", ">", "!="), pick("1", "2")))
    if kind != "context" and levels:
        for other in ("artifact", "execution"):
            walk = pick(f"upstream_{other}s", f"downstream_{other}s")
            depth = pick("", ", depth <= 1", ", depth <= 2", ", depth = 2", ", depth < 4")
            leaf.append(call("{}({}{})", walk, more_conditions(other, levels - 1), depth))
    if not levels:
        return draw(st.one_of(*leaf))
    below = more_conditions(kind, levels - 1)
    return draw(
        st.one_of(
            *leaf,
            call("({} {} {})", below, pick("AND", "OR"), below),
            call("NOT ({})", below),
        )
    )


@settings(max_examples=50, deadline=None)
@given(data=st.data(), kind=pick(*KINDS))
def test_sql_finds_the_nodes_that_match_by_their_values(sample, data, kind):
    text = data.draw(more_conditions(kind))
    try:
        wanted = parse(text, kind)
    except InvalidInput as error:
        assert "nested more than" in str(error)  # noqa: PT017 -- the only reason there may be
        return
    matching = [
        node.id
        for node in sample.nodes[kind]
        if wanted.matches(node, sample.neighbours(kind, node.id))
    ]
    assert sample.ids(text, kind) == matching


class Peer:
    """The graph in a file that the wheel made, and the wheel's own answers."""

    def __init__(self, python: Path, path: Path, data: object) -> None:
        self.python, self.path, self.data = python, path, data

    def answers(self, filters: list[tuple[str, str]]) -> list[object]:
        """Return the ids, or the class of the error, that the wheel gives for each filter."""
        done = subprocess.run(
            [self.python, HERE / "filters_peer.py", self.path],
            input=json.dumps({"graph": self.data, "filters": filters}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: list[object] = json.loads(done.stdout)
        return found

    def ours(self, filters: list[tuple[str, str]]) -> list[list[int]]:
        """Return the ids that we find, once the wheel has let go of the file."""
        engine = sa.create_engine(f"sqlite:///{self.path}")
        try:
            with engine.begin() as connection:
                tables.lineal_metadata.create_all(connection)
                return [
                    sorted(
                        connection.scalars(
                            compile_filter(text, kind, meaning="mlmd", dialect="sqlite").ids()
                        )
                    )
                    for kind, text in filters
                ]
        finally:
            engine.dispose()


@pytest.fixture(scope="module")
def peer(wheel, sample, tmp_path_factory):
    return Peer(wheel.python, tmp_path_factory.mktemp("peer") / "metadata.db", sample.data)


# What the wheel answers otherwise, and why ours is right; a part of the filter -> its answer.
BETTER = {
    "state = ABANDONED": "InvalidArgumentError",  # its table of names is out of date
    "state = REFERENCE": "InvalidArgumentError",
    "PENDING_OUTPUT": "InvalidArgumentError",
    "name = 'name'": [1, 2, 3, 5, 6],  # it compares the column with itself
    "q state = LIVE q": [],  # it rewrites the inside of the text
    'quo"t': "InternalError",  # it quotes with the same sign
    "a+b(": "InvalidArgumentError",  # it takes the name for a regular expression
    "CONCAT": "InternalError",  # functions and operators that SQLite lacks
    "MOD": "InternalError",
    "STARTS_WITH": "InternalError",
    "STRPOS": "InternalError",
    "IF(id = 1, TRUE": "InternalError",
    "FLOOR": "InternalError",
    "artifacts_a.external_id": "InternalError",  # attributes that its own queries lack
    "executions_a.external_id": "InternalError",
    "parent_contexts_a.create_time": "InternalError",
    "artifacts_a.state != LIVE": "InvalidArgumentError",  # it rewrites this to no valid filter
}


def test_the_wheel_answers_the_work_table_alike_but_for_its_errors(peer):
    cases = [(kind, text) for kind, text, _ in _work().SAME]
    cases += [(kind, text) for kind, text, *_ in _work().DIFFERENT]
    theirs = peer.answers(cases)
    ours = peer.ours(cases)
    used = set()
    for case, found, their in zip(cases, ours, theirs, strict=True):
        reason = next((part for part in BETTER if part in case[1]), None)
        if reason is None:
            assert (case, found) == (case, their)
        else:
            used.add(reason)
            assert (case, their) == (case, BETTER[reason])
            assert found != their
    assert used == set(BETTER)


def test_the_wheel_refuses_what_we_refuse(peer):
    refused = _module("test_refused")
    texts = [*refused.EVERYWHERE, *refused.BY_ML_METADATA]
    cases = [("artifact", text) for text in texts] + refused.OF_OTHER_KINDS
    unlike = {
        case[1]: answer
        for case, answer in zip(cases, peer.answers(cases), strict=True)
        if answer != "InvalidArgumentError"
    }
    # Each with its reason: the analyzer passes them, its database or ours can't do them.
    assert unlike == {
        "id IN (SELECT 1)": [1],  # queries
        "(id, name) = (1, 'foo')": "InternalError",
        "id IN UNNEST([1, 2])": "InternalError",
        "DATE '2020-01-01' = DATE '2020-01-01'": "InternalError",
        "REGEXP_CONTAINS(name, 'f')": "InternalError",
        "SAFE_CAST(name AS INT64) = 1": "InternalError",
        "id = 1e999": [],  # a number that no double can hold
    }


@settings(max_examples=4, deadline=None, phases=[Phase.generate])  # no shrinking by subprocess
@given(data=st.data())
def test_the_wheel_answers_random_filters_alike(peer, data):
    kinds = data.draw(st.lists(pick(*KINDS), min_size=25, max_size=25))
    cases = [(kind, data.draw(conditions(kind, 2))) for kind in kinds]
    answers = peer.answers(cases)
    # It can't rewrite two tests of events' types, nor sum up too large numbers: an error then.
    # SQLite takes its CAST … AS STRING for one to a number, which then is less than any text, and
    # its text 'name' for the column.
    both = [
        (case, ours, theirs)
        for case, ours, theirs in zip(cases, peer.ours(cases), answers, strict=True)
        if isinstance(theirs, list) and not any(part in case[1] for part in ("AS STRING", "'name'"))
    ]
    assert [(case, ours, theirs) for case, ours, theirs in both if ours != theirs] == []
    assert len(both) > len(cases) / 2


# What a database answers otherwise in ML Metadata's meaning: LIKE is left to it.
OF_DATABASES = {
    ("mlmd", "type = 'A' AND name LIKE 'foo%'"): [1],
    ("mlmd", "NAME = 'foo' and not ID in (2, 3) AND `name` like 'F_O'"): [],
}


def test_every_database_answers_alike(remote):
    work, meaning = _work(), _module("test_meaning")
    cases = [(*each, m) for each in work.SAME for m in ("mlmd", "lineal")]
    for kind, text, joined, expected in work.DIFFERENT:
        cases += [(kind, text, joined, "mlmd"), (kind, text, expected, "lineal")]
    cases += [("artifact", *each, "lineal") for each in _cases(meaning, "expect")]
    cases += [(*each, "lineal") for each in _cases(meaning, "lineage")]
    unlike = {}
    for kind, text, expected, of in cases:
        try:
            with remote.connection.begin_nested():
                found = remote.ids(text, kind, of)
        except (sa.exc.DBAPIError, InvalidInput) as error:
            found = str(error).splitlines()[0]
        if found != expected:
            unlike[of, text] = found
    assert unlike == OF_DATABASES


def _cases(module, word):
    """Return the parameters of a test of another module."""
    test = next(t for name, t in vars(module).items() if name.startswith("test") and word in name)
    return test.pytestmark[0].args[1]


def _work():
    return _module("test_work")


def _module(name: str):
    import importlib.util

    spec = importlib.util.spec_from_file_location(f"filters_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
