"""Folders of named files, made of links to objects, as readers of TFX's artifacts expect them."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists, InvalidInput
from lineal.lake.disk import disk_errors, private_folder, sync_folders

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lineal.lake.objects import ObjectStore

__all__ = ["publish", "withdraw"]

_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP}


def publish(objects: ObjectStore, uuid: str, key: str, *, files: Mapping[str, str]) -> str:
    """Make `artifacts/<uuid>/<key>/` beside the objects, and return its absolute path.

    `files` maps a relative path (`Split-train/FeatureStats.pb`) to the SHA-256 of its object.
    The files are read-only; the folders are not, so that a workspace can be removed as any other
    folder. Called again with the same files, as after a crash, it returns the same path.
    """
    for name in (uuid, key, *files):
        _check_inside(name)
    final = objects.root / "artifacts" / uuid / key
    with (
        private_folder(objects.temporary) as folder,
        disk_errors(f"publish {len(files)} files in {final}"),
    ):
        made = folder / "folder"
        made.mkdir()
        for name, sha256 in files.items():
            _link(objects, sha256, made / name)
        sync_folders([str(made), *(str(path) for path in made.rglob("*") if path.is_dir())])
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            made.rename(final)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            _check_same(final, files)
        sync_folders([str(final.parent), str(final.parent.parent)])
    return str(final)


def withdraw(objects: ObjectStore, uuid: str, key: str) -> None:
    """Remove a published folder that nothing refers to, since an equal version is there."""
    folder = objects.root / "artifacts" / uuid / key
    shutil.rmtree(folder, ignore_errors=True)  # what stays is found as left over
    with suppress(OSError):
        folder.parent.rmdir()  # unless another output of the same execution lies there


def _check_inside(name: str) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise InvalidInput(f"{name!r} is no path inside an artifact's folder")


def _link(objects: ObjectStore, sha256: str, path: Path) -> None:
    objects.verify(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.hardlink_to(objects.path(sha256))
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(objects.path(sha256), path)
        path.chmod(0o444)
        with path.open("rb") as copy:
            os.fsync(copy.fileno())


def _check_same(final: Path, files: Mapping[str, str]) -> None:
    """Raise `AlreadyExists` unless the folder that stands there is the one we were to make."""
    found = {
        path.relative_to(final).as_posix(): _sha256(path)
        for path in final.rglob("*")
        if path.is_file()
    }
    if found != {PurePosixPath(name).as_posix(): sha256 for name, sha256 in files.items()}:
        raise AlreadyExists(
            f"{final} holds other files; an artifact's folder is written once, "
            "give the new files another execution or key"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
