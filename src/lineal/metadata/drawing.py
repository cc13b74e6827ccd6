"""Draw a lineage: as a tree in the terminal, as DOT, as Mermaid, as plain values.

On the screen stand artifacts, each with the verb that made it; the executions between them would
double the depth and tell nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from lineal.metadata.log import file_name
from lineal.metadata.model import ArtifactState, ExecutionState
from lineal.metadata.names import format_name

if TYPE_CHECKING:
    import pyarrow as pa

    from lineal.metadata.lineage import Lineage, Node

__all__ = ["arrow", "dot", "label", "mermaid", "plain", "text", "tree"]

_MOST_LEVELS = 15  # of four columns each
_MERMAID_SPECIAL = set('"#&<>;`\\')
_MARKS = {
    ExecutionState.RUNNING: "running",
    ExecutionState.FAILED: "failed",
    ExecutionState.CANCELED: "canceled",
    ExecutionState.CACHED: "cached",
}


def label(lineage: Lineage, node: Node) -> str:
    """Return what a node is called: a version's reference, a file's or verb's name with its id."""
    kind, number = node
    if kind == "execution":
        execution = lineage.executions[number]
        mark = _MARKS.get(execution.state) if execution.state is not None else None
        name = _printable(execution.type.removeprefix("lineal."))
        run = execution.get("lineal_run")
        name = f"{name} {_printable(str(run))}" if run else name
        return f"{name} (execution/{number}{', ' + mark if mark else ''})"
    version = lineage.versions.get(number)
    if version is not None:
        return format_name(version.name, version.number)
    artifact = lineage.artifacts[number]
    return f"{_printable(file_name(artifact) or artifact.type)} (artifact/{number})"


def tree(lineage: Lineage) -> Tree:
    """Return the lineage as a tree of artifacts, each with the verb that made it."""
    upstream, downstream = _Steps(lineage, upstream=True), _Steps(lineage, upstream=False)
    root = Tree(_line(upstream, lineage.start))
    if lineage.direction in ("upstream", "both"):
        _grow(upstream, root)
    if lineage.direction == "downstream":
        _grow(downstream, root)
    if lineage.direction == "both" and downstream.after(lineage.start):
        _grow(downstream, root.add(Text("led to", style="italic")))
    return root


def text(lineage: Lineage, *, width: int = 10_000) -> str:
    """Return the tree as plain text, its lines broken at `width`."""
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
        name = _mermaid_text(label(lineage, node))
        opening, closing = ("[", "]") if node[0] == "execution" else ("([", "])")
        lines.append(f'  {_id(node)}{opening}"{name}"{closing}')
    lines += [f"  {_id(edge.source)} --> {_id(edge.target)}" for edge in lineage.edges]
    return "\n".join([*lines, ""])


def arrow(lineage: Lineage) -> tuple[pa.Table, pa.Table]:
    """Return the nodes, and the edges with their keys, as two Arrow tables."""
    import pyarrow as pa

    held = [
        (
            node,
            lineage.executions[node[1]] if node[0] == "execution" else lineage.artifacts[node[1]],
        )
        for node in _nodes(lineage)
    ]
    versions = [
        lineage.versions.get(node[1]) if node[0] == "artifact" else None for node, _ in held
    ]
    nodes = pa.table(
        {
            "kind": pa.array([node[0] for node, _ in held], pa.string()),
            "id": pa.array([node[1] for node, _ in held], pa.int64()),
            "type": pa.array([each.type for _, each in held], pa.string()),
            "label": pa.array([label(lineage, node) for node, _ in held], pa.string()),
            "name": pa.array([row and row.name for row in versions], pa.string()),
            "version": pa.array([row and row.number for row in versions], pa.int64()),
            "created": pa.array([each.created for _, each in held], pa.timestamp("ms", tz="UTC")),
            "matched": pa.array([node in lineage.matched for node, _ in held], pa.bool_()),
        }
    )
    ends = [(edge.source, edge.target, edge.key) for edge in lineage.edges]
    edges = pa.table(
        {
            "source_kind": pa.array([source[0] for source, _, _ in ends], pa.string()),
            "source_id": pa.array([source[1] for source, _, _ in ends], pa.int64()),
            "target_kind": pa.array([target[0] for _, target, _ in ends], pa.string()),
            "target_id": pa.array([target[1] for _, target, _ in ends], pa.int64()),
            "key": pa.array([key for _, _, key in ends], pa.string()),
        }
    )
    return nodes, edges


def plain(lineage: Lineage) -> dict[str, object]:
    """Return nodes and edges as plain values."""
    matched = [f"{kind}/{number}" for kind, number in sorted(lineage.matched)]
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
        **({"matched": matched} if matched else {}),
    }


def _mermaid_text(text: str) -> str:
    """Write as numbers what means something in a quoted label: entities, HTML, Markdown."""
    return "".join(f"#{ord(c)};" if c in _MERMAID_SPECIAL else c for c in text)


