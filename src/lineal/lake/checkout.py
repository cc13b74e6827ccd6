"""Write what the lake holds back to ordinary files and folders, verified, never half."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists, InvalidInput
from lineal.lake.disk import disk_errors
from lineal.lake.trees import Entry, EntryKind, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.lake.objects import ObjectStore

__all__ = ["write_file", "write_folder"]

_NAMED = 3  # so many conflicting paths are named in an error


def write_file(objects: ObjectStore, sha256: str, destination: Path, *, overwrite: bool) -> None:
    """Write one object to `destination`, which is replaced at once or not at all.

    A file of the same content is left as it is. Raises `AlreadyExists` for anything else that
    stands there, unless `overwrite` and it is a file or link.
    """
    entry = Entry(destination.name, sha256=sha256)
    if destination.is_dir() and not destination.is_symlink():
        raise AlreadyExists(f"{destination} is a folder; name the file to write inside it")
    if destination.is_file() and _sha256(destination) == sha256:
        return
    if os.path.lexists(destination) and not overwrite:
        raise AlreadyExists(
            f"{destination} exists with other content; pass overwrite=True to replace it, "
            "or choose another destination"
        )
    with disk_errors(f"write {destination}"):
        destination.parent.mkdir(parents=True, exist_ok=True)
        _write(objects, entry, destination)


def write_folder(objects: ObjectStore, tree: Tree, destination: Path, *, overwrite: bool) -> None:
    """Write the entries of `tree` below `destination`.

    A new folder appears whole or not at all. Into a folder that exists the entries are written as
    an archive is unpacked: what stands there beside them is left alone. What differs is found
    before anything is written, and refused with `AlreadyExists` unless `overwrite`.
    """
    if os.path.lexists(destination):
        _merge(objects, tree, destination, overwrite=overwrite)
        return
    with disk_errors(f"write {destination}"):
        destination.parent.mkdir(parents=True, exist_ok=True)
        with _beside(destination) as made:
            made.mkdir()
            for entry in tree.entries:
                _place(objects, entry, made)
            made.rename(destination)


def _merge(objects: ObjectStore, tree: Tree, destination: Path, *, overwrite: bool) -> None:
    if not destination.is_dir():
        raise AlreadyExists(f"{destination} is no folder; choose another destination")
    _refuse_detours(tree, destination)
    missing = [e for e in tree.entries if not os.path.lexists(destination / e.path)]
    standing = [e for e in tree.entries if os.path.lexists(destination / e.path)]
    different = [e for e in standing if not _equal(e, destination / e.path)]
    blocked = [e for e in different if not overwrite or not _replaceable(e, destination / e.path)]
    if blocked:
        named = ", ".join(repr(entry.path) for entry in blocked[:_NAMED])
        more = f" and {len(blocked) - _NAMED} more" if len(blocked) > _NAMED else ""
        remedy = "move them away" if overwrite else "pass overwrite=True to replace them"
        raise AlreadyExists(
            f"{destination} holds other content at {named}{more}; "
            f"{remedy}, or choose another destination"
        )
    with disk_errors(f"write into {destination}"):
        for entry in missing + different:
            _place(objects, entry, destination)


def _refuse_detours(tree: Tree, destination: Path) -> None:
    """Raise `InvalidInput` where a link or file in `destination` takes the place of a folder.

    To write through a link could write outside the destination.
    """
    above = {parent for entry in tree.entries for parent in Path(entry.path).parents}
    for path in sorted(destination / parent for parent in above if parent != Path()):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise InvalidInput(
                f"{str(path)!r} is a link or a file where the version has a folder; "
                "remove it, or choose another destination"
            )


def _equal(entry: Entry, path: Path) -> bool:
    if entry.kind is EntryKind.LINK:
        return path.is_symlink() and os.readlink(path) == entry.target  # noqa: PTH115 - as is
    if path.is_symlink():
        return False
    if entry.kind is EntryKind.FOLDER:
        return path.is_dir()
    return (
        path.is_file()
        and path.stat().st_size == entry.size
        and os.access(path, os.X_OK) == entry.executable
        and _sha256(path) == entry.sha256
    )


def _replaceable(entry: Entry, path: Path) -> bool:
    """Tell whether a rename can put `entry` in the place of what is at `path`."""
    return entry.kind is not EntryKind.FOLDER and (path.is_symlink() or not path.is_dir())


def _place(objects: ObjectStore, entry: Entry, folder: Path) -> None:
    path = folder / entry.path
    if entry.kind is EntryKind.FOLDER:
        path.mkdir(parents=True, exist_ok=True)
        return
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
    if entry.kind is EntryKind.FILE:
        _write(objects, entry, path)
        return
    with _beside(path) as link:
        link.symlink_to(entry.target)
        link.replace(path)


def _write(objects: ObjectStore, entry: Entry, path: Path) -> None:
    """Write the object beside `path`, verified as it is read, then rename it into place."""
    with _beside(path) as copy:
        with copy.open("xb") as target:
            for block in objects.blocks(entry.sha256):
                target.write(block)
        if entry.executable:
            copy.chmod(copy.stat().st_mode | 0o111 & ~_umask())
        copy.replace(path)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a name in the folder of `path` that nobody uses; on an error leave nothing under it."""
    name = path.parent / f".lineal-{os.getpid()}-{secrets.token_hex(8)}"
    try:
        yield name
    except BaseException:
        if name.is_dir() and not name.is_symlink():
            shutil.rmtree(name)
        else:
            name.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the process's umask; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
