"""Lists of nodes: from a server page by page, in this process at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from lineal.mlmd import errors
from lineal.mlmd.metadata_store.calling import Caller
from lineal.mlmd.proto import metadata_store_service_pb2 as sv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.mlmd.metadata_store.options import ListOptions
    from lineal.mlmd.proto import metadata_store_pb2 as pb

__all__ = ["Lists"]

Request = (
    sv.GetArtifactsRequest
    | sv.GetExecutionsRequest
    | sv.GetContextsRequest
    | sv.GetArtifactsByContextRequest
    | sv.GetExecutionsByContextRequest
)
_Response = TypeVar(
    "_Response",
    sv.GetArtifactsResponse,
    sv.GetExecutionsResponse,
    sv.GetContextsResponse,
    sv.GetArtifactsByContextResponse,
    sv.GetExecutionsByContextResponse,
)
_MOST = 2**31 - 1


class Lists(Caller):
    """Gathers the pages of a list."""

    def _pages(
        self,
        method: str,
        request: Request,
        response_type: type[_Response],
        list_options: ListOptions | None,
    ) -> Iterator[_Response]:
        """Yield the pages that hold what `list_options` ask for; without any it is one."""
        if list_options is None:
            yield self._call(method, request, response_type)
            return
        left = list_options.limit or _MOST
        if left < 0:
            raise errors.InvalidArgumentError(
                f"list_options.limit is {left}; give 1 or more, or None for all"
            )
        _fill(request.options, list_options)
        while left > 0:
            request.options.max_result_size = min(left, self._end.longest_page)
            response = self._call(method, request, response_type)
            yield response
            left -= self._end.longest_page
            if not response.next_page_token:
                return
            request.options.next_page_token = response.next_page_token


def _fill(options: pb.ListOperationOptions, wanted: ListOptions) -> None:
    options.order_by_field.is_asc = wanted.is_asc
    if wanted.order_by is not None:
        options.order_by_field.field = wanted.order_by.value
    if wanted.filter_query:
        options.filter_query = wanted.filter_query
