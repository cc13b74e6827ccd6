"""The reading half of `Graph`: plain typed objects and Arrow tables, now or at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

from lineal.metadata.batch import answers
from lineal.metadata.batch.forms import OrderBy, PageRequest
from lineal.metadata.batch.told import event_of
from lineal.metadata.model import Artifact, Association, Attribution, Context, Execution

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Unpack

    import pyarrow as pa

    from lineal.metadata.batch.forms import Kind
    from lineal.metadata.batch.subgraph import Direction, Ending, Side
    from lineal.metadata.model import Event, NodeType
    from lineal.metadata.store import Store

__all__ = ["GraphPart", "GraphReads", "NodePage", "Wanted"]


class Wanted(TypedDict, total=False):
    """Which nodes are wanted: those that fit everything given, in which order, how many.

    `type` is a type's name, of every version unless `version` says which (empty: without one).
    `filter` is text of the filter language. `order_by` is `id`, `create_time` or
    `last_update_time`; the executions of a context come newest first unless it is given.
    """

    ids: Iterable[int] | None
    type: str | None
    version: str | None
    name: str | None
    uris: Iterable[str] | None
    external_ids: Iterable[str] | None
    context_id: int | None
    artifact_id: int | None
    execution_id: int | None
    filter: str
    order_by: OrderBy
    ascending: bool
    limit: int | None


@dataclass(frozen=True)
class NodePage:
    """A page of nodes, and the token to go on with; empty after the last page."""

    nodes: list[Artifact | Execution | Context]
    token: str


@dataclass(frozen=True)
class GraphPart:
    """A part of the graph: its nodes in the order of their ids, and what ties them."""

    artifacts: list[Artifact]
    executions: list[Execution]
    contexts: list[Context]
    events: list[Event]
    attributions: list[Attribution]
    associations: list[Association]


class GraphReads:
    """Reads nodes, types and what ties them, many at once."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def artifacts(self, **wanted: Unpack[Wanted]) -> list[Artifact]:
        """Return the artifacts that fit everything given, by default in the order of their ids."""
        return cast("list[Artifact]", self.page("artifact", **wanted).nodes)

    def executions(self, **wanted: Unpack[Wanted]) -> list[Execution]:
        """Return the executions that fit everything given."""
        return cast("list[Execution]", self.page("execution", **wanted).nodes)

    def contexts(self, **wanted: Unpack[Wanted]) -> list[Context]:
        """Return the contexts that fit everything given."""
        return cast("list[Context]", self.page("context", **wanted).nodes)

    def page(self, kind: Kind, *, token: str = "", **wanted: Unpack[Wanted]) -> NodePage:
        """Return `limit` of the nodes that fit, beginning where the page with `token` ended.

        A token belongs to one order. It is ML Metadata's own: a client of either goes on with it.
        """
        request, values = _request(kind, wanted, token)
        nodes, further = answers.nodes(self.store, kind, request, values)
        return NodePage(nodes, further)

    def pages(self, kind: Kind, **wanted: Unpack[Wanted]) -> Iterator[NodePage]:
        """Yield page after page of `limit` nodes (by default 1,000), to the end."""
        if wanted.get("limit") is None:
            wanted["limit"] = 1_000
        token = ""
        while True:
            page = self.page(kind, token=token, **wanted)
            yield page
            token = page.token
            if not token:
                return

    def table(self, kind: Kind, **wanted: Unpack[Wanted]) -> pa.Table:
        """Return the nodes that fit as an Arrow table, a column for each property.

        `lineal.metadata.batch.frames` says how columns are called and typed.
        """
        request, values = _request(kind, wanted, "")
        return answers.table(self.store, kind, request, values)

    def types(
        self,
        kind: Kind | None = None,
        *,
        ids: Iterable[int] | None = None,
        name: str | None = None,
        version: str | None = None,
        external_ids: Iterable[str] | None = None,
    ) -> list[NodeType]:
        """Return the types of nodes of that kind, or of all kinds, that fit everything given.

        Without a `version` every version of a name comes; "" means the one without a version.
        """
        listed = None if ids is None else list(ids)
        external = None if external_ids is None else list(external_ids)
        kinds: tuple[Kind, ...] = ("artifact", "execution", "context") if kind is None else (kind,)
        found: list[NodeType] = []
        for each in kinds:
            found += answers.types(
                self.store, each, ids=listed, name=name, version=version, external_ids=external
            )
        return sorted(found, key=lambda made: made.id or 0)

    def events(
        self,
        *,
        artifact_ids: Iterable[int] | None = None,
        execution_ids: Iterable[int] | None = None,
    ) -> list[Event]:
        """Return the events of these artifacts and of these executions, in order of their ids."""
        return answers.events(
            self.store,
            artifact_ids=None if artifact_ids is None else list(artifact_ids),
            execution_ids=None if execution_ids is None else list(execution_ids),
        )

    def attributions(
        self, *, artifact_ids: Iterable[int] = (), context_ids: Iterable[int] = ()
    ) -> list[Attribution]:
        """Return which of these artifacts and contexts belong to which, by what ties them."""
        found = answers.links(self.store, "artifact", list(artifact_ids), list(context_ids))
        return [Attribution(link.first or 0, link.second or 0) for link in found]

    def associations(
        self, *, execution_ids: Iterable[int] = (), context_ids: Iterable[int] = ()
    ) -> list[Association]:
        """Return which of these executions and contexts belong to which."""
        found = answers.links(self.store, "execution", list(execution_ids), list(context_ids))
        return [Association(link.first or 0, link.second or 0) for link in found]

    def parents(self, context_ids: Iterable[int]) -> Mapping[int, list[Context]]:
        """Return of each of these contexts the ones that hold it."""
        return answers.relatives(self.store, list(context_ids), children=False)

    def children(self, context_ids: Iterable[int]) -> Mapping[int, list[Context]]:
        """Return of each of these contexts the ones that it holds."""
        return answers.relatives(self.store, list(context_ids), children=True)

    def subgraph(
        self,
        starting: Side,
        filter: str,  # noqa: A002 -- the field's own name for it
        *,
        max_hops: int | None = None,
        direction: Direction = "both",
        ending_artifacts: Ending | None = None,
        ending_executions: Ending | None = None,
    ) -> GraphPart:
        """Return what is reached from all artifacts, or executions, that fit a filter.

        A hop leads from artifacts to executions or back; without `max_hops` the walk goes to the
        ends, or to the nodes that `ending_…` name. Raises `NotFound` if nothing fits.
        """
        cut = answers.subgraph(
            self.store,
            starting,
            filter,
            max_hops=max_hops,
            direction=direction,
            ending_artifacts=ending_artifacts,
            ending_executions=ending_executions,
        )
        return GraphPart(
            artifacts=self.artifacts(ids=cut.artifact_ids),
            executions=self.executions(ids=cut.execution_ids),
            contexts=self.contexts(ids=cut.context_ids),
            events=[event_of(form) for form in cut.events],
            attributions=[Attribution(x.first or 0, x.second or 0) for x in cut.attributions],
            associations=[Association(x.first or 0, x.second or 0) for x in cut.associations],
        )


def _request(kind: Kind, wanted: Wanted, token: str) -> tuple[PageRequest, dict[str, object]]:
    """Return the page asked for, and the values of what the nodes must have."""
    newest_first = (
        kind == "execution" and wanted.get("context_id") is not None and "order_by" not in wanted
    )
    request = PageRequest(
        limit=wanted.get("limit"),
        order_by=wanted.get("order_by", "create_time" if newest_first else "id"),
        ascending=wanted.get("ascending", not newest_first),
        token=token,
        filter=wanted.get("filter", ""),
    )
    values = {
        "ids": wanted.get("ids"),
        "external_ids": wanted.get("external_ids"),
        "uris": wanted.get("uris"),
        "type_name": wanted.get("type"),
        "type_version": wanted.get("version"),
        "every_version": True if wanted.get("version") is None else None,
        "name": wanted.get("name"),
        "context_id": wanted.get("context_id"),
        "artifact_id": wanted.get("artifact_id"),
        "execution_id": wanted.get("execution_id"),
    }
    return request, answers.chosen(kind, {k: v for k, v in values.items() if v is not None})
