"""One end of a mirror, spoken to in ML Metadata's protocol: a server, or a store of ours."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from lineal.errors import InvalidInput, NotFound, Unavailable
from lineal.mlmd.errors import NotFoundError, UnavailableError
from lineal.mlmd.metadata_store.calling import Remote
from lineal.mlmd.proto import metadata_store_pb2 as pb
from lineal.mlmd.proto import metadata_store_service_pb2 as sv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lineal.metadata.batch.forms import Kind
    from lineal.mlmd.convert import Node, NodeType
    from lineal.mlmd.metadata_store.calling import Answering

__all__ = ["KINDS", "WINDOW", "Peer"]

KINDS: tuple[Kind, ...] = ("context", "execution", "artifact")
WINDOW = 500
"""Nodes that are taken over at a time, each window one transaction."""

_PAGE = 100  # ML Metadata loses rows of longer pages
_SCHEMES = ("mlmd", "mlmds")
_DEFAULT_PORT = 8080


class Peer:
    """A server or store that answers ML Metadata's requests, read in windows of ids.

    `uuid` names it among the origins. A plain server has no name of its own, so its address
    stands for it.
    """

    def __init__(self, end: Answering, identity: str, shown: str) -> None:
        self.uuid = identity
        self.shown = shown
        self._end = end

    @classmethod
    def at(cls, url: str) -> Peer:
        """Return the server at `mlmd://host:port`, or by TLS at `mlmds://host:port?ca=FILE`."""
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise InvalidInput(f"{url!r} is no server's URL; write mlmd://host:port")
        config = pb.MetadataStoreClientConfig(host=parts.hostname, port=parts.port or _DEFAULT_PORT)
        config.channel_arguments.max_receive_message_length = -1
        fields = {"ca": "custom_ca", "certificate": "server_cert", "key": "client_key"}
        for word, file in parse_qsl(parts.query):
            if word not in fields or parts.scheme == "mlmd":
                raise NotFound.among(f"{parts.scheme}:// has no option", word, fields)
            setattr(config.ssl_config, fields[word], _content(file))
        if parts.scheme == "mlmds":
            config.ssl_config.SetInParent()
        shown = f"{parts.scheme}://{config.host}:{config.port}"
        identity = uuid.uuid5(uuid.NAMESPACE_URL, f"mlmd://{config.host}:{config.port}")
        return cls(Remote(config), str(identity), shown)

    def ask(self, method: str, request: Any) -> Any:
        """Return the response to a request; raise `Unavailable` naming the server."""
        try:
            return self._end.answer(method, request)
        except UnavailableError as error:
            raise Unavailable(
                f"the server {self.shown} can't be reached ({error}); see whether it runs there, "
                "and whether it wants TLS (mlmds://); what came before is kept, so try again"
            ) from error

    def types(self, kind: Kind) -> list[NodeType]:
        """Return all types of a kind."""
        name = kind.title()
        answer = self.ask(f"Get{name}Types", getattr(sv, f"Get{name}TypesRequest")())
        return list(getattr(answer, f"{kind}_types"))

    def windows(self, kind: Kind, since: int | None) -> Iterator[list[Node]]:
        """Yield the nodes that were made or changed `since` a time, in the order of their ids."""
        last = 0
        while True:
            nodes = self._window(kind, last, since)
            if not nodes:
                return
            yield nodes
            last = nodes[-1].id

    def _window(self, kind: Kind, last: int, since: int | None) -> list[Node]:
        name = kind.title()
        found: list[Node] = []
        while len(found) < WINDOW:
            request = getattr(sv, f"Get{name}sRequest")()
            query = f"id > {found[-1].id if found else last}"
            if since is not None:
                query += f" AND last_update_time_since_epoch >= {since}"
            request.options.filter_query = query
            request.options.max_result_size = _PAGE
            request.options.order_by_field.field = pb.ListOperationOptions.OrderByField.ID
            page = list(getattr(self.ask(f"Get{name}s", request), f"{kind}s"))
            found += page
            if len(page) < _PAGE:
                break
        return found

    def nodes(self, kind: Kind, ids: Sequence[int]) -> list[Node]:
        """Return the nodes with these ids."""
        found: list[Node] = []
        for start in range(0, len(ids), WINDOW):
            request = getattr(sv, f"Get{kind.title()}sByIDRequest")()
            getattr(request, f"{kind}_ids").extend(ids[start : start + WINDOW])
            found += getattr(self.ask(f"Get{kind.title()}sByID", request), f"{kind}s")
        return found

    def busy_executions(self, since: int) -> list[int]:
        """Return the executions that have events of `since` or later."""
        found: list[int] = []
        while True:
            request = sv.GetExecutionsRequest()
            last = found[-1] if found else 0
            request.options.filter_query = (
                f"id > {last} AND events_0.milliseconds_since_epoch >= {since}"
            )
            request.options.max_result_size = _PAGE
            request.options.order_by_field.field = pb.ListOperationOptions.OrderByField.ID
            page = [execution.id for execution in self.ask("GetExecutions", request).executions]
            if not page:
                return found
            found += page

    def events(self, execution_ids: Sequence[int]) -> list[pb.Event]:
        """Return the events of these executions."""
        request = sv.GetEventsByExecutionIDsRequest(execution_ids=execution_ids)
        return list(self.ask("GetEventsByExecutionIDs", request).events)

    def links(self, kind: Kind, ids: Sequence[int]) -> list[pb.Attribution] | list[pb.Association]:
        """Return the attributions of the artifacts, or associations of the executions, with `ids`.

        They come as subgraphs of no hops, a call for each hundred ids however many contexts there
        are. Of more starting nodes than that, ML Metadata returns only some.
        """
        name = "attributions" if kind == "artifact" else "associations"
        wanted = set(ids)
        found = []
        for first, last in _spans(sorted(wanted), _PAGE):
            request = sv.GetLineageSubgraphRequest()
            options = request.lineage_subgraph_query_options
            options.max_num_hops = 0
            is_artifact = kind == "artifact"
            start = options.starting_artifacts if is_artifact else options.starting_executions
            start.filter_query = f"id >= {first} AND id <= {last}"
            request.read_mask.paths.append(name)
            try:
                graph = self.ask("GetLineageSubgraph", request).lineage_subgraph
            except NotFoundError:  # all of them are gone meanwhile
                continue
            found += [
                link for link in getattr(graph, name) if getattr(link, f"{kind}_id") in wanted
            ]
        return found

    def parents(self, context_id: int) -> list[int]:
        """Return the contexts that hold a context."""
        request = sv.GetParentContextsByContextRequest(context_id=context_id)
        return [each.id for each in self.ask("GetParentContextsByContext", request).contexts]


def _spans(ids: Sequence[int], width: int) -> Iterator[tuple[int, int]]:
    """Yield first and last id of each group of ids that lie within `width` of each other."""
    first = last = None
    for number in ids:
        if first is None or number - first >= width:
            if first is not None and last is not None:
                yield first, last
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last


def _content(file: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii")
    except OSError as error:
        raise Unavailable(f"{file} can't be read: {error.strerror}") from error
