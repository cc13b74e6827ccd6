"""Compare two artifacts with all that led to them: what differs, and what began it.

The two ancestries are laid beside each other from the artifacts upwards. Makers face makers;
inputs face inputs of the same key, those of the same name first. Where both sides are the same
artifact, nothing above it can differ. What is part of both histories, as the earlier versions of a
table that grows are, is no difference either, only where it was taken in. What differs although
nothing above it does is a cause; the rest follows from causes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from lineal.metadata.lineage import Lineage, walk
from lineal.metadata.log import file_name
from lineal.metadata.names import format_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lineal.metadata.model import Artifact, Execution, Value
    from lineal.metadata.reach import Node
    from lineal.metadata.store import Store

__all__ = ["ENVIRONMENT_KEY", "Difference", "DifferenceKind", "Divergence", "compare"]

ENVIRONMENT_KEY = "environment"
_RUN_KEY = "run"
_CODE = ("lineal_code", "lineal_command")
_OWN = {
    "lineal.Table": ("load", "plan", "read_by", "schema_id", "since", "snapshot_id"),
}
"""What Lineal keeps of a type to find its data again; its content tells of that already."""

EnvironmentChanges: TypeAlias = (
    "Callable[[Artifact, Artifact], Sequence[tuple[str, str | None, str | None]]]"
)
"""Tells what differs inside of two environments: what, before, after."""

DifferenceKind = Literal[
    "content", "property", "maker", "code", "parameter", "environment", "input", "run"
]


@dataclass(frozen=True)
class Difference:
    """One thing that differs between the two sides.

    `before` and `after` are None where a side lacks it. `is_cause` says that nothing further up
    explains it. `first` and `second` are the nodes that face each other, `what` is the
    property's, parameter's or input's name.
    """

    kind: DifferenceKind
    what: str
    before: Value | None
    after: Value | None
    first: Node
    second: Node
    where: str
    is_cause: bool

    def __str__(self) -> str:
        what = f"{self.kind} {self.what}".strip()
        most = 12 if self.kind == "content" else 60
        before, after = _short(self.before, most), _short(self.after, most)
        if self.before is None:
            return f"{self.where}: {what} {after} only in the second"
        if self.after is None:
            return f"{self.where}: {what} {before} only in the first"
        return f"{self.where}: {what} {before} → {after}"


@dataclass(frozen=True)
class Divergence:
    """What differs between two artifacts and their ancestries, nearest to them first."""

    first: str
    second: str
    differences: tuple[Difference, ...]

    @property
    def causes(self) -> tuple[Difference, ...]:
        """What nothing further up explains: changed code, parameters, environments, raw inputs."""
        return tuple(each for each in self.differences if each.is_cause)

    def __bool__(self) -> bool:
        return bool(self.differences)

    def __str__(self) -> str:
        if not self.differences:
            return f"{self.first} and {self.second} do not differ, nor does anything before them"
        lines = [f"{self.first} → {self.second}"]
        lines += [f"  {'*' if each.is_cause else ' '} {each}" for each in self.differences]
        return "\n".join(lines)


def compare(
    store: Store, first: int, second: int, *, environments: EnvironmentChanges | None = None
) -> Divergence:
    """Return what differs between the artifacts with these ids, and between their ancestries.

    `environments` looks into two that differ; without it, only that they do is told. Raises
    `NotFound` for an id that no artifact has.
    """
    sides = (_Side(store, first), _Side(store, second))
    pairing = _Pairing(*sides, environments)
    pairing.go(("artifact", first), ("artifact", second))
    return Divergence(
        sides[0].label(("artifact", first)),
        sides[1].label(("artifact", second)),
        tuple(pairing.found()),
    )


class _Side:
    """One ancestry, its edges by the node that they lead to."""

    def __init__(self, store: Store, artifact_id: int) -> None:
        self.lineage: Lineage = walk(store, ("artifact", artifact_id), internal=True)
        self._into: dict[Node, list[tuple[str, Node]]] = {}
        for edge in self.lineage.edges:
            self._into.setdefault(edge.target, []).append((edge.key, edge.source))

    def holds(self, node: Node) -> bool:
        return node[1] in (
            self.lineage.artifacts if node[0] == "artifact" else self.lineage.executions
        )

    def artifact(self, node: Node) -> Artifact:
        return self.lineage.artifacts[node[1]]

    def execution(self, node: Node) -> Execution:
        return self.lineage.executions[node[1]]

    def maker(self, node: Node) -> Node | None:
        return next((source for _, source in self._into.get(node, ())), None)

    def inputs(self, node: Node) -> dict[str, list[Node]]:
        """Return what went into an execution, by the key under which it did."""
        found: dict[str, list[Node]] = {}
        for key, source in sorted(self._into.get(node, ()), key=lambda pair: pair[1]):
            found.setdefault(key, []).append(source)
        return found

    def name(self, node: Node) -> str | None:
        row = self.lineage.versions.get(node[1]) if node[0] == "artifact" else None
        return None if row is None else row.name

    def content(self, node: Node) -> str:
        row = self.lineage.versions.get(node[1])
        return row.content if row else str(self.artifact(node).get("sha256", ""))

    def label(self, node: Node) -> str:
        if node[0] == "execution":
            return f"execution/{node[1]} ({self.execution(node).type.removeprefix('lineal.')})"
        row = self.lineage.versions.get(node[1])
        if row is not None:
            return format_name(row.name, row.number)
        file = file_name(self.artifact(node))
        return f"{file} (artifact/{node[1]})" if file else f"artifact/{node[1]}"


_Found = tuple[DifferenceKind, str, "Value | None", "Value | None"]


class _Pairing:
    """The two ancestries side by side, breadth first; every pair of nodes is compared once."""

    def __init__(self, first: _Side, second: _Side, inside: EnvironmentChanges | None) -> None:
        self._first = first
        self._second = second
        self._inside = inside
        self._above: dict[tuple[Node, Node], list[tuple[Node, Node]]] = {}
        self._own: dict[tuple[Node, Node], list[_Found]] = {}

    def go(self, first: Node, second: Node) -> None:
        """Compare these two nodes, and then what led to them."""
        waiting = deque([(first, second)])
        while waiting:
            pair = waiting.popleft()
            if pair in self._own or pair[0] == pair[1]:
                continue
            step = self._artifacts if pair[0][0] == "artifact" else self._executions
            found, further = step(*pair)
            self._own[pair] = found
            self._above[pair] = [ends for ends in further if ends[0] != ends[1]]
            waiting.extend(self._above[pair])

    def found(self) -> Iterator[Difference]:
        """Yield the differences, those nearest to the compared artifacts first."""
        differing = self._differing()
        for pair, own in self._own.items():
            explained = any(above in differing for above in self._above[pair])
            for kind, what, before, after in own:
                yield Difference(
                    kind=kind,
                    what=what,
                    before=before,
                    after=after,
                    first=pair[0],
                    second=pair[1],
                    where=self._first.label(pair[0]),
                    # What an execution was given differs by somebody's doing; what an artifact
                    # holds follows from how it was made, if that differs.
                    is_cause=(pair[0][0] == "execution" and kind != "run") or not explained,
                )

    def _differing(self) -> set[tuple[Node, Node]]:
        """Return the pairs that differ themselves or anywhere above."""
        below: dict[tuple[Node, Node], list[tuple[Node, Node]]] = {}
        for pair, above in self._above.items():
            for each in above:
                below.setdefault(each, []).append(pair)
        waiting = [pair for pair, own in self._own.items() if own]
        differing = set(waiting)
        while waiting:
            for pair in below.get(waiting.pop(), ()):
                if pair not in differing:
                    differing.add(pair)
                    waiting.append(pair)
        return differing

    def _artifacts(self, first: Node, second: Node) -> tuple[list[_Found], list[tuple[Node, Node]]]:
        one, other = self._first.artifact(first), self._second.artifact(second)
        found: list[_Found] = []
        contents = self._first.content(first), self._second.content(second)
        if contents[0] != contents[1]:
            found.append(("content", "", contents[0] or None, contents[1] or None))
        elif not contents[0] and one.uri != other.uri:
            found.append(("content", "uri", one.uri, other.uri))
        found += _values("property", _told(one), _told(other))
        makers = self._first.maker(first), self._second.maker(second)
        if makers[0] is not None and makers[1] is not None:
            return found, [(makers[0], makers[1])]
        if makers[0] is not None or makers[1] is not None:
            labels = [
                None if maker is None else side.label(maker)
                for side, maker in zip((self._first, self._second), makers, strict=True)
            ]
            found.append(("maker", "", labels[0], labels[1]))
        return found, []

    def _executions(
        self, first: Node, second: Node
    ) -> tuple[list[_Found], list[tuple[Node, Node]]]:
        one, other = self._first.execution(first), self._second.execution(second)
        found: list[_Found] = []
        if one.type != other.type:
            found.append(("maker", "", one.type, other.type))
        for name in _CODE:
            before, after = one.get(name), other.get(name)
            if before != after:
                found.append(("code", name.removeprefix("lineal_"), before, after))
        found += _values("parameter", _told(one), _told(other))
        further: list[tuple[Node, Node]] = []
        inputs = self._first.inputs(first), self._second.inputs(second)
        for key in sorted(inputs[0].keys() | inputs[1].keys()):
            alone, pairs = self._face(inputs[0].get(key, []), inputs[1].get(key, []))
            kind: DifferenceKind = (
                "environment" if key == ENVIRONMENT_KEY else "run" if key == _RUN_KEY else "input"
            )
            what = "" if kind != "input" else key
            found += [(kind, what, before, after) for before, after in alone]
            if kind == "environment":
                found += self._environments(pairs)
            else:
                further += pairs
        return found, further

    def _environments(self, pairs: Sequence[tuple[Node, Node]]) -> list[_Found]:
        """Tell how environments differ; what each was made of is not gone into."""
        found: list[_Found] = []
        for one, other in pairs:
            if one == other:
                continue
            if self._inside is None:
                found.append(("environment", "", self._first.label(one), self._second.label(other)))
                continue
            inside = self._inside(self._first.artifact(one), self._second.artifact(other))
            found += [("environment", what, before, after) for what, before, after in inside]
        return found

    def _face(
        self, first: Sequence[Node], second: Sequence[Node]
    ) -> tuple[list[tuple[str | None, str | None]], list[tuple[Node, Node]]]:
        """Pair the inputs under one key; return what to tell of them, and the pairs to go on with.

        The same artifact faces itself, then versions of one name face each other, then what has
        no name does, in the order of ids. Two that stand in both histories are compared there.
        """
        shared = set(first) & set(second)
        pairs = [(node, node) for node in first if node in shared]
        waiting: dict[str | None, deque[Node]] = {}
        for node in second:
            if node not in shared:
                waiting.setdefault(self._second.name(node), deque()).append(node)
        alone: list[tuple[str | None, str | None]] = []
        for node in first:
            if node in shared:
                continue
            facing = waiting.get(self._first.name(node))
            if not facing:
                if not self._second.holds(node):
                    alone.append((self._first.label(node), None))
                continue
            other = facing.popleft()
            if self._second.holds(node) and self._first.holds(other):
                alone.append((self._first.label(node), self._second.label(other)))
            else:
                pairs.append((node, other))
        left = [node for rest in waiting.values() for node in rest]
        alone += [(None, self._second.label(node)) for node in left if not self._first.holds(node)]
        return alone, pairs


def _told(node: Artifact | Execution) -> Mapping[str, Value]:
    """Return what was said of the node, without what Lineal notes for itself."""
    given = {**node.custom_properties, **node.properties}
    own = _OWN.get(node.type, ())
    return {
        name: value
        for name, value in given.items()
        if not name.startswith("lineal_") and name != "sha256" and name not in own
    }


def _values(
    kind: DifferenceKind, before: Mapping[str, Value], after: Mapping[str, Value]
) -> list[_Found]:
    return [
        (kind, name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _short(value: object, most: int) -> str:
    text = str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"
