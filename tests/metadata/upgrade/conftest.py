"""Databases of old versions, made by downgrading new ones, and what they hold."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineal.metadata.upgrade import downgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))

import schema_dump  # noqa: E402 -- shared with the wheel's interpreter, so in no package

Rows = dict[str, list[tuple[object, ...]]]


def schema(path: Path) -> dict[str, object]:
    """Return the schema of a file: tables, columns, constraints, indexes; not ours."""
    found = schema_dump.dump(str(path))
    return {key: value for key, value in found.items() if not key.startswith("rows of ")}


def golden(version: int) -> dict[str, object]:
    """Return the schema that the wheel's own downgrade leaves."""
    place = HERE / "golden" / f"schema_{version}.json"
    if version == 10:
        place = HERE.parent / "golden" / "mlmd_schema_10.json"
    kept: Mapping[str, object] = json.loads(place.read_text(encoding="utf-8"))
    return {key: value for key, value in kept.items() if not key.startswith("rows of ")}


def rows(path: Path) -> Rows:
    """Return the rows of ML Metadata's tables; order of columns and rows as they are kept."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'lineal_%'"
        ).fetchall()
        return {
            name: sorted(connection.execute(f"SELECT * FROM `{name}`"), key=repr)
            for (name,) in names
        }


def execute(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Run statements on a file; return what the last one answers."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


@pytest.fixture
def old(store, path: Path) -> Callable[[int], Path]:
    """Make the file of a store of an old version, empty but for the simple types."""

    def _old(version: int) -> Path:
        store.close()
        execute(path, "DROP TABLE lineal_store")  # as a store that Lineal never saw
        downgrade(path, version, force=True)
        return path

    return _old


@pytest.fixture(scope="session")
def peer(wheel) -> Callable[..., str]:
    """Run a command of peer.py with the real ML Metadata; return what it prints."""

    def _run(*arguments: str | Path) -> str:
        done = subprocess.run(
            [wheel.python, HERE / "peer.py", *arguments],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return _run
