"""Write a whole store into a folder: all of it as of one moment, or no folder at all."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from lineal.errors import AlreadyExists, InvalidInput, Unavailable
from lineal.metadata.backends import backend_of
from lineal.metadata.exchange import jsonlines
from lineal.metadata.exchange.contents import TABLES
from lineal.metadata.exchange.manifest import Layout, Manifest
from lineal.metadata.moments import now

if TYPE_CHECKING:
    import sqlalchemy as sa

    from lineal.metadata.store import Store

__all__ = ["export_store"]


def export_store(store: Store, directory: str | Path, *, layout: Layout = "parquet") -> Manifest:
    """Write the store, history included, into the new folder `directory`.

    Parquet has a typed file for each table; JSON lines (`layout="jsonl"`) have nodes with their
    properties, readable without Lineal. Memory stays bounded, and others may go on writing: the
    export shows one moment.
    """
    if layout not in get_args(Layout):
        raise InvalidInput(f"there is no layout {layout!r}; choose 'parquet' or 'jsonl'")
    if store.at is not None:
        raise InvalidInput("an export holds the whole history; export the present store")
    target = Path(directory)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise AlreadyExists(f"{target} is there already; export into a new folder")
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        partial.mkdir()
        with store.reading() as (connection, _):
            manifest = _write_all(connection, store.uuid, partial, layout)
        manifest.write(partial)
        if target.exists():
            target.rmdir()
        partial.rename(target)
    except OSError as error:
        raise Unavailable(
            f"{target} can't be written ({error}); check free space and permissions"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return manifest


def _write_all(
    connection: sa.Connection, store_uuid: str, folder: Path, layout: Layout
) -> Manifest:
    counts = {str(table.name): 0 for table in TABLES}
    for table in TABLES:
        if layout == "jsonl":
            counts |= jsonlines.write(connection, table, folder)
        else:
            from lineal.metadata.exchange import parquet

            counts[table.name] = parquet.write(connection, table, folder)
    return Manifest(
        store=store_uuid,
        exported_at=now().isoformat(),
        layout=layout,
        rows=counts,
        reach=backend_of(connection).reach(connection),
    )
