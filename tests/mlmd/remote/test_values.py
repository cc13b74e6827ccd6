"""What travels between a workspace and a server arrives as it was, and nothing else can be made."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import IncompatibleVersion
from lineal.metadata import Artifact, ArtifactState, ArtifactType, EventType, Made, Output
from lineal.metadata.batch.forms import NodeForm, StructCell
from lineal.metadata.outputs import Pending
from lineal.metadata.rows import EventRow
from lineal.metadata.steps import Closed, Closing
from lineal.mlmd.remote.values import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(fold=0)),
    st.dates(),
    st.sampled_from(ArtifactState),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(st.text(), inner),
        st.dictionaries(st.integers(), inner),
        st.lists(inner).map(tuple),
        st.builds(Artifact, st.text(), custom_properties=st.dictionaries(st.text(), inner)),
    ),
    max_leaves=12,
)


def travelled(value: object) -> object:
    return decode(*encode(value))


@given(VALUES)
@settings(max_examples=50, deadline=None)
def test_every_value_arrives_as_it_was(value: object) -> None:
    arrived = travelled(value)

    assert arrived == value
    assert repr(arrived) == repr(value)  # so that 1, 1.0 and True are told apart


def test_infinities_and_nan_arrive() -> None:
    arrived = travelled([math.inf, -math.inf, math.nan])

    assert arrived[:2] == [math.inf, -math.inf]
    assert math.isnan(arrived[2])


def test_classes_of_the_graph_arrive() -> None:
    values = [
        EventRow(1, 2, 3, EventType.INPUT, 4),
        NodeForm(id=3, properties={"s": StructCell(b"\x0a\x00")}, created=5),
        Closed({"out": Artifact("T", state=ArtifactState.LIVE, id=4)}, {}),
        frozenset({1, 2}),
        {(1, "a"): date(2026, 1, 2)},
        datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC),
    ]

    arrived = travelled(values)

    assert arrived == values
    assert type(arrived[1].properties["s"]) is StructCell


def test_views_and_generators_arrive_as_lists() -> None:
    assert travelled({"a": 1}.keys()) == ["a"]
    assert travelled(number for number in (1, 2)) == [1, 2]


def test_tables_arrive_with_their_types() -> None:
    table = pa.table({"id": pa.array([1, None], pa.int32()), "name": ["a", "b"]})

    assert travelled({"table": table}) == {"table": table}
    assert travelled(table.to_reader()) == table
    assert travelled(pa.array([1, None, 3])) == pa.array([1, None, 3])


def test_what_is_called_at_the_end_stays_with_the_caller() -> None:
    called: list[int] = []
    made = Made("c", "file:///c", discard=lambda: called.append(1))
    pending = Pending(Output("out", ArtifactType("T")), 1, 2, made, settled=True)
    closing = Closing(7, ArtifactState.LIVE, outputs=[pending])  # type: ignore[arg-type]

    arrived = travelled(closing)

    assert arrived.outputs[0].result == Made("c", "file:///c")
    assert arrived.outputs[0].result.discard is None


@pytest.mark.parametrize(
    "document",
    [
        {"o": ["os.system", {}]},
        {"o": ["builtins.eval", {}]},
        {"o": ["store.Store", {"path": "x"}]},
        {"o": ["model.Artifact", {"type": "T", "nonsense": 1}]},
        {"n": ["subprocess.Popen", ["ls"]]},
        {"e": ["model.ArtifactState", 99]},
        {"attachments": []},
        {"value": 1},
        {"b": 3},
        {"o": ["model.Artifact", {}], "m": {}},
        {},
    ],
)
def test_nothing_but_known_values_can_be_made(document: dict[str, object]) -> None:
    with pytest.raises(IncompatibleVersion, match="use the same version on both sides"):
        decode(json.dumps(document).encode(), [])


@given(st.binary(max_size=40))
@settings(max_examples=50, deadline=None)
def test_random_bytes_are_refused_or_plain(document: bytes) -> None:
    try:
        decode(document, [])
    except IncompatibleVersion:
        return
    json.loads(document)


SIGNS = st.sampled_from([*"mdtswybaronec", "x", ""])
DOCUMENTS = st.recursive(
    st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["model.Artifact", "rows.EventRow", "model.EventType", "outputs.Made"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(SIGNS | st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=10,
)


@given(DOCUMENTS)
@settings(max_examples=200, deadline=None)
def test_documents_of_any_making_are_read_or_refused(document: object) -> None:
    with suppress(IncompatibleVersion):  # any other error is a mistake of ours
        decode(json.dumps(document).encode(), [b"bytes"])


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(IncompatibleVersion):
        decode(b"[" * 100_000, [])


@dataclass
class Elsewhere:
    """A value of a test, which no part of Lineal knows."""

    number: int = 0


@pytest.mark.parametrize("value", [Elsewhere(), object(), len])
def test_what_is_not_of_the_graph_does_not_travel(value: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match="can't travel"):
        encode(value)
