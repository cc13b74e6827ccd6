"""Remove the data files of a writer that died before its commit; they bear its name."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from lineal.lake.disk import disk_errors
from lineal.warehouse.commit import execution_of

if TYPE_CHECKING:
    from pathlib import Path

    from pyiceberg.table import Table as IcebergTable

__all__ = ["remove_orphans"]

_WRITER = re.compile(r"[0-9a-f-]{36}")


def remove_orphans(warehouse: Path, table: IcebergTable | None, writer: str) -> None:
    """Remove the data files of a dead writer that no snapshot of the table came from.

    `writer` is its execution's UUID. Where the table never came to be, the whole folder goes that
    was to become the table's.
    """
    if not _WRITER.fullmatch(writer):
        return
    if table is not None and writer in {execution_of(each) for each in table.metadata.snapshots}:
        return
    with disk_errors(f"remove what a crash left in {warehouse}"):
        for path in list(warehouse.glob(f"*/data/{writer}-*.parquet")):
            if table is None:
                shutil.rmtree(path.parents[1], ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
