"""Any sequence of calls does the same on Lineal and on ML Metadata's wheel, its oracle.

The wheel runs in a process of its own. What it gets wrong (docs/mlmd.md lists it) is not asked
of it: properties and custom properties have names of their own, doubles few digits. Where it
answers InternalError, ours must refuse too, by a better name.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAYER = Path(__file__).with_name("player.py")
KINDS = ("artifact", "execution", "context")

# Few of everything, so that calls meet: taken names, stored nodes, repeated edges.
ids = st.integers(1, 6)
names = st.sampled_from(["a", "b", "c"])
kinds = st.sampled_from(KINDS)
external_ids = st.sampled_from(["e1", "e2", "e3"])
values = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([0.5, -1.25, 3.0]),
    st.sampled_from(["", "x", "it's", 'say "x"', "ü"]),
    st.booleans(),
    st.sampled_from([{"k": 1.0}, {"k": [True, "y"]}]),
)
typed_values = {"n": st.integers(-3, 3), "d": st.sampled_from([0.5, 2.0]), "s": st.text("xy")}
filters = st.sampled_from(
    [
        "id > 2",
        "name = 'a' OR name = 'b'",
        "type = 'A' AND name LIKE 'a%'",
        "external_id = 'e1'",
        "properties.n.int_value > 0",
        "properties.n.int_value = 1 OR id = 3",
        "custom_properties.u.int_value >= 0 AND NOT (name = 'c')",
        "custom_properties.v.string_value = 'x'",
        "NOT custom_properties.u.bool_value",
        "create_time_since_epoch > 0",
        "id IN (1, 2, 5) AND type_id > 9",
        "name IS NULL",
    ]
)
neighbours = {
    "artifact": st.sampled_from(
        [
            "contexts_x.name = 'a'",
            "contexts_x.name = 'a' OR id = 1",
            "NOT contexts_x.name = 'a'",
            "events_0.type = INPUT",
            "events_0.execution_id = 1 AND events_0.type IN (OUTPUT, INPUT)",
            "state = LIVE",
            "state != LIVE",
            "uri LIKE 'u%'",
        ]
    ),
    "execution": st.sampled_from(
        [
            "contexts_x.type = 'A'",
            "events_0.artifact_id = 1",
            "last_known_state NOT IN (RUNNING, FAILED)",
            "last_known_state = COMPLETE",
        ]
    ),
    "context": st.sampled_from(
        [
            "parent_contexts_p.name = 'a'",
            "child_contexts_k.id IN (1, 2)",
            "artifacts_x.state = LIVE",
            "executions_x.last_known_state IN (NEW, RUNNING)",
        ]
    ),
}


@st.composite
def nodes(draw: st.DrawFn, kind: str, *, stored: bool = True) -> dict[str, Any]:
    """A node as it is put: mostly right, sometimes of an unknown type, name or id."""
    fields: dict[str, Any] = {}
    if stored and draw(st.booleans()):
        fields["id"] = draw(ids)
    if draw(st.integers(0, 9)):
        fields["type_id"] = draw(st.integers(10, 13)) if draw(st.integers(0, 9)) else 99
    for name, strategy, often in (
        ("name", names, 2),
        ("external_id", external_ids, 4),
    ):
        if not draw(st.integers(0, often)) or (name == "name" and kind == "context"):
            fields[name] = draw(strategy)
    if kind == "artifact":
        if draw(st.booleans()):
            fields["uri"] = draw(st.sampled_from(["", "u1", "u2"]))
        if draw(st.booleans()):
            fields["state"] = draw(st.integers(0, 4))
    if kind == "execution" and draw(st.booleans()):
        fields["last_known_state"] = draw(st.integers(0, 6))
    fields["properties"] = {
        name: draw(typed_values[name])
        for name in draw(st.lists(st.sampled_from(["n", "d", "s"]), unique=True, max_size=2))
    }
    custom = st.lists(st.sampled_from(["u", "v"]), unique=True, max_size=2)
    fields["custom_properties"] = {name: draw(values) for name in draw(custom)}
    return fields


@st.composite
def events(draw: st.DrawFn, *, ends: bool = True) -> dict[str, Any]:
    """An event, mostly of nodes that there are."""
    fields: dict[str, Any] = {"type": draw(st.integers(0, 6)) if draw(st.booleans()) else 3}
    if ends:
        fields |= {"artifact_id": draw(ids), "execution_id": draw(ids)}
    if draw(st.booleans()):
        fields["path"] = draw(st.lists(st.sampled_from(["key", 0, 3]), max_size=3))
    if draw(st.booleans()):
        fields["milliseconds_since_epoch"] = draw(st.integers(1, 9))
    return fields


def several(arguments: dict[str, Any]) -> bool:
    """Return whether a call puts more than one thing."""
    put = [value for value in arguments.values() if isinstance(value, list)]
    return sum(map(len, put)) + sum(isinstance(v, dict) for v in arguments.values()) > 1


class Playing:
    """A package that plays in its own process."""

    def __init__(self, python: Path | str, package: str) -> None:
        self._process = subprocess.Popen(
            [python, PLAYER, package],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def play(self, call: str, arguments: dict[str, Any]) -> Any:
        """Do one call; return its answer, or the class of its error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([call, arguments]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"{self._process.args} ended at {call} {arguments}"
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@pytest.fixture
def sides(wheel_python: Path) -> Iterator[tuple[Playing, Playing]]:
    """The wheel and Lineal, ready to play."""
    playing = Playing(wheel_python, "ml_metadata"), Playing(sys.executable, "lineal.mlmd")
    yield playing
    for side in playing:
        side.close()


class Stores(RuleBasedStateMachine):
    """Two stores that are told the same."""

    def __init__(self, oracle: Playing, ours: Playing) -> None:
        super().__init__()
        self.oracle = oracle
        self.ours = ours
        self.changed = False
        self.both("new")
        for kind in KINDS:
            properties = {"n": 1, "d": 2, "s": 3}
            self.both("put_type", kind=kind, fields={"name": "A"}, properties=properties)

    def both(self, call: str, **arguments: Any) -> None:
        """Make a call on both sides, and hold their answers to be the same."""
        theirs = self.oracle.play(call, arguments)
        assert theirs[0] != "raised", theirs
        ours = self.ours.play(call, arguments)
        if theirs == ["error", "InternalError"]:
            assert ours[0] == "error", (call, arguments, ours)
            assert ours[1] in ("AlreadyExistsError", "InvalidArgumentError"), ours
        elif theirs[0] == "error" and several(arguments):
            # With several faults in one call, which of them is told is by chance.
            assert ours[0] == "error", (call, arguments, theirs, ours)
        else:
            assert ours == theirs, (call, arguments)

    @rule(
        kind=kinds,
        name=st.sampled_from(["A", "B"]),
        version=st.sampled_from([None, None, "1"]),
        properties=st.dictionaries(st.sampled_from(["n", "d", "s", "t"]), st.integers(0, 3)),
        external_id=st.none() | external_ids,
        add=st.booleans(),
        omit=st.booleans(),
    )
    def put_type(
        self,
        kind: str,
        name: str,
        version: str | None,
        properties: dict[str, int],
        external_id: str | None,
        *,
        add: bool,
        omit: bool,
    ) -> None:
        """Put a type, perhaps one that is there with other properties."""
        fields = {"name": name}
        if version is not None:
            fields["version"] = version
        if external_id is not None:
            fields["external_id"] = external_id
        self.both(
            "put_type",
            kind=kind,
            fields=fields,
            properties=properties,
            can_add_fields=add,
            can_omit_fields=omit,
        )
        self.changed = True

    @rule(data=st.data(), kind=kinds)
    def put_nodes(self, data: st.DataObject, kind: str) -> None:
        """Put nodes, new ones and stored ones."""
        put = data.draw(st.lists(nodes(kind), min_size=1, max_size=3))
        mask = None
        if data.draw(st.integers(0, 3)) == 0:
            paths = ["uri", "external_id", "properties.n", "properties", "custom_properties.u"]
            mask = data.draw(st.lists(st.sampled_from(paths), min_size=1, unique=True))
        self.both("put_nodes", kind=kind, nodes=put, mask=mask)
        self.changed = True

    @rule(told=st.lists(events(), min_size=1, max_size=3))
    def put_events(self, told: list[dict[str, Any]]) -> None:
        """Put events."""
        self.both("put_events", events=told)
        self.changed = True

    @rule(
        artifacts=st.lists(st.tuples(ids, ids), max_size=2),
        executions=st.lists(st.tuples(ids, ids), max_size=2),
    )
    def put_links(
        self, artifacts: list[tuple[int, int]], executions: list[tuple[int, int]]
    ) -> None:
        """Put artifacts and executions into contexts."""
        self.both(
            "put_links",
            attributions=[{"artifact_id": a, "context_id": c} for a, c in artifacts],
            associations=[{"execution_id": e, "context_id": c} for e, c in executions],
        )
        self.changed = True

    @rule(links=st.lists(st.tuples(ids, ids), min_size=1, max_size=2))
    def put_parents(self, links: list[tuple[int, int]]) -> None:
        """Put contexts into contexts, perhaps in a circle."""
        self.both("put_parents", links=[{"child_id": c, "parent_id": p} for c, p in links])
        self.changed = True

    @rule(data=st.data(), reuse=st.booleans(), by_external_id=st.booleans(), force=st.booleans())
    def put_execution(
        self, data: st.DataObject, *, reuse: bool, by_external_id: bool, force: bool
    ) -> None:
        """Put an execution with what it read and made, in contexts."""
        pair = st.tuples(nodes("artifact"), st.none() | events(ends=False))
        self.both(
            "put_execution",
            execution=data.draw(nodes("execution")),
            pairs=data.draw(st.lists(pair, max_size=2)),
            contexts=data.draw(st.lists(nodes("context"), max_size=2)),
            reuse_context_if_already_exist=reuse,
            reuse_artifact_if_already_exist_by_external_id=by_external_id,
            force_reuse_context=force,
        )
        self.changed = True

    @rule(data=st.data(), reuse=st.booleans(), by_external_id=st.booleans())
    def put_subgraph(self, data: st.DataObject, *, reuse: bool, by_external_id: bool) -> None:
        """Put a piece of a graph, its edges by index."""
        index = st.none() | st.integers(0, 1)
        edge = st.tuples(index, index, events(ends=data.draw(st.booleans())))
        self.both(
            "put_subgraph",
            executions=data.draw(st.lists(nodes("execution"), max_size=2)),
            artifacts=data.draw(st.lists(nodes("artifact"), max_size=2)),
            contexts=data.draw(st.lists(nodes("context"), max_size=1)),
            edges=data.draw(st.lists(edge, max_size=2)),
            reuse_context_if_already_exist=reuse,
            reuse_artifact_if_already_exist_by_external_id=by_external_id,
        )
        self.changed = True

    @rule(data=st.data(), kind=kinds, ascending=st.booleans(), limit=st.none() | st.integers(1, 4))
    def list_nodes(
        self, data: st.DataObject, kind: str, *, ascending: bool, limit: int | None
    ) -> None:
        """List nodes by a filter."""
        text = data.draw(st.none() | filters | neighbours[kind])
        options: dict[str, Any] = {"filter_query": text, "limit": limit}
        if limit is not None:
            options["is_asc"] = ascending
        self.both("list_nodes", kind=kind, **options)

    @rule(kind=kinds, name=st.sampled_from(["A", "B", "C"]), version=st.sampled_from([None, "1"]))
    def by_type(self, kind: str, name: str, version: str | None) -> None:
        """Ask for the nodes of a type."""
        self.both("by_type", kind=kind, name=name, version=version)

    @rule(kind=kinds, name=st.sampled_from(["A", "B"]), node_name=names)
    def by_name(self, kind: str, name: str, node_name: str) -> None:
        """Ask for one node."""
        self.both("by_name", kind=kind, name=name, node_name=node_name)

    @rule(kind=kinds, wanted=st.lists(external_ids, max_size=2))
    def by_external_ids(self, kind: str, wanted: list[str]) -> None:
        """Ask for nodes by the ids that clients gave them."""
        self.both("by_external_ids", kind=kind, ids=wanted)

    @rule(node=ids)
    def around(self, node: int) -> None:
        """Ask what is tied to nodes."""
        self.both("around", node=node)

    @rule(
        start=st.sampled_from(["artifact", "execution"]),
        hops=st.integers(-1, 4),
        direction=st.integers(0, 3),
        text=st.sampled_from(["id = 1", "id IN (1, 2)", "name = 'a'", "id > 0", "", "nope"]),
    )
    def walk(self, start: str, hops: int, direction: int, text: str) -> None:
        """Walk from nodes."""
        self.both("walk", start=start, hops=hops, direction=direction, filter_text=text)

    @precondition(lambda self: self.changed)
    @invariant()
    def both_hold_the_same(self) -> None:
        """Hold the two stores to hold the same."""
        self.both("everything")
        self.changed = False


def test_any_sequence_of_calls_does_the_same_as_on_the_wheel(
    sides: tuple[Playing, Playing],
) -> None:
    run_state_machine_as_test(
        lambda: Stores(*sides),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
