"""Put artifacts, executions and contexts: new ones inserted, those with an id updated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.batch.catalog import catalog_of
from lineal.metadata.batch.changing import Mask, Wish, change_nodes
from lineal.metadata.batch.inserting import insert_nodes
from lineal.metadata.batch.shapes import SHAPES
from lineal.metadata.batch.statements import atomic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata.batch.forms import Kind, NodeForm
    from lineal.metadata.commit import Commit
    from lineal.metadata.transaction import Transaction

__all__ = ["put_nodes", "upsert_nodes"]


def put_nodes(
    transaction: Transaction,
    kind: Kind,
    nodes: Sequence[NodeForm],
    *,
    fields: Sequence[str] | None = None,
    expected_updates: Sequence[int | None] | None = None,
    force_update_time: bool = False,
) -> list[int]:
    """Insert nodes without an id, update those with one; return all ids, in order.

    Without `fields` an update replaces everything that may change; with them (`uri`,
    `properties.k`, ...) only these. `expected_updates` are the times at which the caller saw
    the nodes last updated, where that counts: `Stale` is raised if one changed since. All of the
    call is done, or nothing.
    """
    if not nodes:
        return []
    if expected_updates is not None and len(expected_updates) != len(nodes):
        raise InvalidInput(
            f"{len(nodes)} {kind}s came with {len(expected_updates)} expected update times"
        )
    with atomic(transaction.commit):
        return upsert_nodes(
            transaction.commit,
            kind,
            nodes,
            mask=Mask.of(fields),
            expected_updates=expected_updates,
            force_update_time=force_update_time,
        )


def upsert_nodes(
    commit: Commit,
    kind: Kind,
    nodes: Sequence[NodeForm],
    *,
    mask: Mask | None = None,
    expected_updates: Sequence[int | None] | None = None,
    force_update_time: bool = False,
) -> list[int]:
    """Do what `put_nodes` does as a part of something greater, which undoes it if it fails."""
    if not nodes:
        return []
    shape, catalog = SHAPES[kind], catalog_of(commit)
    ids: list[int | None] = [node.id for node in nodes]
    expected = expected_updates or [None] * len(nodes)
    wishes = [
        Wish(node, time) for node, time in zip(nodes, expected, strict=True) if node.id is not None
    ]
    if wishes:
        change_nodes(commit, shape, catalog, wishes, mask=mask, force_update_time=force_update_time)
    new = [node for node in nodes if node.id is None]
    if new:
        made = iter(insert_nodes(commit, shape, catalog, new))
        ids = [next(made) if node_id is None else node_id for node_id in ids]
    return [node_id for node_id in ids if node_id is not None]
