"""The demonstration: a year of real flights through the whole journey."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.demo.run import run

__all__ = ["run"]


def __getattr__(name: str) -> object:
    if name == "run":
        from lineal.demo.run import run

        return run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
