"""Where a module comes from: the component's own, the environment, or elsewhere in the project.

What the environment holds (the standard library and installed distributions) is told apart by its
versions. A project's own files have none, so the code in them must be compared itself.
"""

from __future__ import annotations

import importlib.util
import site
import sys
import sysconfig
from enum import Enum
from functools import cache
from pathlib import Path

__all__ = ["Origin", "origin_of"]


class Origin(Enum):
    """Whose a module is."""

    OWN = "own"
    ENVIRONMENT = "environment"
    PROJECT = "project"


def origin_of(module: str, *, own: str) -> Origin:
    """Say whose the module of that dotted name is, seen from the module called `own`.

    A distribution installed in editable mode counts as the project: its files change while its
    version stays.
    """
    if module == own:
        return Origin.OWN
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in sys.builtin_module_names or top == "lineal":
        return Origin.ENVIRONMENT
    places = _places(module)
    if places is None:
        return Origin.PROJECT
    inside = all(any(place.is_relative_to(root) for root in _installed()) for place in places)
    return Origin.ENVIRONMENT if inside else Origin.PROJECT


def _places(module: str) -> list[Path] | None:
    """Return the file of a module, or the folders of a namespace package; [] when built in."""
    loaded = sys.modules.get(module)
    spec = getattr(loaded, "__spec__", None)
    if loaded is not None and spec is None:
        file = getattr(loaded, "__file__", None)
        return None if file is None else [Path(file).resolve()]
    if spec is None:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError, AttributeError):
            return None
    if spec is None:
        return None
    if spec.origin in ("built-in", "frozen"):
        return []
    if spec.origin is not None:
        return [Path(spec.origin).resolve()]
    return [Path(folder).resolve() for folder in spec.submodule_search_locations or ()] or None


@cache
def _installed() -> tuple[Path, ...]:
    """Return the folders that installers fill."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [sysconfig.get_path(name) for name in names]
    folders += [*site.getsitepackages(), site.getusersitepackages()]
    return tuple({Path(folder).resolve() for folder in folders if folder})
