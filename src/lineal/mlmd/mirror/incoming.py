"""From a plain ML Metadata server into a store of ours.

Each window of nodes is one transaction with the ids that they have there and here, so that a
crash loses nothing and repeats nothing. Events and links follow when their ends are here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata import tables
from lineal.metadata.batch import reading
from lineal.metadata.batch.edges import put_events, put_links, put_parents
from lineal.metadata.batch.forms import Link
from lineal.metadata.batch.nodes import put_nodes
from lineal.metadata.batch.types import put_types
from lineal.metadata.exchange.origins import IdMap, origins_here, write_runs
from lineal.mlmd.convert import event_form, forms_of, type_form
from lineal.mlmd.mirror.peer import KINDS, WINDOW
from lineal.mlmd.mirror.progress import Mirrored, keep_mark, mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lineal.metadata import Store
    from lineal.metadata.batch.forms import Kind, NodeForm
    from lineal.metadata.commit import Commit
    from lineal.mlmd.convert import Node
    from lineal.mlmd.mirror.peer import Peer

__all__ = ["Mirrored", "mirror_in"]


def mirror_in(peer: Peer, store: Store, *, full: bool = False) -> Mirrored:
    """Take over what changed at `peer` since the last time; with `full`, look at everything.

    What is not looked at unless `full`: links and events that were made later, with an old time,
    between nodes that did not change. Nothing is removed here that was removed there.
    """
    if store.elsewhere is not None:
        raise InvalidInput("a mirror is kept where the database is, not through a server")
    return _Incoming(peer, store, full=full).run()


class _Incoming:
    def __init__(self, peer: Peer, store: Store, *, full: bool) -> None:
        self._peer = peer
        self._store = store
        self._key = f"mirror/{peer.uuid}/in"
        self._since = None if full else mark_of(store, self._key)
        self._own: dict[Kind, dict[int, int]] = {kind: {} for kind in KINDS}
        self._types: dict[Kind, dict[int, int]] = {}
        self._new: Counter[str] = Counter()
        self._changed = 0
        self._newest = self._since or 0
        with store.reading() as (connection, _):
            known = origins_here(connection)
        self._ids = {kind: known.get((peer.uuid, kind), IdMap()) for kind in KINDS}

    def run(self) -> Mirrored:
        """Make one pass."""
        for kind in KINDS:
            self._take_types(kind)
        ranges: dict[Kind, list[list[int]]] = {kind: [] for kind in KINDS}
        for kind in KINDS:
            for nodes in self._peer.windows(kind, self._since):
                self._take_nodes(kind, nodes)
                ranges[kind].append([node.id for node in nodes])
                latest = max(node.last_update_time_since_epoch for node in nodes)
                self._newest = max(self._newest, latest)
        executions = {number for ids in ranges["execution"] for number in ids}
        if self._since is not None:
            executions.update(self._peer.busy_executions(self._since))
        ordered = sorted(executions)
        for start in range(0, len(ordered), WINDOW):
            self._take_events(ordered[start : start + WINDOW])
        for kind in ("artifact", "execution"):
            for ids in ranges[kind]:
                self._take_links(kind, ids)
        self._take_parents([number for ids in ranges["context"] for number in ids])
        if self._newest != self._since:
            keep_mark(self._store, self._key, self._newest)
        return Mirrored(self._peer.shown, self._store.where, dict(self._new), self._changed)

    def _take_types(self, kind: Kind) -> None:
        messages = self._peer.types(kind)
        forms = []
        for message in messages:
            form = type_form(message)
            form.id = None
            forms.append(form)
        with self._store.write() as transaction:
            ids = put_types(transaction, kind, forms, can_add_fields=True, can_omit_fields=True)
        self._types[kind] = {m.id: local for m, local in zip(messages, ids, strict=True)}

    def _take_nodes(self, kind: Kind, nodes: list[Node]) -> None:
        known, types = self._ids[kind], self._types[kind]
        nodes = [node for node in nodes if not self._is_ours(kind, node)]
        with self._store.write() as transaction:
            commit = transaction.commit
            forms = forms_of(kind, nodes)
            for form, node in zip(forms, nodes, strict=True):
                form.type_id, form.id = types[node.type_id], known.get(node.id)
            fresh = [pair for pair in zip(forms, nodes, strict=True) if pair[0].id is None]
            _meet(commit, kind, [form for form, _ in fresh], self._peer.uuid)
            put = [form for form, _ in fresh if form.id is None]
            changing = [form for form in forms if form.id is not None]
            before = _stored(commit, kind, changing)
            for form in changing:
                form.name = before[form.id or 0].name  # which it may have got from us
            ids = put_nodes(transaction, kind, [*changing, *put])
            for form, local in zip(put, ids[len(changing) :], strict=True):
                form.id = local
            for form, node in fresh:
                known.add(node.id, form.id or 0)
            if fresh:
                write_runs(commit.connection, commit.backend, self._peer.uuid, kind, list(known))
            after = _stored(commit, kind, changing)
        self._new[kind] += len(put)
        self._changed += sum(row != before[number] for number, row in after.items())

    def _is_ours(self, kind: Kind, node: Node) -> bool:
        """Return whether a node there is our own, which went out; then note which one."""
        own, _, number = node.external_id.rpartition(":")
        if own != f"lineal:{self._store.uuid}:{kind}" or not number.isdecimal():
            return False
        self._own[kind][node.id] = int(number)
        return True

    def _local(self, kind: Kind, number: int) -> int | None:
        """Return the id here of a node there; None if it is not here yet."""
        return self._ids[kind].get(number) or self._own[kind].get(number)

    def _locate(self, kind: Kind, numbers: Iterable[int]) -> None:
        """Learn which of our own nodes are those there that did not change in this pass."""
        unknown = sorted({n for n in numbers if self._local(kind, n) is None})
        for node in self._peer.nodes(kind, unknown):
            self._is_ours(kind, node)

    def _take_events(self, execution_ids: list[int]) -> None:
        forms = []
        messages = self._peer.events(execution_ids)
        self._locate("artifact", (message.artifact_id for message in messages))
        self._locate("execution", execution_ids)
        for message in messages:
            form = event_form(message)
            form.artifact_id = self._local("artifact", message.artifact_id)
            form.execution_id = self._local("execution", message.execution_id)
            # A node that came after its window was read comes with the next pass.
            if form.artifact_id is not None and form.execution_id is not None:
                forms.append(form)
        with self._store.write() as transaction:
            here = {
                (event.artifact_id, event.execution_id, event.type)
                for event in reading.events(
                    transaction.commit.connection,
                    execution_ids=sorted({form.execution_id or 0 for form in forms}),
                )
            }
            new = [f for f in forms if (f.artifact_id, f.execution_id, f.type) not in here]
            put_events(transaction, new)
        self._new["event"] += len(new)

    def _take_links(self, kind: Kind, ids: list[int]) -> None:
        name = "attribution" if kind == "artifact" else "association"
        wanted = []
        messages = self._peer.links(kind, ids)
        self._locate("context", (message.context_id for message in messages))
        for message in messages:
            context = self._local("context", message.context_id)
            node = self._local(kind, getattr(message, f"{kind}_id"))
            if context is not None and node is not None:
                wanted.append(Link(context, node))
        with self._store.write() as transaction:
            connection = transaction.commit.connection
            nodes = sorted({link.second or 0 for link in wanted})
            here = set(
                reading.attributions(connection, artifact_ids=nodes)
                if kind == "artifact"
                else reading.associations(connection, execution_ids=nodes)
            )
            new = [link for link in dict.fromkeys(wanted) if link not in here]
            put_links(transaction, *((new, []) if kind == "artifact" else ([], new)))
        self._new[name] += len(new)

    def _take_parents(self, context_ids: list[int]) -> None:
        pairs = [(child, parent) for child in context_ids for parent in self._peer.parents(child)]
        self._locate("context", (number for pair in pairs for number in pair))
        wanted = [Link(*(self._local("context", number) for number in pair)) for pair in pairs]
        with self._store.write() as transaction:
            children = sorted({link.first or 0 for link in wanted})
            held = reading.parents(transaction.commit.connection, children)
            here = {Link(child, form.id) for child, forms in held.items() for form in forms}
            new = [link for link in wanted if link not in here and None not in link]
            put_parents(transaction, new)
        self._new["parent"] += len(new)


def _stored(
    commit: Commit, kind: Kind, forms: Sequence[NodeForm]
) -> dict[int, sa.Row[int, str | None, int]]:
    """Return the rows of the nodes that have an id."""
    table: sa.Table = getattr(tables, kind)
    ids = [form.id for form in forms if form.id is not None]
    query = sa.select(table.c.id, table.c.name, table.c.last_update_time_since_epoch)
    rows = commit.connection.execute(query.where(commit.backend.among(table.c.id, ids))).all()
    return {row.id: row for row in rows}


def _meet(commit: Commit, kind: Kind, forms: Sequence[NodeForm], source: str) -> None:
    """Find what is here already, from elsewhere: by external id, a context by type and name.

    An artifact of one's type and name is the same if it lies at the same place. What only has
    the same name gets another.
    """
    table: sa.Table = getattr(tables, kind)
    names = [form.name for form in forms if form.name is not None]
    outer = [form.external_id for form in forms if form.external_id]
    condition = sa.or_(
        commit.backend.among(table.c.name, names), commit.backend.among(table.c.external_id, outer)
    )
    rows = commit.connection.execute(sa.select(table).where(condition)).all()
    by_name = {(row.type_id, row.name): row for row in rows}
    by_outer = {row.external_id: row for row in rows if row.external_id}
    for form in forms:
        same = by_outer.get(form.external_id)
        called = by_name.get((form.type_id, form.name)) if form.name is not None else None
        if same is not None and same.type_id == form.type_id:
            form.id = same.id
        elif called is not None:
            if kind == "context" or (kind == "artifact" and called.uri == (form.uri or "")):
                form.id = called.id
            else:
                form.name = f"{form.name} (from {source[:8]})"