def _printable(text: str) -> str:
    """Return the name of a type, which another client may have chosen, fit for a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


class _Steps:
    """From artifact to artifact, over the executions between them, in one direction."""

    def __init__(self, lineage: Lineage, *, upstream: bool) -> None:
        self.lineage = lineage
        self._upstream = upstream
        self._makers: dict[Node, list[Node]] = {}
        self._near: dict[Node, list[Node]] = {}
        self._runs: dict[Node, Node] = {}
        for edge in lineage.edges:
            if _is_abandoned(lineage, edge.target):
                continue  # what a failed execution did not make; the execution itself is told
            if edge.source[0] == edge.target[0]:
                self._runs.setdefault(edge.target, edge.source)
            near, far = (edge.target, edge.source) if upstream else (edge.source, edge.target)
            self._near.setdefault(near, []).append(far)
            if edge.target[0] == "artifact":
                self._makers.setdefault(edge.target, []).append(edge.source)

    def makers(self, node: Node) -> list[Node]:
        """Return the execution that made an artifact, and those of the versions it grew from."""
        versions = [node, *self._same_name(node)] if self._upstream else [node]
        return [self._makers[each][0] for each in versions if each in self._makers]

    def around(self, execution: Node) -> list[Node]:
        """Return the runs that an execution ran in, the innermost first."""
        found: list[Node] = []
        run = self._runs.get(execution)
        while run is not None and run not in found:
            found.append(run)
            run = self._runs.get(run)
        return found

    def after(self, node: Node) -> list[Node]:
        """Return the artifacts one step on, and the executions that the way ends in.

        Versions of one name that grew from each other count as one: a table that was loaded
        twelve times stands beside its twelve sources, not on twelve levels.
        """
        same = {node, *self._same_name(node)}
        order = sorted(same, reverse=self._upstream)
        steps = dict.fromkeys(step for each in order for step in self._direct(each))
        return [step for step in steps if step not in same]

    def _same_name(self, node: Node) -> list[Node]:
        """Return the other versions of the same thing that follow one another in this direction."""
        name = _version_name(self.lineage, node)
        found: dict[Node, None] = {}
        pending = [node] if name is not None else []
        while pending:
            for step in self._direct(pending.pop()):
                if step not in found and step != node and _version_name(self.lineage, step) == name:
                    found[step] = None
                    pending.append(step)
        return list(found)

    def _direct(self, node: Node) -> list[Node]:
        """Return the artifacts behind the executions next to a node, and ends of the way."""
        found: dict[Node, None] = {}
        seen: set[Node] = set()
        pending = list(self._near.get(node, ()))
        while pending:
            step = pending.pop(0)
            if step in seen:
                continue
            seen.add(step)
            beyond = self._near.get(step, [])
            if step[0] == "artifact" or (not beyond and not self._upstream):
                found[step] = None
            else:
                # The inputs of the run that a verb ran in tell of a verb that names none itself.
                own = [each for each in beyond if each[0] == "artifact"]
                pending += own or beyond
        return list(found)


def _grow(steps: _Steps, root: Tree) -> None:
    """Add what the start leads to below `root`, each in full once; no recursion, so any depth."""
    start = steps.lineage.start
    seen = {start}
    stack = [(root, iter(steps.after(start)))]
    while stack:
        parent, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            continue
        line = _line(steps, child)
        further = steps.after(child)
        if further and (child in seen or seen.issuperset(further)):
            told = "shown above" if child in seen else "of what is shown above"
            parent.add(line.append(f"  ({told})", style="dim"))
            seen.add(child)
            continue
        seen.add(child)
        branch = parent.add(line)
        if further and len(stack) == _MOST_LEVELS:
            left = _count(steps, further, seen)
            told = f"\u2026 and {left} more artifacts behind; the exports hold all"
            branch.add(Text(told, style="dim"))
            continue
        stack.append((branch, iter(further)))


def _count(steps: _Steps, nodes: list[Node], drawn: set[Node]) -> int:
    """Return how many artifacts lie behind, among them those of `nodes`, that are not drawn."""
    found: set[Node] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if node not in found and node not in drawn:
            found.add(node)
            pending += steps.after(node)
    return sum(kind == "artifact" for kind, _ in found)


def _line(steps: _Steps, node: Node) -> Text:
    """Return a node's line: what it is called, and the verb that made it."""
    lineage = steps.lineage
    if node[0] == "execution":
        return Text(label(lineage, node), style="cyan")
    line = Text(label(lineage, node), style="bold")
    makers = steps.makers(node)
    if makers:
        more = len(makers) - 1
        runs = [f" in {label(lineage, run)}" for run in steps.around(makers[0])]
        told = "".join([label(lineage, makers[0]), *runs]) + (f" and {more} more" if more else "")
        line.append(f"  \u2190 {told}", style="not bold cyan")
    return line


def _is_abandoned(lineage: Lineage, node: Node) -> bool:
    artifact = lineage.artifacts.get(node[1]) if node[0] == "artifact" else None
    return artifact is not None and artifact.state == ArtifactState.ABANDONED


def _version_name(lineage: Lineage, node: Node) -> str | None:
    version = lineage.versions.get(node[1]) if node[0] == "artifact" else None
    return None if version is None else version.name


def _nodes(lineage: Lineage) -> list[Node]:
    artifacts: list[Node] = [("artifact", number) for number in sorted(lineage.artifacts)]
    executions: list[Node] = [("execution", number) for number in sorted(lineage.executions)]
    return artifacts + executions


def _id(node: Node) -> str:
    return f"{node[0]}_{node[1]}"
