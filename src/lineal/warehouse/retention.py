"""Keep Iceberg's list of snapshots short: each commit copies it, so that a long one slows loads.

What leaves the list is not removed: every version's plan and files stay, and it reads as before
through Lineal. Other readers of the table lose the time travel beyond the list.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lineal.warehouse.graph import TABLE

if TYPE_CHECKING:
    from pyiceberg.table import Transaction

    from lineal.metadata import Store

__all__ = ["shorten_list"]

_MOST = 100
_KEPT = 50


def shorten_list(transaction: Transaction, store: Store) -> None:
    """Take the oldest snapshots off the list in this transaction, once it has grown long.

    Where a branch or tag of another program's, or a version that only Iceberg can read, may need
    them, all stay.
    """
    from pyiceberg.table.update.snapshot import ExpireSnapshots

    metadata = transaction.table_metadata
    if len(metadata.snapshots) < _MOST or set(metadata.refs) - {"main"}:
        return
    if store.artifacts(type=TABLE.name, uri=metadata.location, properties={"read_by": "iceberg"}):
        return
    oldest_kept = sorted(snapshot.timestamp_ms for snapshot in metadata.snapshots)[-_KEPT]
    before = datetime.fromtimestamp(oldest_kept / 1000, tz=UTC)
    ExpireSnapshots(transaction).older_than(before).commit()
