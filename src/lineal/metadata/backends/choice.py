"""Tell which backend stands behind a connection."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

    from lineal.metadata.backends.protocol import Backend

__all__ = ["backend_called", "backend_of"]

_BACKENDS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",  # SQLAlchemy's name for the same dialect, when the URL says so
}
_loaded: dict[str, Backend] = {}


def backend_of(connection: sa.Connection) -> Backend:
    """Return the backend that this connection belongs to."""
    return backend_called(connection.dialect.name)


def backend_called(dialect: str) -> Backend:
    """Return the backend for SQLAlchemy's dialect of that name; its module is loaded once."""
    found = _loaded.get(dialect)
    if found is None:
        module = import_module(f"lineal.metadata.backends.{_BACKENDS[dialect]}")
        found = _loaded[dialect] = module.BACKEND
    return found
