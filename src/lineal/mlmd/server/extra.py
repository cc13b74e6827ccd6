"""The packages that servers and their clients need beyond Lineal's own."""

from __future__ import annotations

from importlib.util import find_spec

from lineal.errors import Unavailable

__all__ = ["need"]


def need(*packages: str, what: str) -> None:
    """Raise `Unavailable`, naming the remedy, unless all `packages` are installed."""
    for package in packages:
        if find_spec(package) is None:
            raise Unavailable(
                f"{what} needs the package {package}, which isn't installed; "
                "pip install 'lineal[grpc]'"
            )
