"""The writing half of `Graph`: plain typed objects in, ids out, one commit a call or a batch."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from lineal.errors import InvalidInput
from lineal.metadata.batch import compound, edges, nodes, types
from lineal.metadata.batch.arguments import (
    instance,
    instances,
    kind_of,
    listed,
    text,
    unexpected,
)
from lineal.metadata.batch.catalog import catalog_of
from lineal.metadata.batch.cells import shown
from lineal.metadata.batch.forms import EventForm
from lineal.metadata.batch.plain import (
    CLASSES,
    Former,
    edge_of,
    event_form,
    keyed,
    kind_of_type,
    link_of,
    milliseconds,
    paths_of,
    type_form,
)
from lineal.metadata.integers import whole
from lineal.metadata.model import (
    Artifact,
    Association,
    Attribution,
    Context,
    Event,
    EventType,
    Execution,
    ParentContext,
    Part,
)
from lineal.metadata.served import served_method

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Self

    import pyarrow as pa

    from lineal.metadata.batch.forms import Kind
    from lineal.metadata.batch.loading import Loadable
    from lineal.metadata.model import NodeType
    from lineal.metadata.store import Store
    from lineal.metadata.transaction import Transaction

__all__ = ["GraphWrites", "PutExecution", "PutLineage"]

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class PutExecution:
    """The ids that `put_execution` gave or found, inputs and outputs by their keys."""

    execution: int
    inputs: Mapping[str, list[int]]
    outputs: Mapping[str, list[int]]
    contexts: list[int]


@dataclass(frozen=True)
class PutLineage:
    """The ids that `put_lineage` gave or found, each in the order of what was given."""

    executions: list[int]
    artifacts: list[int]
    contexts: list[int]


class GraphWrites:
    """Puts whole batches into the graph."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._open = threading.local()

    @contextmanager
    def batch(self) -> Iterator[Self]:
        """Make one commit of all that is put inside, by this thread: all of it, or nothing.

        Within it, one call that fails, caught or not, undoes the whole batch.
        """
        if self._transaction() is not None:
            raise InvalidInput("a batch is open in this thread already; put into that one")
        with self.store.write() as transaction:
            self._open.transaction, self._open.failure = transaction, None
            try:
                yield self
                if self._open.failure is not None:
                    raise InvalidInput(
                        "nothing of the batch is stored, because a call in it failed: "
                        f"{self._open.failure}"
                    ) from self._open.failure
            finally:
                self._open.transaction = None

    @served_method(writes=True)
    def put_types(
        self, types_: Iterable[NodeType], *, can_add: bool = False, can_omit: bool = False
    ) -> list[int]:
        """Make types, or widen those that are called so; return their ids, in order.

        A type is known by its kind, name and version. Properties that a stored one lacks are
        added only with `can_add`; leaving out some that it has takes `can_omit`, and they stay.
        """
        given = listed(types_, "types")
        kinds = [kind_of_type(each) for each in given]
        forms = [type_form(each) for each in given]

        def act(transaction: Transaction) -> dict[int, int]:
            ids: dict[int, int] = {}
            for kind in ("artifact", "execution", "context"):
                places = [place for place, each in enumerate(kinds) if each == kind]
                made = types.put_types(
                    transaction,
                    kind,
                    [forms[place] for place in places],
                    can_add_fields=can_add,
                    can_omit_fields=can_omit,
                    words=types.Words("can_add", "can_omit"),
                )
                ids.update(zip(places, made, strict=True))
            return ids

        ids = self._write(act)
        return [ids[place] for place in range(len(given))]

    @served_method(writes=True)
    def put_artifacts(
        self,
        artifacts: Iterable[Artifact],
        *,
        fields: Sequence[str] | None = None,
        expect_unchanged: bool = False,
    ) -> list[int]:
        """Insert artifacts without an id, update those with one; return the ids, in order.

        An update replaces everything, or, with `fields`, only these: `uri`, `state`,
        `external_id`, `properties`, `properties.NAME`, and so on. With `expect_unchanged`, one
        that changed since it was read, as its `updated` tells, raises `Stale`. Of an id that is
        given twice the updates are made one after the other: what the last says stays.
        """
        return self._put("artifact", artifacts, fields, expect_unchanged=expect_unchanged)

    @served_method(writes=True)
    def put_executions(
        self,
        executions: Iterable[Execution],
        *,
        fields: Sequence[str] | None = None,
        expect_unchanged: bool = False,
    ) -> list[int]:
        """Insert executions without an id, update those with one, as `put_artifacts` does."""
        return self._put("execution", executions, fields, expect_unchanged=expect_unchanged)

    @served_method(writes=True)
    def put_contexts(
        self,
        contexts: Iterable[Context],
        *,
        fields: Sequence[str] | None = None,
        expect_unchanged: bool = False,
    ) -> list[int]:
        """Insert contexts without an id, update those with one, as `put_artifacts` does."""
        return self._put("context", contexts, fields, expect_unchanged=expect_unchanged)

    @served_method(writes=True)
    def put_events(self, events: Iterable[Event]) -> None:
        """Insert events between stored artifacts and executions; they take the present time."""
        forms = [event_form(event) for event in instances(events, Event, "events")]
        self._write(lambda transaction: edges.put_events(transaction, forms))

    @served_method(writes=True)
    def put_links(self, links: Iterable[Attribution | Association]) -> None:
        """Put artifacts and executions into contexts; those that are in them already stay."""
        given = listed(links, "links")
        for link in given:
            if not isinstance(link, Attribution | Association):
                raise unexpected(link, "an Attribution or Association")
        attributions = [
            link_of(link, "context_id", "artifact_id")
            for link in given
            if isinstance(link, Attribution)
        ]
        associations = [
            link_of(link, "context_id", "execution_id")
            for link in given
            if isinstance(link, Association)
        ]
        self._write(lambda transaction: edges.put_links(transaction, attributions, associations))

    @served_method(writes=True)
    def put_parent_contexts(self, links: Iterable[ParentContext]) -> None:
        """Put contexts into others; a cycle is refused."""
        given = instances(links, ParentContext, "links")
        forms = [link_of(link, "child_id", "parent_id") for link in given]
        self._write(lambda transaction: edges.put_parents(transaction, forms))

    @served_method(writes=True)
    def put_execution(
        self,
        execution: Execution,
        *,
        inputs: Mapping[str, Artifact | int | Sequence[Artifact | int]] | None = None,
        outputs: Mapping[str, Artifact | int | Sequence[Artifact | int]] | None = None,
        contexts: Sequence[Context] = (),
        reuse_contexts: bool = False,
        reuse_artifacts: bool = False,
    ) -> PutExecution:
        """Put an execution with its inputs, outputs and contexts.

        Inputs and outputs are artifacts, or ids of stored ones, by key. With `reuse_contexts`,
        a context of a known type and name is taken as it stands; with `reuse_artifacts`, an
        artifact with a known external id is updated.
        """
        given = [
            (kind, key, index, each)
            for kind, field, values in (
                (EventType.INPUT, "inputs", inputs),
                (EventType.OUTPUT, "outputs", outputs),
            )
            for key, index, each in keyed(field, {} if values is None else values)
        ]
        groups = listed(contexts, "contexts")

        def act(transaction: Transaction) -> tuple[int, list[int], list[int]]:
            form = Former(catalog_of(transaction.commit))
            stored = [each for *_, each in given if not isinstance(each, Artifact)]
            edges.check_present(transaction.commit, "artifact", stored)
            return compound.put_execution(
                transaction,
                form("execution", execution),
                [
                    (form("artifact", each), _event(kind, key, index))
                    if isinstance(each, Artifact)
                    else (None, _event(kind, key, index, artifact_id=each))
                    for kind, key, index, each in given
                ],
                [form("context", context) for context in groups],
                reuse_context=reuse_contexts,
                reuse_artifact=reuse_artifacts,
            )

        execution_id, artifact_ids, context_ids = self._write(act)
        found: dict[EventType, dict[str, list[int]]] = {EventType.INPUT: {}, EventType.OUTPUT: {}}
        for (kind, key, _, _), artifact_id in zip(given, artifact_ids, strict=True):
            found[kind].setdefault(key, []).append(artifact_id)
        return PutExecution(
            execution_id, found[EventType.INPUT], found[EventType.OUTPUT], context_ids
        )

    @served_method(writes=True)
    def put_lineage(
        self,
        *,
        executions: Sequence[Execution] = (),
        artifacts: Sequence[Artifact] = (),
        contexts: Sequence[Context] = (),
        parts: Sequence[Part] = (),
        reuse_contexts: bool = False,
        reuse_artifacts: bool = False,
    ) -> PutLineage:
        """Put many executions and artifacts, and what part each artifact had in which.

        All of them are put into every context given.
        """
        made = listed(executions, "executions")
        data, groups = listed(artifacts, "artifacts"), listed(contexts, "contexts")
        edges_ = [edge_of(part) for part in instances(parts, Part, "parts")]

        def act(transaction: Transaction) -> tuple[list[int], list[int], list[int]]:
            form = Former(catalog_of(transaction.commit))
            return compound.put_subgraph(
                transaction,
                [form("execution", each) for each in made],
                [form("artifact", each) for each in data],
                [form("context", each) for each in groups],
                edges_,
                reuse_context=reuse_contexts,
                reuse_artifact=reuse_artifacts,
            )

        return PutLineage(*self._write(act))

    @served_method(writes=True)
    def load(
        self,
        kind: Kind,
        data: Loadable,
        *,
        type: str,  # noqa: A002 -- the field's own name for it
        type_id: int | None = None,
        make_type: bool = False,
    ) -> pa.Int64Array:
        """Insert a table of nodes of one type, however large; return their ids.

        `data` is an Arrow table or stream. Its columns are the nodes' fields (`name`, `uri`,
        `state`, `external_id`), properties by their names or as `properties.NAME`, and
        `custom_properties.NAME`. A null stands for nothing. With `make_type` the type is made of
        the columns, or widened by those that it lacks. All of it is one commit.
        """
        from lineal.metadata.batch.loading import load_nodes

        kind_of(kind), text(type, "type")
        number = None if type_id is None else whole(type_id, "type_id")
        if not hasattr(data, "__arrow_c_stream__"):
            raise InvalidInput(f"data is {shown(data)}; give an Arrow table or stream")

        def act(transaction: Transaction) -> pa.Int64Array:
            return load_nodes(
                transaction, kind, data, type_name=type, type_id=number, make_type=make_type
            )

        return self._write(act, again=False)  # what a stream gave, it gives once

    # Inside

    def _put(
        self,
        kind: Kind,
        given: Iterable[Artifact | Execution | Context],
        fields: Sequence[str] | None,
        *,
        expect_unchanged: bool,
    ) -> list[int]:
        wanted = listed(given, f"{kind}s")
        paths = paths_of(kind, fields)
        expected = None
        if expect_unchanged:
            expected = [
                None if getattr(node, "id", None) is None else _read_at(kind, node)
                for node in wanted
            ]

        def act(transaction: Transaction) -> list[int]:
            form = Former(catalog_of(transaction.commit))
            forms = [form(kind, node) for node in wanted]
            return nodes.put_nodes(
                transaction, kind, forms, fields=paths, expected_updates=expected
            )

        return self._write(act)

    def _transaction(self) -> Transaction | None:
        found: Transaction | None = getattr(self._open, "transaction", None)
        return found

    def _write(self, act: Callable[[Transaction], _Result], *, again: bool = True) -> _Result:
        """Return what `act` returns, done in the open batch, or in a commit of its own.

        With `again` it is done again if the database undid it to let another go first.
        """
        transaction = self._transaction()
        if transaction is None and again:
            return self.store.transact(act)
        if transaction is None:
            with self.store.write() as own:
                return act(own)
        try:
            return act(transaction)
        except BaseException as error:
            self._open.failure = error
            raise


def _event(kind: EventType, key: str, index: int, *, artifact_id: int | None = None) -> EventForm:
    return EventForm(artifact_id=artifact_id, type=int(kind), path=(key, index))


def _read_at(kind: Kind, node: Artifact | Execution | Context) -> int | None:
    instance(node, CLASSES[kind])
    if node.updated is None:
        raise InvalidInput(
            f"{kind}/{node.id} does not tell when it was last updated; read it from the graph"
        )
    return milliseconds(node.updated, "time of an update")
