"""A built pipeline: nodes, and which output of which node goes into which input.

Building runs the pipeline's function, in which calling a component makes a node and returns its
outputs as channels. What can be wrong with the wiring is found here, before anything runs.
"""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.pipeline.kinds import fits, kind_name, version_of
from lineal.pipeline.parameters import check, spell

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from lineal.metadata import Version
    from lineal.pipeline.components import Component
    from lineal.pipeline.result import NodeResult, RunResult
    from lineal.pipeline.signature import InputSlot
    from lineal.pipeline.workspace import Workspace

__all__ = ["Channel", "Feed", "Graph", "Node", "building", "open_builder"]


@dataclass(frozen=True, eq=False)
class Channel:
    """An output of a node, before there is anything in it."""

    node: str
    key: str
    kind: type
    graph: Builder

    def __str__(self) -> str:
        """Name the output by its node."""
        return f"output {self.key!r} of node {self.node!r} ({kind_name(self.kind)})"

    def __getattr__(self, name: str) -> object:
        """Refuse to be looked into: there is nothing in it yet."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise InvalidInput(
            f"{self} has no {name!r} while the pipeline is built; "
            "look into it inside a component that takes it as an input"
        )

    def __iter__(self) -> Iterator[object]:
        """Refuse to be taken apart."""
        raise InvalidInput(
            f"{self} can't be taken apart while the pipeline is built; a component with several "
            "outputs returns a NamedTuple or a dataclass of them"
        )

    def __bool__(self) -> bool:
        """Refuse to be decided on."""
        raise InvalidInput(f"{self} can't be tested while the pipeline is built")


Feed = "Channel | Version"
"""What feeds an input: an output of another node, or a version that exists already."""


@dataclass(frozen=True, eq=False)
class Node:
    """One use of a component in a pipeline."""

    id: str
    component: Component[..., object]
    parameters: Mapping[str, object]
    inputs: Mapping[str, Sequence[Channel | Version]]

    @property
    def upstream(self) -> set[str]:
        """The ids of the nodes whose outputs this one takes."""
        feeds = [feed for each in self.inputs.values() for feed in each]
        return {feed.node for feed in feeds if isinstance(feed, Channel)}


class Graph:
    """The nodes of a pipeline in an order in which they can run."""

    def __init__(self, nodes: Sequence[Node], *, pipeline: str) -> None:
        self.nodes = _ordered(nodes)
        self.pipeline = pipeline

    def run(
        self,
        workspace: Workspace,
        *,
        no_cache: Collection[str] = (),
        on_progress: Callable[[NodeResult], None] | None = None,
    ) -> RunResult:
        """Run it here, one node after the other, reusing what is equal; see `LocalRunner.run`."""
        from lineal.pipeline.runner import LocalRunner

        return LocalRunner(workspace).run(self, no_cache=no_cache, on_progress=on_progress)

    def node(self, id: str) -> Node:  # noqa: A002 - the field's own name for it
        """Return the node of that id; raise `InvalidInput` that names the others."""
        for node in self.nodes:
            if node.id == id:
                return node
        known = ", ".join(node.id for node in self.nodes)
        raise InvalidInput(f"the pipeline has no node {id!r}; its nodes are {known}")

    def downstream(self, id: str) -> set[str]:  # noqa: A002 - as above
        """Return the ids of the nodes that need this one, directly or not."""
        found: set[str] = set()
        for node in self.nodes:
            if node.upstream & (found | {id}):
                found.add(node.id)
        return found


class Builder:
    """Takes in the nodes while a pipeline's function runs."""

    def __init__(self, pipeline: str) -> None:
        self.pipeline = pipeline
        self.nodes: dict[str, Node] = {}

    def add(self, component: Component[..., object], arguments: Mapping[str, object]) -> object:
        """Make a node of a component called with `arguments`; return its outputs as channels."""
        id = component.id  # noqa: A001 - the field's own name for it
        if id in self.nodes:
            raise InvalidInput(
                f"pipeline {self.pipeline!r} has two nodes called {id!r} (components "
                f"{self.nodes[id].component.type_name} and {component.type_name}); "
                f"give one another id: {component.name}.with_id('...')(...)"
            )
        signature = component.signature
        inputs: dict[str, Sequence[Channel | Version]] = {}
        parameters: dict[str, object] = {}
        for name, value in arguments.items():
            if name in signature.inputs:
                inputs[name] = self._feeds(id, signature.inputs[name], value)
            else:
                parameters[name] = self._parameter(id, component, name, value)
        self.nodes[id] = Node(id, component, parameters, inputs)
        channels = {
            key: Channel(id, key, slot.kind, self) for key, slot in signature.outputs.items()
        }
        return _bundle(signature.returns, channels)

    def _feeds(self, node: str, slot: InputSlot, value: object) -> list[Channel | Version]:
        if value is None and slot.optional:
            return []
        if slot.many:
            if not isinstance(value, (list, tuple)):
                raise InvalidInput(
                    f"input {slot.name!r} of node {node!r} takes a list of "
                    f"{kind_name(slot.kind)}, not {_told(value)}"
                )
            return [self._feed(node, slot, each) for each in value]
        return [self._feed(node, slot, value)]

    def _feed(self, node: str, slot: InputSlot, value: object) -> Channel | Version:
        what = f"input {slot.name!r} of node {node!r} takes a {kind_name(slot.kind)}"
        if isinstance(value, Channel):
            if value.graph is not self:
                raise InvalidInput(f"{what}; {value} belongs to another pipeline")
            if not fits(value.kind, slot.kind):
                raise InvalidInput(f"{what}, but gets {value}")
            return value
        version = version_of(value)
        if version is None or not fits(type(value), slot.kind):
            raise InvalidInput(
                f"{what}, but gets {_told(value)}; "
                "pass what another component returns, or a version that exists already"
            )
        return version

    def _parameter(
        self, node: str, component: Component[..., object], name: str, value: object
    ) -> object:
        annotation = component.signature.parameters[name].annotation
        what = f"parameter {name!r} of node {node!r}"
        if isinstance(value, Channel):
            raise InvalidInput(
                f"{what} takes a plain {spell(annotation)}, but gets {value}; "
                f"annotate it Input[{spell(annotation)}] in {component.type_name} to wire it"
            )
        return check(value, annotation, what)


