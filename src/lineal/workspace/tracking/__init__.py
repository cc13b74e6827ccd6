"""Record code that no pipeline wires: scripts, notebooks, blocks, functions, commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.workspace.tracking.functions import step
    from lineal.workspace.tracking.run import Run
    from lineal.workspace.tracking.session import finish, track

__all__ = ["Run", "finish", "step", "track"]

_LAZY = {"Run": "run", "finish": "session", "step": "functions", "track": "session"}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"lineal.workspace.tracking.{_LAZY[name]}"), name)
