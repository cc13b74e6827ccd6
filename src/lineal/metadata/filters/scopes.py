"""Say where in a condition a neighbour is looked for: Lineal's meaning of `contexts_a.name = …`.

- A condition on a neighbour holds if there is such a row; where there is none it is false, so
  OR loses no nodes.
- Within the parts of one AND the same alias is the same row: all of them hold for it.
- NOT has rows of its own: NOT contexts_a.name = 'c1' says that no context is called c1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata.filters.syntax import (
    And,
    Attribute,
    Exists,
    Has,
    Node,
    Not,
    Or,
    Source,
    Type,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["neighbours", "scoped"]


def scoped(node: Node, bound: frozenset[Source] = frozenset()) -> Node:
    """Return the condition with an `Exists` around each part that mentions neighbours.

    Those in `bound` are looked for further out already.
    """
    match node:
        case Or():
            return _with(node, [scoped(part, bound) for part in node.parts])
        case Not():
            return Not(node.at, Type.BOOL, node.depth, scoped(node.part))
        case And():
            return _conjunction(node, bound)
        case _:
            return _around(neighbours([node]) - bound, node)


def neighbours(nodes: Iterable[Node]) -> frozenset[Source]:
    """Return the neighbours that are mentioned, those inside of a NOT apart."""
    found: set[Source] = set()
    for node in nodes:
        match node:
            case And() | Or():
                found |= neighbours(node.parts)
            case Not():
                pass
            case _:
                found |= {
                    each.source
                    for each in walk(node)
                    if isinstance(each, Attribute | Has) and each.source.is_neighbour
                }
    return frozenset(found)


def _conjunction(node: And, bound: frozenset[Source]) -> Node:
    groups = _joined([(neighbours([part]) - bound, [part]) for part in _flat(node.parts)])
    parts: list[Node] = []
    for sources, members in groups:
        shared = frozenset(
            source
            for source in sources
            if len(members) > 1 and sum(source in neighbours([m]) for m in members) > 1
        )
        inner = [scoped(member, bound | shared) for member in members]
        parts.append(_around(shared, inner[0] if len(inner) == 1 else _with(node, inner)))
    return parts[0] if len(parts) == 1 else _with(node, parts)


def _flat(parts: Sequence[Node]) -> list[Node]:
    """Return the parts, those of an AND in parentheses among them."""
    flat: list[Node] = []
    for part in parts:
        flat += _flat(part.parts) if isinstance(part, And) else [part]
    return flat


def _joined(
    groups: list[tuple[frozenset[Source], list[Node]]],
) -> list[tuple[frozenset[Source], list[Node]]]:
    """Put together the parts that have a neighbour in common, directly or through others."""
    done: list[tuple[frozenset[Source], list[Node]]] = []
    for sources, members in groups:
        touching = [group for group in done if group[0] & sources]
        done = [group for group in done if not group[0] & sources]
        for other_sources, other_members in reversed(touching):
            sources, members = sources | other_sources, other_members + members  # noqa: PLW2901 -- grows
        done.append((sources, members))
    return done


def _around(sources: frozenset[Source], body: Node) -> Node:
    if not sources:
        return body
    ordered = tuple(sorted(sources, key=str))
    return Exists(body.at, Type.BOOL, body.depth + 1, ordered, body)


def _with(node: And | Or, parts: Sequence[Node]) -> Node:
    return type(node)(node.at, Type.BOOL, node.depth, tuple(parts))
