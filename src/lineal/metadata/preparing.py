"""Make the tables of a new store, add ours to ML Metadata's, refuse versions we don't know."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import Corrupt, IncompatibleVersion
from lineal.metadata import tables

if TYPE_CHECKING:
    from lineal.metadata.backends import Backend

__all__ = ["LINEAL_SCHEMA_VERSION", "is_ready", "prepare", "store_uuid"]

LINEAL_SCHEMA_VERSION = 1

_MAKING = "making"
"""The key that stands in `lineal_store` while tables are made one by one, as on MySQL."""


def is_ready(connection: sa.Connection, where: str) -> bool:
    """Return whether all tables are there, without the write lock that making them takes."""
    present = _present(connection)
    wanted = {*tables.mlmd_metadata.tables, *tables.lineal_metadata.tables}
    if not wanted <= present or not _value(connection, "uuid"):
        return False
    if _value(connection, _MAKING):
        return False
    _check_mlmd_version(connection, where)
    _check_lineal_version(connection, where)
    return True


def store_uuid(connection: sa.Connection) -> str:
    """Return what tells this store from every other."""
    return _value(connection, "uuid")


def prepare(connection: sa.Connection, backend: Backend, where: str) -> None:
    """Make what is missing of both sets of tables, and refuse versions that we don't know."""
    backend.lock_schema(connection)
    present = _present(connection)
    is_half_made = tables.store.name in present and bool(_value(connection, _MAKING))
    missing = set(tables.mlmd_metadata.tables) - present
    if "MLMDEnv" in present and not is_half_made:
        _check_mlmd_version(connection, where)
        if missing:
            raise Corrupt(
                f"{where} lacks the tables {', '.join(sorted(missing))} of ML Metadata; "
                "restore it from a copy"
            )
    elif present & set(tables.mlmd_metadata.tables) and not is_half_made:
        raise IncompatibleVersion(
            f"{where} holds ML Metadata tables of a release before 0.14, or half of them; "
            "upgrade it first (lineal metadata upgrade URL)"
        )
    else:
        _make_mlmd(connection, backend, is_half_made=is_half_made)
    if tables.store.name in present and not is_half_made:
        _check_lineal_version(connection, where)  # before anything of another version's is touched
    backend.adapt(connection)
    backend.create(connection, tables.lineal_metadata)
    if not _value(connection, "uuid"):
        _put(connection, "schema", str(LINEAL_SCHEMA_VERSION))
        _put(connection, "uuid", str(uuid.uuid4()))
    if not _value(connection, tables.COUNTER):
        _put(connection, tables.COUNTER, "locked by each writer until it commits")
    connection.execute(tables.store.delete().where(tables.store.c.key == _MAKING))


def _make_mlmd(connection: sa.Connection, backend: Backend, *, is_half_made: bool) -> None:
    if not backend.makes_tables_at_once and not is_half_made:
        backend.create(connection, tables.lineal_metadata)
        _put(connection, _MAKING, "tables")
    backend.create(connection, tables.mlmd_metadata)
    if connection.scalar(sa.select(tables.mlmd_env.c.schema_version)) is None:
        connection.execute(
            tables.type_.insert(),
            [{"name": name, "type_kind": kind} for name, kind in tables.SIMPLE_TYPES],
        )
        connection.execute(tables.mlmd_env.insert(), {"schema_version": tables.MLMD_SCHEMA_VERSION})


def _present(connection: sa.Connection) -> set[str]:
    """Return the names of the tables that are there, ours and ML Metadata's as we spell them."""
    ours = {
        name.lower(): name
        for name in (*tables.mlmd_metadata.tables, *tables.lineal_metadata.tables)
    }
    return {ours.get(name.lower(), name) for name in sa.inspect(connection).get_table_names()}


def _check_mlmd_version(connection: sa.Connection, where: str) -> None:
    versions = list(connection.scalars(sa.select(tables.mlmd_env.c.schema_version)))
    if len(versions) != 1:
        raise _unclear(connection, where)
    if versions[0] != tables.MLMD_SCHEMA_VERSION:
        remedy = (
            "use a newer Lineal"
            if versions[0] > tables.MLMD_SCHEMA_VERSION
            else "upgrade it first (lineal metadata upgrade URL)"
        )
        raise IncompatibleVersion(
            f"{where} has ML Metadata schema {versions[0]}, "
            f"this Lineal reads {tables.MLMD_SCHEMA_VERSION}; {remedy}"
        )


def _unclear(connection: sa.Connection, where: str) -> Corrupt:
    """Return the error, with the remedy, of a database that states no version, or several."""
    from lineal.metadata.upgrade.spelling import SPELLINGS
    from lineal.metadata.upgrade.survey import look, version_of

    spelling = SPELLINGS[connection.dialect.name]
    try:
        version = version_of(look(connection, spelling, where), connection, spelling)
    except Corrupt as error:
        return error
    return Corrupt(
        f"{where} doesn't state its ML Metadata schema version ({version} by its tables); "
        "upgrade it first (lineal metadata upgrade URL)"
    )


def _check_lineal_version(connection: sa.Connection, where: str) -> None:
    found = _value(connection, "schema")
    if not found.isdecimal():
        raise Corrupt(f"{where} doesn't state the version of Lineal's tables; restore it")
    if int(found) > LINEAL_SCHEMA_VERSION:
        raise IncompatibleVersion(
            f"{where} was made by a newer Lineal (its tables have version {found}, "
            f"this Lineal knows {LINEAL_SCHEMA_VERSION}); upgrade Lineal to open it"
        )


def _value(connection: sa.Connection, key: str) -> str:
    found: str | None = connection.scalar(
        sa.select(tables.store.c.value).where(tables.store.c.key == key)
    )
    return found or ""


def _put(connection: sa.Connection, key: str, value: str) -> None:
    connection.execute(tables.store.insert(), {"key": key, "value": value})
