"""Find a cycle in a graph, however deep it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["find_cycle"]


def find_cycle(arrows: Mapping[int, Sequence[int]], starts: Iterable[int]) -> list[int]:
    """Return the nodes of a cycle that is reached from `starts`, its first one again at the end.

    Returns an empty list if there is none. Depth first, without recursion.
    """
    done: set[int] = set()
    for start in starts:
        path: list[int] = [start]
        inside = {start}
        open_arrows = [iter(arrows.get(start, ()))]
        while path and start not in done:
            following = next(open_arrows[-1], None)
            if following is None:
                done.add(path[-1])
                inside.discard(path.pop())
                open_arrows.pop()
            elif following in inside:
                return [*path[path.index(following) :], following]
            elif following not in done:
                path.append(following)
                inside.add(following)
                open_arrows.append(iter(arrows.get(following, ())))
    return []
