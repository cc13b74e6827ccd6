"""Update stored nodes: work out what differs, write that alone, keep what it replaces."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.batch.cells import check_text, encode, kept_value
from lineal.metadata.batch.checks import check_fields, check_limits, check_properties
from lineal.metadata.batch.forms import StructCell
from lineal.metadata.batch.inserting import explain_clash
from lineal.metadata.batch.shapes import fetch_nodes
from lineal.metadata.batch.statements import Clash, clashes
from lineal.metadata.faults import Stale
from lineal.metadata.structs import unpack_struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.metadata.batch.catalog import Catalog
    from lineal.metadata.batch.forms import Cell, NodeForm
    from lineal.metadata.batch.shapes import Shape
    from lineal.metadata.commit import Commit

__all__ = ["Mask", "Wish", "change_nodes"]

_Cells = dict[str, "Cell | None"]


@dataclass(frozen=True)
class Wish:
    """A node to update as it was sent, and when the caller saw it last changed, if that counts."""

    node: NodeForm
    expected: int | None = None


@dataclass
class Mask:
    """Which fields of stored nodes an update touches; without paths, all of them."""

    fields: set[str] = field(default_factory=set)
    properties: set[str] = field(default_factory=set)
    custom: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, paths: Sequence[str] | None) -> Mask | None:
        """Return the mask that these paths make; None if there are none.

        Unknown paths are ignored, as ML Metadata does.
        """
        if not paths:
            return None
        mask = cls()
        for path in paths:
            whole, dot, name = path.partition(".")
            if not dot:
                mask.fields.add(path)
            elif whole == "properties":
                mask.properties.add(name)
            elif whole == "custom_properties":
                mask.custom.add(name)
        return mask


def change_nodes(
    commit: Commit,
    shape: Shape,
    catalog: Catalog,
    wishes: Sequence[Wish],
    *,
    mask: Mask | None,
    force_update_time: bool = False,
) -> None:
    """Update stored nodes, one after the other, with one statement for each table and verb.

    A node that comes out as it was keeps its time, unless there is a force.
    """
    ids = [wish.node.id or 0 for wish in wishes]
    stored = fetch_nodes(commit, shape, catalog, ids)
    current = dict(stored)
    for wish, node_id in zip(wishes, ids, strict=True):
        before = current.get(node_id)
        if before is None:
            raise InvalidInput(
                f"there is no {shape.kind} with the id {node_id}; leave the id out to make one"
            )
        _check_same_type(shape, wish.node, before)
        _check_fresh(shape, wish, before)
        declared = catalog.by_id[before.type_id or 0].properties
        after = _merged(shape, declared, wish.node, before, mask)
        if not force_update_time and not _differs(shape, wish.node, after, before):
            continue
        after.updated = commit.milliseconds
        if wish.expected is not None:  # so that the same expectation fails the next time
            after.updated = max(after.updated, before.updated + 1)
        current[node_id] = after
    changed = [(stored[key], node) for key, node in current.items() if node is not stored[key]]
    if changed:
        _write(commit, shape, changed)


def _check_fresh(shape: Shape, wish: Wish, before: NodeForm) -> None:
    """Raise `Stale` if the node changed since the caller read it."""
    if wish.expected is not None and wish.expected != before.updated:
        raise Stale(
            f"{shape.kind}/{before.id} was last updated at {before.updated} ms, "
            f"not at {wish.expected} as expected; read it again, then decide anew"
        )


def _check_same_type(shape: Shape, node: NodeForm, before: NodeForm) -> None:
    if node.type_id is not None and node.type_id != before.type_id:
        raise InvalidInput(
            f"{shape.kind}/{before.id} is of the type {before.type_id}, "
            f"which can't become {node.type_id}"
        )


def _merged(
    shape: Shape,
    declared: Mapping[str, int],
    node: NodeForm,
    before: NodeForm,
    mask: Mask | None,
) -> NodeForm:
    """Return the node as it will stand: `before`, with what `node` and `mask` change."""
    after = copy(before)
    if mask is None:
        if shape.kind == "context":  # other names never change
            after.name = node.name
        after.external_id, after.state = node.external_id, node.state
        after.uri = (node.uri or "") if shape.has_uri else None
        after.properties, after.custom = dict(node.properties), dict(node.custom)
        check_properties(declared, node.properties)
    else:
        fields = mask.fields
        if shape.kind == "context" and "name" in fields:
            after.name = node.name
        if "external_id" in fields:
            after.external_id = node.external_id
        if "uri" in fields and shape.has_uri:
            after.uri = node.uri or ""
        if shape.state in fields:
            after.state = node.state
        whole = "properties" in fields
        after.properties = _laid_over(before.properties, node.properties, whole, mask.properties)
        given = node.properties.items()
        check_properties(declared, {k: v for k, v in given if whole or k in mask.properties})
        whole = "custom_properties" in fields
        after.custom = _laid_over(before.custom, node.custom, whole, mask.custom)
    check_fields(shape, after)
    return after


def _laid_over(before: _Cells, sent: _Cells, whole: bool, names: set[str]) -> _Cells:
    """Return `before` with the masked names as sent: set, or gone if they were not sent."""
    if whole:
        return dict(sent)
    if not names:
        return before
    after = dict(before)
    for name in names:
        after.pop(name, None)
        if name in sent:
            after[name] = sent[name]
    return after


def _differs(shape: Shape, node: NodeForm, after: NodeForm, before: NodeForm) -> bool:
    """Tell whether a node as sent is another than the stored one.

    All that ML Metadata's messages say counts, but for the type's id and the times: even a name
    that never changes, the type's name, and fields that a mask leaves alone. Of the properties
    those count that the mask names.
    """
    return (
        node.name != before.name
        or node.external_id != before.external_id
        or node.type != before.type
        or (shape.has_uri and node.uri != before.uri)
        or (shape.state is not None and node.state != before.state)
        or not _same_cells(after.properties, before.properties)
        or not _same_cells(after.custom, before.custom)
    )


def _same_cells(left: _Cells, right: _Cells) -> bool:
    return left.keys() == right.keys() and all(
        _same(cell, right[name]) for name, cell in left.items()
    )


def _same(left: Cell | None, right: Cell | None) -> bool:
    if type(left) is not type(right):
        return False
    if left == right:
        return True
    # A Struct is a map, whose entries two clients write in different order.
    return (
        isinstance(left, StructCell)
        and isinstance(right, StructCell)
        and len(left) == len(right)
        and unpack_struct(left) == unpack_struct(right)
    )


def _write(commit: Commit, shape: Shape, changed: Sequence[tuple[NodeForm, NodeForm]]) -> None:
    """Write what differs between each stored node and what it becomes, keeping the old values."""
    removed: list[tuple[object, ...]] = []
    added: list[tuple[object, ...]] = []
    for before, after in changed:
        for custom, old, new in (
            (False, before.properties, after.properties),
            (True, before.custom, after.custom),
        ):
            if new is old:
                continue
            removed += [(before.id, name, custom) for name in old.keys() - new.keys()]
            for name, cell in new.items():
                if name not in old or not _same(cell, old[name]):
                    if custom:
                        check_text("the name of a custom property", name)
                    added.append((before.id, name, custom, *encode(name, cell)))
    nodes = [after for _, after in changed]
    check_limits(commit, nodes, added)
    commit.keep_many(shape.kind, [(n.id or 0, _kept(shape, n, after)) for n, after in changed])
    try:
        shape.update.run(commit, [shape.changes(node) for node in nodes])
    except clashes(commit) as error:
        raise Clash(partial(explain_clash, commit, shape, nodes)) from error
    shape.remove.run(commit, removed)
    commit.upsert_rows(
        shape.properties, shape.property_columns, added, key=shape.property_columns[:3]
    )


def _kept(shape: Shape, before: NodeForm, after: NodeForm) -> dict[str, object]:
    """Return the values that `after` replaces, as history keeps them."""
    new = shape.values(after)
    kept = {name: old for name, old in shape.values(before).items() if old != new[name]}
    kept["last_update_time_since_epoch"] = before.updated
    if not _same_cells(before.properties, after.properties):
        kept["properties"] = _kept_cells(before.properties)
    if not _same_cells(before.custom, after.custom):
        kept["custom_properties"] = _kept_cells(before.custom)
    return kept


def _kept_cells(cells: _Cells) -> dict[str, object]:
    return {name: kept_value(cell) for name, cell in cells.items() if cell is not None}