_open: ContextVar[Builder | None] = ContextVar("lineal_building", default=None)


@contextmanager
def building(pipeline: str) -> Iterator[Builder]:
    """Make calls of components in the body into nodes of a new graph."""
    if _open.get() is not None:
        raise InvalidInput(f"pipeline {pipeline!r} can't be built inside another one")
    builder = Builder(pipeline)
    token = _open.set(builder)
    try:
        yield builder
    finally:
        _open.reset(token)


def open_builder() -> Builder | None:
    """Return the builder of the pipeline that is being built, if one is."""
    return _open.get()


def _ordered(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Sort nodes after those they need, otherwise as given; refuse a cycle."""
    waiting = {node.id: node for node in nodes}
    if len(waiting) < len(nodes):
        raise InvalidInput("two nodes of the pipeline have the same id")
    ordered: list[Node] = []
    while waiting:
        ready = next((n for n in waiting.values() if not n.upstream & waiting.keys()), None)
        if ready is None:
            stuck = ", ".join(
                f"{node.id!r} needs {', '.join(sorted(node.upstream & waiting.keys()))}"
                for node in waiting.values()
            )
            raise InvalidInput(f"the pipeline's nodes wait for each other in a cycle: {stuck}")
        ordered.append(waiting.pop(ready.id))
    known = {node.id for node in ordered}
    for node in ordered:
        for missing in sorted(node.upstream - known):
            raise InvalidInput(f"node {node.id!r} needs node {missing!r}, which isn't there")
    return tuple(ordered)


def _bundle(returns: type | None, channels: Mapping[str, Channel]) -> object:
    """Return the channels as the component's own annotation bundles its outputs."""
    if returns is None:
        return next(iter(channels.values()), None)
    if not dataclasses.is_dataclass(returns):
        return tuple.__new__(returns, channels.values())
    # The class's own checks are for real values: it is filled without running them.
    bundle = object.__new__(returns)
    for key, channel in channels.items():
        object.__setattr__(bundle, key, channel)
    return bundle


def _told(value: object) -> str:
    return f"the plain value {value!r} ({kind_name(type(value))})"
