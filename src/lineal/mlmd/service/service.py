"""The 52 calls of ML Metadata's service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata.batch.listing import PAGE_LIMIT
from lineal.mlmd.service.graph import GraphReads
from lineal.mlmd.service.nodes import NodeReads
from lineal.mlmd.service.types import TypeReads
from lineal.mlmd.service.writes import Writes

if TYPE_CHECKING:
    from lineal.metadata import Store

__all__ = ["Service"]


class Service(Writes, TypeReads, NodeReads, GraphReads):
    """A store that answers ML Metadata's requests, from any number of threads.

    One method for each call, named as in the protocol: it takes the request and returns the
    response, or raises one of Lineal's errors, for which `errors.code_of` knows the status.
    `longest_page` limits the pages of lists, None for none; ML Metadata promises the same 100,
    and loses what stands behind row 101.
    """

    def __init__(self, store: Store, *, longest_page: int | None = PAGE_LIMIT) -> None:
        self._store = store
        self._longest_page = longest_page
