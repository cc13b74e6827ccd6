"""Read a whole export into a store: all of it, or nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import Corrupt, InvalidInput
from lineal.metadata.exchange import jsonlines
from lineal.metadata.exchange.contents import TABLES
from lineal.metadata.exchange.copying import copy_all, is_empty, much_cache
from lineal.metadata.exchange.manifest import read_manifest
from lineal.metadata.exchange.merging import Merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import sqlalchemy as sa

    from lineal.metadata.exchange.contents import Batch
    from lineal.metadata.exchange.manifest import Manifest
    from lineal.metadata.store import Store

__all__ = ["Imported", "import_store"]


@dataclass(frozen=True)
class Imported:
    """What came into a store.

    `copied` says that the store was empty: ids and history are the export's. Else the export was
    merged: `added` counts the new rows of each table, `matched` the nodes that were here already,
    `renamed` those whose name another one had.
    """

    source: str
    copied: bool
    added: Mapping[str, int]
    matched: Mapping[str, int]
    renamed: int = 0


def import_store(store: Store, directory: str | Path) -> Imported:
    """Read the export in `directory` into the store, in one transaction.

    An empty store becomes an exact copy, history included. Into any other the export is merged:
    a second time adds nothing.
    """
    folder = Path(directory)
    manifest = read_manifest(folder)
    read = _reader(manifest, folder)
    with store.write() as transaction:
        commit = transaction.commit
        with much_cache(commit.connection, commit.backend):
            batches = _counted(read, manifest, folder)
            if is_empty(commit.connection):
                added = copy_all(commit.connection, commit.backend, batches, manifest)
                return Imported(manifest.store, copied=True, added=added, matched={})
            if manifest.store == store.uuid:
                raise InvalidInput(
                    f"{folder} is an export of this very store; import it into another one"
                )
            merge = Merge(commit, store.uuid, manifest.store, read)
            merge.take(batches)
    return Imported(
        manifest.store,
        copied=False,
        added={name: count for name, count in merge.added.items() if count},
        matched={kind: count for kind, count in merge.matched.items() if count},
        renamed=merge.renamed,
    )


def _reader(manifest: Manifest, folder: Path) -> Callable[[sa.Table], Iterator[Batch]]:
    if manifest.layout == "jsonl":
        return lambda table: jsonlines.read(table, folder)
    from lineal.metadata.exchange import parquet

    return lambda table: parquet.read(table, folder)


def _counted(
    read: Callable[[sa.Table], Iterator[Batch]], manifest: Manifest, folder: Path
) -> Iterator[Batch]:
    """Yield everything in the export; raise at the end if that is not all that was written."""
    counts: Counter[str] = Counter()
    for table in TABLES:
        for batch in read(table):
            if batch.rows:
                counts[str(batch.table.name)] += len(batch.rows)
                yield batch
    for name, wanted in manifest.rows.items():
        if counts[name] != wanted:
            raise Corrupt(
                f"{folder} holds {counts[name]:,} of the {wanted:,} rows of {name} that were "
                "exported; copy it again, or export again"
            )
