"""Draw a lineage: as a tree in the terminal, as DOT, as Mermaid, as plain values.

A table that was loaded twelve times is not twelve levels deep on the screen: the versions that
one version grew from are drawn beside their sources, one line each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from lineal.metadata.model import ExecutionState
from lineal.metadata.names import format_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.metadata.lineage import Lineage, Node

__all__ = ["dot", "label", "mermaid", "plain", "text", "tree"]

_MARKS = {
    ExecutionState.RUNNING: "running",
    ExecutionState.FAILED: "failed",
    ExecutionState.CANCELED: "canceled",
    ExecutionState.CACHED: "cached",
}


def label(lineage: Lineage, node: Node) -> str:
    """Return what a node is called: a version's reference, a verb with its id."""
    kind, number = node
    if kind == "execution":
        execution = lineage.executions[number]
        mark = _MARKS.get(execution.state) if execution.state is not None else None
        name = execution.type.removeprefix("lineal.")
        return f"{name} (execution/{number}{', ' + mark if mark else ''})"
    version = lineage.versions.get(number)
    if version is not None:
        return format_name(version.name, version.number)
    return f"{lineage.artifacts[number].type} (artifact/{number})"


def tree(lineage: Lineage) -> Tree:
    """Return the lineage as a tree, what led to the start above all."""
    root = Tree(_styled(lineage, lineage.start))
    seen: set[Node] = {lineage.start}
    if lineage.direction in ("upstream", "both"):
        _grow(lineage, root, lineage.start, _neighbours(lineage, upstream=True), seen)
    if lineage.direction in ("downstream", "both"):
        parent = root.add(Text("led to", style="italic")) if lineage.direction == "both" else root
        _grow(lineage, parent, lineage.start, _neighbours(lineage, upstream=False), {lineage.start})
    return root


def text(lineage: Lineage, *, width: int = 100) -> str:
    """Return the tree as plain text."""
    import io

    from rich.console import Console

    buffer = io.StringIO()
    Console(file=buffer, width=width, no_color=True).print(tree(lineage))
    return buffer.getvalue()


def dot(lineage: Lineage) -> str:
    """Return the graph in Graphviz's language."""
    lines = ["digraph lineage {", "  rankdir=LR;"]
    for node in _nodes(lineage):
        shape = "box" if node[0] == "execution" else "ellipse"
        name = label(lineage, node).replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'  {node[0]}_{node[1]} [shape={shape}, label="{name}"];')
    for edge in lineage.edges:
        key = edge.key.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'  {_id(edge.source)} -> {_id(edge.target)} [label="{key}"];')
    return "\n".join([*lines, "}", ""])


def mermaid(lineage: Lineage) -> str:
    """Return the graph as a Mermaid flowchart."""
    lines = ["flowchart LR"]
    for node in _nodes(lineage):
        # Mermaid reads HTML entities in quoted labels, and nothing else is special there.
        name = label(lineage, node).replace("&", "#amp;").replace('"', "#quot;")
        opening, closing = ("[", "]") if node[0] == "execution" else ("([", "])")
        lines.append(f'  {_id(node)}{opening}"{name}"{closing}')
    lines += [f"  {_id(edge.source)} --> {_id(edge.target)}" for edge in lineage.edges]
    return "\n".join([*lines, ""])


def plain(lineage: Lineage) -> dict[str, object]:
    """Return nodes and edges as plain values."""
    return {
        "start": "/".join(map(str, lineage.start)),
        "direction": lineage.direction,
        "nodes": [
            {
                "id": f"{kind}/{number}",
                "label": label(lineage, (kind, number)),
                "type": (
                    lineage.executions[number].type
                    if kind == "execution"
                    else lineage.artifacts[number].type
                ),
            }
            for kind, number in _nodes(lineage)
        ],
        "edges": [
            {
                "source": "/".join(map(str, edge.source)),
                "target": "/".join(map(str, edge.target)),
                "key": edge.key,
            }
            for edge in lineage.edges
        ],
    }


def _grow(
    lineage: Lineage,
    root: Tree,
    start: Node,
    neighbours: dict[Node, list[Node]],
    seen: set[Node],
) -> None:
    """Add what `start` leads to below `root`, each node once in full; no recursion: any depth."""
    stack = [(root, iter(_flattened(lineage, start, neighbours)))]
    while stack:
        parent, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            continue
        line = _styled(lineage, child)
        if child in seen and neighbours.get(child):
            parent.add(line.append(" (shown above)", style="dim"))
            continue
        seen.add(child)
        branch = parent.add(line)
        stack.append((branch, iter(_flattened(lineage, child, neighbours))))


def _flattened(lineage: Lineage, node: Node, neighbours: dict[Node, list[Node]]) -> Iterator[Node]:
    """Yield the neighbours of a node; an earlier version of the same thing gives its own."""
    name = _version_name(lineage, node)
    pending = list(neighbours.get(node, ()))
    while pending:
        child = pending.pop(0)
        if child[0] == "execution" and name is not None:
            makers = neighbours.get(child, [])
            before = [n for n in makers if _version_name(lineage, n) == name]
            if before and len(makers) > len(before):
                neighbours[child] = [n for n in makers if n not in before]
                pending += [n for earlier in before for n in neighbours.get(earlier, ())]
        yield child


def _version_name(lineage: Lineage, node: Node) -> str | None:
    version = lineage.versions.get(node[1]) if node[0] == "artifact" else None
    return None if version is None else version.name


def _neighbours(lineage: Lineage, *, upstream: bool) -> dict[Node, list[Node]]:
    found: dict[Node, list[Node]] = {}
    for edge in lineage.edges:
        near, far = (edge.target, edge.source) if upstream else (edge.source, edge.target)
        if far not in found.setdefault(near, []):
            found[near].append(far)
    return found


def _styled(lineage: Lineage, node: Node) -> Text:
    style = "cyan" if node[0] == "execution" else "bold"
    return Text(label(lineage, node), style=style)


def _nodes(lineage: Lineage) -> list[Node]:
    artifacts: list[Node] = [("artifact", number) for number in sorted(lineage.artifacts)]
    executions: list[Node] = [("execution", number) for number in sorted(lineage.executions)]
    return artifacts + executions


def _id(node: Node) -> str:
    return f"{node[0]}_{node[1]}"
