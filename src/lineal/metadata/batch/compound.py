"""Put whole executions and subgraphs: nodes, events and links in one call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.batch.catalog import NUMBER_OF_KIND, catalog_of
from lineal.metadata.batch.cells import shown
from lineal.metadata.batch.edges import check_event, insert_events, insert_links
from lineal.metadata.batch.forms import EventForm, Link
from lineal.metadata.batch.nodes import upsert_nodes
from lineal.metadata.batch.shapes import SHAPES
from lineal.metadata.batch.statements import atomic
from lineal.metadata.faults import OutOfRange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata.batch.forms import Edge, Kind, NodeForm
    from lineal.metadata.commit import Commit
    from lineal.metadata.transaction import Transaction

__all__ = ["put_execution", "put_subgraph"]

Pair = tuple["NodeForm | None", "EventForm | None"]
_Key = tuple[int | None, str | None]  # a context's type and name


def put_execution(
    transaction: Transaction,
    execution: NodeForm,
    pairs: Sequence[Pair],
    contexts: Sequence[NodeForm],
    *,
    reuse_context: bool = False,
    reuse_artifact: bool = False,
    force_reuse_context: bool = False,
    force_update_time: bool = False,
) -> tuple[int, list[int], list[int]]:
    """Put an execution with its artifacts, events and contexts; return all their ids.

    Pairs are an artifact and its event, or one of them alone; those with neither are skipped.
    Execution and artifacts are put into every context. With `reuse_context`, one of a known
    type and name is taken as it stands; with `force_reuse_context`, so is one that has an id;
    with `reuse_artifact`, an artifact with a known external id is updated. All of the call is
    done, or nothing.
    """
    told = [pair for pair in pairs if pair != (None, None)]
    for artifact, event in told:
        _check_pair(execution, artifact, event)
    for context in contexts:
        if not (force_reuse_context and context.id is not None):
            _check_context(context)
    commit = transaction.commit
    with atomic(commit):
        artifacts = [artifact for artifact, _ in told if artifact is not None]
        made = iter(_put_artifacts(commit, artifacts, reuse=reuse_artifact))
        artifact_ids = [
            next(made) if artifact is not None else (event and event.artifact_id) or 0
            for artifact, event in told
        ]
        (execution_id,) = upsert_nodes(
            commit, "execution", [execution], force_update_time=force_update_time
        )
        events = [
            _between(event, artifact_id, execution_id)
            for (_, event), artifact_id in zip(told, artifact_ids, strict=True)
            if event is not None
        ]
        insert_events(commit, events)
        context_ids = _put_contexts(
            commit, contexts, reuse=reuse_context, as_they_are=force_reuse_context
        )
        _link_all(commit, context_ids, artifact_ids, [execution_id])
    return execution_id, artifact_ids, context_ids


def put_subgraph(
    transaction: Transaction,
    executions: Sequence[NodeForm],
    artifacts: Sequence[NodeForm],
    contexts: Sequence[NodeForm],
    edges: Sequence[Edge],
    *,
    reuse_context: bool = False,
    reuse_artifact: bool = False,
) -> tuple[list[int], list[int], list[int]]:
    """Put many executions and artifacts with their events; return the ids of all nodes.

    An edge's ends are indexes into `executions` and `artifacts`, or ids in its event. All nodes
    are put into every context of the call. All of the call is done, or nothing.
    """
    for edge in edges:
        _check_edge(edge, executions, artifacts)
    commit = transaction.commit
    catalog = catalog_of(commit)
    kinds: Sequence[tuple[Kind, Sequence[NodeForm]]] = (
        ("context", contexts),
        ("artifact", artifacts),
        ("execution", executions),
    )
    for kind, nodes in kinds:
        for node in nodes:
            if node.type_id is None:
                raise InvalidInput(f"every {kind} of a subgraph needs a type_id, even with an id")
            known = catalog.by_id.get(node.type_id)
            if known is None or known.kind != NUMBER_OF_KIND[kind]:
                raise NotFound(f"there is no {kind} type with the id {node.type_id}")
    for context in contexts:
        _check_context(context)
    with atomic(commit):
        context_ids = _put_contexts(commit, contexts, reuse=reuse_context)
        artifact_ids = _put_artifacts(commit, artifacts, reuse=reuse_artifact)
        execution_ids = upsert_nodes(commit, "execution", executions)
        _link_all(commit, context_ids, artifact_ids, execution_ids)
        events = [_event_of(edge, execution_ids, artifact_ids) for edge in edges]
        insert_events(commit, events)
    return execution_ids, artifact_ids, context_ids


def _put_artifacts(commit: Commit, artifacts: Sequence[NodeForm], *, reuse: bool) -> list[int]:
    if reuse:
        given = {a.external_id for a in artifacts if a.id is None and a.external_id is not None}
        known: dict[str | None, int] = dict(SHAPES["artifact"].known_outside.rows(commit, given))
        artifacts = [
            replace(artifact, id=known[artifact.external_id])
            if artifact.id is None and artifact.external_id in known
            else artifact
            for artifact in artifacts
        ]
    return upsert_nodes(commit, "artifact", artifacts)


def _put_contexts(
    commit: Commit, contexts: Sequence[NodeForm], *, reuse: bool, as_they_are: bool = False
) -> list[int]:
    """Return the ids of contexts: made, updated, or taken as they stand where that is asked."""
    known = _known_contexts(commit, contexts) if reuse else {}
    if as_they_are:
        _check_known(commit, [c.id for c in contexts if c.id is not None])
    written: list[NodeForm] = []
    places: dict[int, int] = {}  # by place in `contexts`: place in `written`
    first: dict[_Key, int] = {}
    taken: dict[int, int] = {}
    for place, context in enumerate(contexts):
        key = (context.type_id, context.name)
        if context.id is not None and as_they_are:
            taken[place] = context.id
        elif context.id is None and key in known:
            taken[place] = known[key]
        elif context.id is None and reuse and key in first:
            places[place] = first[key]
        else:
            places[place] = len(written)
            if context.id is None:
                first[key] = len(written)
            written.append(context)
    ids = upsert_nodes(commit, "context", written)
    return [
        taken[place] if place in taken else ids[places[place]] for place in range(len(contexts))
    ]


def _known_contexts(commit: Commit, contexts: Sequence[NodeForm]) -> dict[_Key, int]:
    """Return the ids of the stored contexts with the types and names of these."""
    names = {c.name for c in contexts if c.id is None and c.name is not None}
    return {
        (type_id, name): context_id
        for type_id, name, context_id in SHAPES["context"].named.rows(commit, names)
    }


def _check_known(commit: Commit, ids: Sequence[int]) -> None:
    found = {number for (number,) in SHAPES["context"].present.rows(commit, ids)}
    for number in ids:
        if number not in found:
            raise NotFound(f"there is no context with the id {number}")


def _link_all(
    commit: Commit,
    context_ids: Sequence[int],
    artifact_ids: Sequence[int],
    execution_ids: Sequence[int],
) -> None:
    insert_links(
        commit,
        [Link(context, artifact) for context in context_ids for artifact in artifact_ids],
        [Link(context, execution) for context in context_ids for execution in execution_ids],
    )


def _check_pair(execution: NodeForm, artifact: NodeForm | None, event: EventForm | None) -> None:
    """Refuse an event whose ids speak of other nodes than those it comes with."""
    if event is None:
        return
    if artifact is None:
        if event.artifact_id is None:
            raise InvalidInput("an event without an artifact needs the artifact_id of one")
    elif event.artifact_id is not None and event.artifact_id != artifact.id:
        raise InvalidInput(
            f"the event's artifact_id {event.artifact_id} is not that of the artifact it comes "
            f"with ({artifact.id or 'a new one'}); leave it out"
        )
    if event.execution_id is not None and event.execution_id != execution.id:
        raise InvalidInput(
            f"the event's execution_id {event.execution_id} is not that of the execution "
            f"({execution.id or 'a new one'}); leave it out"
        )


def _check_context(context: NodeForm) -> None:
    if context.type_id is None:
        raise InvalidInput(f"the context {shown(context.name)} needs a type_id")
    if not context.name:
        raise InvalidInput("a context needs a name that is not empty")


def _check_edge(edge: Edge, executions: Sequence[NodeForm], artifacts: Sequence[NodeForm]) -> None:
    """Refuse an edge without an event, or whose ends can't be told."""
    if edge.event is None:
        raise InvalidInput("an edge needs an event")
    for what, index, given, nodes in (
        ("execution", edge.execution_index, edge.event.execution_id, executions),
        ("artifact", edge.artifact_index, edge.event.artifact_id, artifacts),
    ):
        if index is None:
            if given is None:
                raise InvalidInput(f"an edge needs an {what}_index, or the {what}_id in its event")
            continue
        if not 0 <= index < len(nodes):
            raise OutOfRange(
                f"the {what}_index {index} of an edge points outside of the {len(nodes)} "
                f"{what}s of the call"
            )
        if given is not None and nodes[index].id != given:
            raise InvalidInput(
                f"the event of an edge names {what}/{given}, but the {what} at {what}_index "
                f"{index} has the id {nodes[index].id}"
            )


def _event_of(edge: Edge, execution_ids: Sequence[int], artifact_ids: Sequence[int]) -> EventForm:
    """Return the event of a checked edge, with the ids of its ends."""
    event = edge.event or EventForm()
    execution, artifact = edge.execution_index, edge.artifact_index
    return _between(
        event,
        event.artifact_id if artifact is None else artifact_ids[artifact],
        event.execution_id if execution is None else execution_ids[execution],
    )


def _between(event: EventForm, artifact_id: int | None, execution_id: int | None) -> EventForm:
    """Return the event with these ends, checked."""
    placed = EventForm(artifact_id, execution_id, event.type, event.path, event.milliseconds)
    check_event(placed)
    return placed
