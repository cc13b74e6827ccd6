"""What the lake asks of a file system: private folders, durable renames, plain errors."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from lineal.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

__all__ = [
    "abandoned_folders",
    "disk_errors",
    "exclusive_lock",
    "private_folder",
    "remove_abandoned",
    "shared_lock",
    "sync_files",
    "sync_folders",
]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SYNC_EACH = 16  # beyond so many files, one sync of the file system is cheaper than one each


@contextmanager
def disk_errors(act: str) -> Iterator[None]:
    """Turn an `OSError` of the block into `Unavailable`, saying that `act` could not be done."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            raise Unavailable(
                f"could not {act}: {reason}; nothing was kept of it, free some space and try again"
            ) from error
        raise Unavailable(f"could not {act}: {reason}") from error


@contextmanager
def private_folder(temporary: Path) -> Iterator[Path]:
    """Make a folder under `temporary` that belongs to this block, and remove it after.

    The folder is locked while its maker lives: the operating system lets go of the lock when the
    process dies, however it dies, so that `abandoned_folders` never takes a living one.
    """
    folder, lock = _locked_folder(temporary)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # what stays is found by abandoned_folders
        os.close(lock)


def _locked_folder(temporary: Path) -> tuple[Path, int]:
    with disk_errors(f"make a temporary folder in {temporary}"):
        return _try_locked_folder(temporary)


def _try_locked_folder(temporary: Path) -> tuple[Path, int]:
    while True:
        folder = temporary / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            folder.mkdir(mode=0o700)
        except FileNotFoundError:
            temporary.mkdir(parents=True, exist_ok=True)
            continue
        # Between these two lines a cleaner may take the folder for an abandoned one.
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def abandoned_folders(temporary: Path) -> list[Path]:
    """List the folders under `temporary` whose maker is gone."""
    if not temporary.is_dir():
        return []
    return sorted(folder for folder in temporary.iterdir() if _unless_held(folder))


def remove_abandoned(folder: Path) -> bool:
    """Remove a folder made by `private_folder`, unless its maker lives; tell whether it went."""
    return _unless_held(folder, shutil.rmtree)


def _unless_held(folder: Path, act: Callable[[Path], object] = bool) -> bool:
    """Call `act` on the folder while we hold its lock; return False if somebody else does."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_NONBLOCK)
    except (FileNotFoundError, PermissionError):
        return False  # removed by its maker a moment ago, or made by another user
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        act(folder)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


@contextmanager
def shared_lock(path: Path) -> Iterator[None]:
    """Hold `path` together with all others who share it, and wait while one has it alone."""
    lock = _open_lock(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield
    finally:
        os.close(lock)


@contextmanager
def exclusive_lock(path: Path) -> Iterator[bool]:
    """Hold `path` alone; give False, without it, when somebody holds it."""
    lock = _open_lock(path)
    try:
        yield _try_alone(lock)
    finally:
        os.close(lock)


def _try_alone(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open_lock(path: Path) -> int:
    with disk_errors(f"lock {path}"):
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)


def sync_files(files: Collection[str]) -> None:
    """Make the bytes of `files`, all on one file system, survive a loss of power."""
    _sync(files, os.O_RDONLY)


def sync_folders(folders: Collection[str]) -> None:
    """Make the names in `folders`, all on one file system, survive a loss of power."""
    _sync(folders, os.O_RDONLY | os.O_DIRECTORY)


def _sync(paths: Collection[str], flags: int) -> None:
    whole = len(paths) > _SYNC_EACH
    for path in paths:
        descriptor = os.open(path, flags)
        try:
            if whole and _sync_file_system(descriptor):
                return
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync_file_system(descriptor: int) -> bool:
    """Write out the file system of `descriptor`; return False where there is no such call."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        return False
    if library.syncfs(descriptor) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return True
