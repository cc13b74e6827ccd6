"""Make a folder that looks like another one, with some of its files as they were before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lineal.lake import LakeVersion
    from lineal.workspace.workspace import Workspace

__all__ = ["shadow"]


def shadow(
    workspace: Workspace,
    original: Path,
    target: Path,
    *,
    inputs: Mapping[str, LakeVersion],
    outputs: Collection[str],
) -> None:
    """Fill `target` with links to what `original` holds, apart from inputs and outputs.

    The inputs are checked out of the lake at their places, and where outputs come from there is
    nothing yet, so that the command can't touch the originals. Raises `InvalidInput` for a path
    outside of the folder.
    """
    own = {Path(path) for path in (*inputs, *outputs)}
    for path in sorted(own):
        if path.is_absolute() or ".." in path.parts:
            raise InvalidInput(
                f"{path} lies outside of the folder {original} that the command ran in, "
                "and can't be replaced there; run it again without the same inputs"
            )
    folders = {parent for path in own for parent in path.parents if parent != Path()}
    _link(original, target, own, folders | {Path()}, Path())
    for name, version in inputs.items():
        workspace.lake.checkout(version, target / name)


def _link(
    original: Path, target: Path, own: Collection[Path], folders: Collection[Path], here: Path
) -> None:
    (target / here).mkdir(exist_ok=True)
    there = original / here
    for entry in there.iterdir() if there.is_dir() else ():
        path = here / entry.name
        if path in own:
            continue
        if path in folders:
            _link(original, target, own, folders, path)
        else:
            (target / path).symlink_to(entry)
    for path in folders:
        if path.parent == here and path != Path():
            (target / path).mkdir(exist_ok=True)
