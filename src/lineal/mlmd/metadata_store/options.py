"""How a list of nodes is asked for."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from lineal.mlmd.proto import metadata_store_pb2 as pb

__all__ = ["MAX_NUM_RESULT", "ExtraOptions", "ListOptions", "OrderByField"]

MAX_NUM_RESULT = 100
"""How many nodes a server sends at once."""

_FIELD = pb.ListOperationOptions.OrderByField.Field


@enum.unique
class OrderByField(enum.Enum):
    """What nodes can be ordered by."""

    CREATE_TIME = _FIELD.CREATE_TIME
    UPDATE_TIME = _FIELD.LAST_UPDATE_TIME
    ID = _FIELD.ID


@dataclass
class ListOptions:
    """Which nodes, how many, in which order.

    Without a limit, or with 0, it is all of them; without `order_by` the order is that of the ids.
    `filter_query` is a condition in ML Metadata's filter language.
    """

    limit: int | None = None
    order_by: OrderByField | None = None
    is_asc: bool = True
    filter_query: str | None = None


class ExtraOptions:
    """Accepted by every method, and without meaning here."""

    def __init__(self, euc: object = None) -> None:
        del euc
