"""The databases that a metadata store can live in, behind one protocol."""

from __future__ import annotations

from lineal.metadata.backends.choice import backend_of
from lineal.metadata.backends.protocol import Backend

__all__ = ["Backend", "backend_of"]
