"""One database for all stores of a process that use the same file: its connections are pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakValueDictionary

from lineal.errors import LinealError
from lineal.metadata.database import Database
from lineal.metadata.tables import MLMD_SCHEMA_VERSION

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BUSY_SECONDS", "shared_database"]

BUSY_SECONDS = 15.0
"""How long a call waits for another process; a client makes it five times before it gives up."""

# Two threads that open the same file at once may make two of one: then one is shared from there on.
_shared: WeakValueDictionary[Path, Database] = WeakValueDictionary()
_files: WeakKeyDictionary[Database, tuple[int, int]] = WeakKeyDictionary()


def shared_database(path: Path) -> Database:
    """Return the database in a file, made if there is none; held as long as anybody uses it.

    Many small calls are what ML Metadata's interface is used for, so a commit waits for no disk:
    it outlives the process, and only a power failure may take the last ones.
    """
    place = path.resolve()
    held = _shared.get(place)
    if held is not None and _files.get(held) == _file(place) and _is_current(held):
        return held
    made = Database(path, busy_seconds=BUSY_SECONDS, synchronous="NORMAL")
    _files[made] = _file(place)
    _shared[place] = made
    return made


def _file(path: Path) -> tuple[int, int]:
    """Return what tells a file from another that took its place."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_dev, found.st_ino)


def _is_current(database: Database) -> bool:
    """Return whether the tables are still of the version that they had, not downgraded since."""
    try:
        with database.read() as connection:
            found = connection.exec_driver_sql("SELECT schema_version FROM MLMDEnv").scalars().all()
    except LinealError:
        return False
    return found == [MLMD_SCHEMA_VERSION]
