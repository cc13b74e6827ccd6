"""The reading half of `Graph`: plain typed objects and Arrow tables, now or at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast, get_args

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.batch import answers
from lineal.metadata.batch.arguments import (
    is_ascending,
    kind_of,
    limit_given,
    one_of,
    optional_text,
    order_of,
    text,
    texts,
)
from lineal.metadata.batch.forms import Kind, OrderBy, PageRequest
from lineal.metadata.batch.subgraph import Direction, Side
from lineal.metadata.batch.told import event_of
from lineal.metadata.integers import ids_of, whole
from lineal.metadata.model import Artifact, Association, Attribution, Context, Execution

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Unpack

    import pyarrow as pa

    from lineal.metadata.batch.subgraph import Ending
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
        _check_names(wanted)
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
        wanted = None if ids is None else ids_of(ids)
        external = None if external_ids is None else texts(external_ids, "external_ids")
        optional_text(name, "name"), optional_text(version, "version")
        kinds: tuple[Kind, ...] = get_args(Kind) if kind is None else (kind_of(kind),)
        found: list[NodeType] = []
        for each in kinds:
            found += answers.types(
                self.store, each, ids=wanted, name=name, version=version, external_ids=external
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
            artifact_ids=_numbers("artifact_ids", artifact_ids),
            execution_ids=_numbers("execution_ids", execution_ids),
        )

    def attributions(
        self, *, artifact_ids: Iterable[int] = (), context_ids: Iterable[int] = ()
    ) -> list[Attribution]:
        """Return which of these artifacts and contexts belong to which, by what ties them."""
        found = answers.links(self.store, "artifact", *_ends("artifact", artifact_ids, context_ids))
        return [Attribution(link.first or 0, link.second or 0) for link in found]

    def associations(
        self, *, execution_ids: Iterable[int] = (), context_ids: Iterable[int] = ()
    ) -> list[Association]:
        """Return which of these executions and contexts belong to which."""
        found = answers.links(
            self.store, "execution", *_ends("execution", execution_ids, context_ids)
        )
        return [Association(link.first or 0, link.second or 0) for link in found]

    def parents(self, context_ids: Iterable[int]) -> Mapping[int, list[Context]]:
        """Return of each of these contexts the ones that hold it."""
        return answers.relatives(self.store, ids_of(context_ids, "context_ids"), children=False)

    def children(self, context_ids: Iterable[int]) -> Mapping[int, list[Context]]:
        """Return of each of these contexts the ones that it holds."""
        return answers.relatives(self.store, ids_of(context_ids, "context_ids"), children=True)

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
        one_of(starting, get_args(Side), "starting")
        one_of(direction, get_args(Direction), "direction")
        cut = answers.subgraph(
            self.store,
            starting,
            text(filter, "filter"),
            max_hops=None if max_hops is None else whole(max_hops, "max_hops"),
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
    kind_of(kind)
    _check_names(wanted)
    newest_first = (
        kind == "execution" and wanted.get("context_id") is not None and "order_by" not in wanted
    )
    request = PageRequest(
        limit=limit_given(wanted.get("limit")),
        order_by=order_of(wanted.get("order_by", "create_time" if newest_first else "id")),
        ascending=is_ascending(wanted.get("ascending", not newest_first)),
        token=text(token, "token"),
        filter=text(wanted.get("filter", ""), "filter"),
    )
    values: dict[str, object] = {
        "type_name": optional_text(wanted.get("type"), "type"),
        "type_version": optional_text(wanted.get("version"), "version"),
        "every_version": True if wanted.get("version") is None else None,
        "name": optional_text(wanted.get("name"), "name"),
    }
    ids, external_ids, uris = wanted.get("ids"), wanted.get("external_ids"), wanted.get("uris")
    if ids is not None:
        values["ids"] = ids_of(ids)
    if external_ids is not None:
        values["external_ids"] = texts(external_ids, "external_ids")
    if uris is not None:
        values["uris"] = texts(uris, "uris")
    for name, number in (
        ("context_id", wanted.get("context_id")),
        ("artifact_id", wanted.get("artifact_id")),
        ("execution_id", wanted.get("execution_id")),
    ):
        if number is not None:
            values[name] = whole(number, name)
    return request, answers.chosen(kind, {k: v for k, v in values.items() if v is not None})


def _check_names(wanted: Mapping[str, object]) -> None:
    """Refuse what no node can be chosen by, which would choose everything."""
    known = Wanted.__annotations__
    for name in wanted:
        if name not in known:
            raise InvalidInput(
                str(NotFound.among("nothing is chosen by", name, known, remedy=", ".join(known)))
            )


def _numbers(field: str, ids: Iterable[int] | None) -> list[int] | None:
    return None if ids is None else ids_of(ids, field)


def _ends(
    kind: Kind, ids: Iterable[int], context_ids: Iterable[int]
) -> tuple[list[int], list[int]]:
    return ids_of(ids, f"{kind}_ids"), ids_of(context_ids, "context_ids")
