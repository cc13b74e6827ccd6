"""Online stores: the newest features of each entity, looked up by key in milliseconds."""

from __future__ import annotations

from lineal.features.online.protocol import (
    OnlineStore,
    Progress,
    Snapshot,
    Status,
    StoredRow,
    StoredView,
)

__all__ = ["OnlineStore", "Progress", "Snapshot", "Status", "StoredRow", "StoredView"]
