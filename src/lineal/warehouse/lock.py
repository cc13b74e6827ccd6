"""Take turns: one writer a table, however many processes and threads there are."""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lineal.lake.disk import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineal.metadata import Store

__all__ = ["table_lock", "writer_lock"]


@contextmanager
def table_lock(root: Path, store: Store, name: str) -> Iterator[None]:
    """Hold the lock of the table called `name`, also against the store's users elsewhere.

    Whose store is a file of the workspace is on this machine, where the file's lock is enough.
    """
    with writer_lock(root, name):
        if store.path is not None:
            yield
            return
        with store.lock(f"table/{name}"):
            yield


@contextmanager
def writer_lock(root: Path, name: str) -> Iterator[None]:
    """Hold the lock of the table (or other thing) called `name`; wait while somebody else does.

    The operating system lets go of it when its holder dies, however it dies. It is not reentrant.
    """
    folder = root / "locks"
    hashed = hashlib.sha256(name.encode()).hexdigest()[:32]  # any name is a safe file name so
    path = folder / f"table-{hashed}.lock"
    with disk_errors(f"lock {name}"):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
