"""A filter that was read and checked, in the meaning of Lineal's own API."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lineal.metadata.filters.evaluate import Neighbours, evaluate
from lineal.metadata.filters.parser import read
from lineal.metadata.filters.scopes import scoped
from lineal.metadata.filters.syntax import Attribute, Has, Node, NodeKindName, Reach, walk

if TYPE_CHECKING:
    from lineal.metadata.filters.evaluate import AnyNode
    from lineal.metadata.filters.fitting import Meaning

__all__ = ["Filter", "parse"]

_ALONE = Neighbours()


@dataclass(frozen=True)
class Filter:
    """A checked filter of nodes of one kind."""

    text: str
    kind: NodeKindName
    condition: Node | None

    def matches(self, node: AnyNode, neighbours: Neighbours = _ALONE) -> bool | None:
        """Return whether a node fulfils the filter; None, as in SQL, if that is unknown.

        Only what the filter `mentions` needs to be among the neighbours.
        """
        return True if self.condition is None else evaluate(self.condition, node, neighbours)

    @property
    def mentions(self) -> frozenset[str]:
        """What beside the node it asks for: "contexts", "events", ..., "version", "lineage"."""
        found: set[str] = set()
        for each in walk(self.condition) if self.condition else ():
            if isinstance(each, Reach):
                found.add("lineage")
            elif isinstance(each, Attribute | Has):
                found.add(each.source.of)
        return frozenset(found - {"node", "properties", "custom_properties"})


def parse(text: str, kind: NodeKindName, *, meaning: Meaning = "lineal") -> Filter:
    """Read and check a filter; raise `InvalidFilter` pointing at what is wrong.

    `meaning` "mlmd" takes only what ML Metadata takes.
    """
    return _parsed(text, kind, meaning)


@lru_cache(maxsize=256)
def _parsed(text: str, kind: NodeKindName, meaning: Meaning) -> Filter:
    node = read(text, kind, meaning)
    return Filter(text, kind, None if node is None else scoped(node))
