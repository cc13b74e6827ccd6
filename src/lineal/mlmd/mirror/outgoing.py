"""From a store of ours into a plain ML Metadata server.

A copy there is found again by its external id: the node's own, or else `lineal:` with its global
name (store, kind, id). So nothing has to be remembered, and a pass that broke off repeats nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from lineal.errors import InvalidInput
from lineal.metadata.exchange.origins import IdMap, origins_here, reversed_runs
from lineal.mlmd.errors import AlreadyExistsError, NotFoundError
from lineal.mlmd.metadata_store.calling import Local
from lineal.mlmd.mirror.peer import KINDS, WINDOW, Peer
from lineal.mlmd.mirror.progress import Mirrored, keep_mark, mark_of
from lineal.mlmd.proto import metadata_store_service_pb2 as sv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata import Store
    from lineal.metadata.batch.forms import Kind
    from lineal.mlmd.convert import Node

__all__ = ["mirror_out"]

_KEPT = ("id", "type_id", "type", "create_time_since_epoch", "last_update_time_since_epoch")


def mirror_out(store: Store, peer: Peer, *, full: bool = False) -> Mirrored:
    """Bring to `peer` what changed here since the last time; with `full`, look at everything.

    ML Metadata's own tables only: versions, aliases and history stay here.
    """
    if store.elsewhere is not None:
        raise InvalidInput("a mirror is kept where the database is, not through a server")
    return _Outgoing(store, peer, full=full).run()


class _Outgoing:
    def __init__(self, store: Store, peer: Peer, *, full: bool) -> None:
        self._store = store
        self._here = Peer(Local(store), store.uuid, store.where)
        self._peer = peer
        self._key = f"mirror/{peer.uuid}/out"
        self._since = None if full else mark_of(store, self._key)
        self._ids: dict[Kind, dict[int, int]] = {kind: {} for kind in KINDS}
        with store.reading() as (connection, _):
            origins = reversed_runs(origins_here(connection))
        # What came from there goes not back.
        self._theirs = {
            kind: next((ids for uuid, ids in origins.get(kind, []) if uuid == peer.uuid), IdMap())
            for kind in KINDS
        }
        self._new: Counter[str] = Counter()
        self._changed = 0

    def run(self) -> Mirrored:
        """Make one pass."""
        newest = self._since or 0
        ranges: dict[Kind, list[list[int]]] = {kind: [] for kind in KINDS}
        for kind in KINDS:
            types = self._bring_types(kind)
            for nodes in self._here.windows(kind, self._since):
                self._bring_nodes(kind, nodes, types)
                ranges[kind].append([node.id for node in nodes])
                newest = max(newest, *(node.last_update_time_since_epoch for node in nodes))
        executions = {number for ids in ranges["execution"] for number in ids}
        if self._since is not None:
            executions.update(self._here.busy_executions(self._since))
        ordered = sorted(executions)
        for start in range(0, len(ordered), WINDOW):
            self._bring_events(ordered[start : start + WINDOW])
        for kind in ("artifact", "execution"):
            for ids in ranges[kind]:
                self._bring_links(kind, ids)
        self._bring_parents([number for ids in ranges["context"] for number in ids])
        if newest != self._since:
            keep_mark(self._store, self._key, newest)
        return Mirrored(self._store.where, self._peer.shown, dict(self._new), self._changed)

    def _bring_types(self, kind: Kind) -> dict[int, int]:
        """Make or widen the types there; return their ids by the ids here."""
        request = sv.PutTypesRequest(can_add_fields=True, can_omit_fields=True)
        mine = self._here.types(kind)
        for message in mine:
            getattr(request, f"{kind}_types").add().CopyFrom(message)
            getattr(request, f"{kind}_types")[-1].ClearField("id")
        made = getattr(self._peer.ask("PutTypes", request), f"{kind}_type_ids")
        return {message.id: number for message, number in zip(mine, made, strict=True)}

    def _bring_nodes(self, kind: Kind, nodes: list[Node], types: dict[int, int]) -> None:
        name = f"{kind}s"
        nodes = [node for node in nodes if not self._is_theirs(kind, node.id)]
        there = self._there(kind, nodes) if nodes else {}
        request: Any = getattr(sv, f"Put{kind.title()}sRequest")()
        sent = []
        for node in nodes:
            known = there.get(self._outer(kind, node))
            if known is not None and _equal(node, known):
                self._ids[kind][node.id] = known.id
                continue
            copy = getattr(request, name).add()
            copy.CopyFrom(node)
            for field in _KEPT:
                copy.ClearField(field)
            copy.type_id = types[node.type_id]
            copy.external_id = self._outer(kind, node)
            if known is not None:
                copy.id = known.id
            sent.append((node, known is None))
        if not sent:
            return
        try:
            ids = getattr(self._peer.ask(f"Put{kind.title()}s", request), f"{kind}_ids")
        except AlreadyExistsError as error:
            raise AlreadyExistsError(
                f"{self._peer.shown} has a {kind} of its own with the type and name of one here; "
                f"rename one of them ({error.message})"
            ) from error
        for (node, is_new), number in zip(sent, ids, strict=True):
            self._ids[kind][node.id] = number
            self._new[kind] += is_new
            self._changed += not is_new

    def _is_theirs(self, kind: Kind, number: int) -> bool:
        """Return whether a node here came from there; then note which one it is."""
        found = self._theirs[kind].get(number)
        if found is not None:
            self._ids[kind][number] = found
        return found is not None

    def _there(self, kind: Kind, nodes: Sequence[Node]) -> dict[str, Any]:
        """Return the copies that are there by their external ids; contexts by name, too."""
        request: Any = getattr(sv, f"Get{kind.title()}sByExternalIdsRequest")()
        request.external_ids.extend(self._outer(kind, node) for node in nodes)
        try:
            answer = self._peer.ask(f"Get{kind.title()}sByExternalIds", request)
        except NotFoundError:  # none of them
            found = {}
        else:
            found = {node.external_id: node for node in getattr(answer, f"{kind}s")}
        if kind == "context":
            for node in nodes:
                outer = self._outer(kind, node)
                if outer in found:
                    continue
                wanted = sv.GetContextByTypeAndNameRequest(
                    type_name=node.type, context_name=node.name
                )
                held = self._peer.ask("GetContextByTypeAndName", wanted)
                if held.HasField("context"):
                    found[outer] = held.context
        return found

    def _outer(self, kind: Kind, node: Node) -> str:
        return node.external_id or f"lineal:{self._store.uuid}:{kind}:{node.id}"

    def _locate(self, kind: Kind, numbers: Sequence[int]) -> None:
        """Learn where nodes are that did not change in this pass."""
        missing = sorted({n for n in numbers if n not in self._ids[kind]})
        missing = [number for number in missing if not self._is_theirs(kind, number)]
        for start in range(0, len(missing), WINDOW):
            nodes = self._here.nodes(kind, missing[start : start + WINDOW])
            there = self._there(kind, nodes) if nodes else {}
            for node in nodes:
                if (held := there.get(self._outer(kind, node))) is not None:
                    self._ids[kind][node.id] = held.id

    def _bring_events(self, execution_ids: list[int]) -> None:
        events = self._here.events(execution_ids)
        self._locate("artifact", [event.artifact_id for event in events])
        self._locate("execution", [event.execution_id for event in events])
        there = {number: self._ids["execution"].get(number) for number in execution_ids}
        present = {
            (event.artifact_id, event.execution_id, event.type)
            for event in self._peer.events([number for number in there.values() if number])
        }
        request = sv.PutEventsRequest()
        for event in events:
            artifact = self._ids["artifact"].get(event.artifact_id)
            execution = self._ids["execution"].get(event.execution_id)
            if artifact is None or execution is None:
                continue  # it came after its window was read: the next pass brings it
            if (artifact, execution, event.type) not in present:
                copy = request.events.add()
                copy.CopyFrom(event)
                copy.artifact_id, copy.execution_id = artifact, execution
        if request.events:
            self._peer.ask("PutEvents", request)
        self._new["event"] += len(request.events)

    def _bring_links(self, kind: Kind, ids: list[int]) -> None:
        name = "attributions" if kind == "artifact" else "associations"
        links = self._here.links(kind, ids)
        self._locate("context", [link.context_id for link in links])
        self._locate(kind, [getattr(link, f"{kind}_id") for link in links])
        pairs = [
            (self._ids["context"].get(link.context_id), self._ids[kind].get(_end(link, kind)))
            for link in links
        ]
        held = self._peer.links(kind, [number for _, number in pairs if number])
        present = {(link.context_id, _end(link, kind)) for link in held}
        request = sv.PutAttributionsAndAssociationsRequest()
        for context, node in dict.fromkeys(pairs):
            if context is not None and node is not None and (context, node) not in present:
                getattr(request, name).add(**{"context_id": context, f"{kind}_id": node})
        new = len(getattr(request, name))
        if new:
            self._peer.ask("PutAttributionsAndAssociations", request)
        self._new[name[:-1]] += new

    def _bring_parents(self, context_ids: list[int]) -> None:
        request = sv.PutParentContextsRequest()
        for child in context_ids:
            parents = self._here.parents(child)
            if not parents:
                continue
            self._locate("context", [child, *parents])
            here = self._ids["context"]
            present = set(self._peer.parents(here[child]))
            for parent in parents:
                if here[parent] not in present:
                    request.parent_contexts.add(child_id=here[child], parent_id=here[parent])
        if request.parent_contexts:
            self._peer.ask("PutParentContexts", request)
        self._new["parent"] += len(request.parent_contexts)


def _end(link: Any, kind: Kind) -> int:
    number: int = getattr(link, f"{kind}_id")
    return number


def _equal(here: Node, there: Any) -> bool:
    """Return whether two nodes say the same, what each store gives apart."""
    copies = []
    for node in (here, there):
        copy: Any = type(here)()
        copy.CopyFrom(node)
        for field in (*_KEPT, "external_id"):
            copy.ClearField(field)
        copies.append(copy)
    return bool(copies[0] == copies[1])
