"""Bring an ML Metadata database to the newest version of its schema, or back to an old one.

SQLite and PostgreSQL do it in one transaction: all of it, or nothing. MySQL commits every
change of a table at once, so there the version moves step by step, and an upgrade that was
stopped half way goes on where it was when it is begun again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lineal.errors import Conflict, Corrupt, InvalidInput
from lineal.metadata import tables
from lineal.metadata.backends.choice import backend_of
from lineal.metadata.killpoints import kill_point
from lineal.metadata.moments import now
from lineal.metadata.upgrade.locking import address_of, looking, working
from lineal.metadata.upgrade.planning import plan
from lineal.metadata.upgrade.report import Migration
from lineal.metadata.upgrade.shapes import NEWEST, shapes
from lineal.metadata.upgrade.spelling import SPELLINGS
from lineal.metadata.upgrade.survey import holds_rows, look, version_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    import sqlalchemy as sa

    from lineal.metadata.backends.address import Address
    from lineal.metadata.upgrade.spelling import Spelling
    from lineal.metadata.upgrade.survey import Survey

__all__ = ["BUSY_SECONDS", "downgrade", "upgrade"]

BUSY_SECONDS = 60.0


def upgrade(
    url: str | Path, *, dry_run: bool = False, busy_seconds: float = BUSY_SECONDS
) -> Migration:
    """Bring the database at `url` (or in that SQLite file) from any version to the newest.

    With `dry_run`, only say what would be done. Raises, with the remedy, for a newer version,
    two version rows, or tables that are of no version; `Conflict` when another client has held
    the database for `busy_seconds`.
    """
    address = address_of(url)
    with _at(address, dry_run=dry_run, busy_seconds=busy_seconds) as connection:
        migration = _planned(connection, address, None, dry_run=dry_run)
        if not dry_run:
            _run(connection, address, migration)
    return migration


def downgrade(
    url: str | Path,
    version: int,
    *,
    dry_run: bool = False,
    force: bool = False,
    busy_seconds: float = BUSY_SECONDS,
) -> Migration:
    """Bring the database back to an old `version`, 0 to 9, for an old client.

    What that version has no place for is lost; if there is any, `Conflict` names it, unless
    `force` says to go on. Lineal's own tables stay as they are.
    """
    if version < 0:
        raise InvalidInput(
            f"downgrade_to_schema_version not specified: {version}; give one from 0 to {NEWEST}"
        )
    address = address_of(url)
    with _at(address, dry_run=dry_run, busy_seconds=busy_seconds) as connection:
        migration = _planned(connection, address, version, dry_run=dry_run)
        if migration.lost and not force and not dry_run:
            lost = ", ".join(f"{loss.what} ({loss.rows:,})" for loss in migration.lost)
            raise Conflict(
                f"version {version} has no place for what {address.where} holds: {lost}; "
                "keep a copy, then downgrade with force=True"
            )
        if not dry_run:
            _run(connection, address, migration)
    return migration


def _at(
    address: Address, *, dry_run: bool, busy_seconds: float
) -> AbstractContextManager[sa.Connection]:
    return looking(address) if dry_run else working(address, busy_seconds=busy_seconds)


def _planned(
    connection: sa.Connection, address: Address, down_to: int | None, *, dry_run: bool
) -> Migration:
    spelling = SPELLINGS[address.dialect]
    survey = look(connection, spelling, address.where)
    start = version_of(survey, connection, spelling)
    if down_to is not None and down_to > start:
        raise InvalidInput(
            f"MLMD cannot be downgraded to schema_version {down_to}: {address.where} has version "
            f"{start}; give one from 0 to {start}"
        )
    end = NEWEST if down_to is None else down_to
    lacking = [
        name
        for name in survey.missing
        if down_to is None or name in shapes(max(0, start - 1))  # a step down drops the others
    ]
    if lacking and holds_rows(survey, connection, spelling):
        raise Corrupt(
            f"{address.where} states version {start} and holds rows, but lacks the tables "
            f"{', '.join(lacking)}; restore it from a copy"
        )
    return Migration(
        database=address.where,
        backend=spelling.name,
        start=start,
        end=end,
        dry_run=dry_run,
        steps=plan(connection, spelling, survey.tables, start, end),
        notes=tuple(_notes(survey, spelling, start, end)),
    )


def _notes(survey: Survey, spelling: Spelling, start: int, to: int) -> list[str]:
    notes = []
    if not survey.versions and start > 0:
        notes.append(
            f"no row says which version this is, as after an interrupted start; the tables are "
            f"those of version {start}"
        )
    if to < start and tables.store.name in survey.others:
        notes.append(
            "Lineal's versions, aliases and history stay in the database; ML Metadata doesn't "
            "look at them, and an upgrade brings them back to use"
        )
    if start != to and not _is_atomic(spelling):
        notes.append(
            "MySQL commits each change of a table at once: if this is stopped, begin it again, "
            "and it goes on where it was"
        )
    return notes


def _run(connection: sa.Connection, address: Address, migration: Migration) -> None:
    spelling = SPELLINGS[address.dialect]
    for step in migration.steps:
        for statement in step.statements:
            connection.exec_driver_sql(statement)
        if not _is_atomic(spelling):
            connection.commit()
        kill_point("upgrade.step")
    if migration.end == NEWEST:
        _add_simple_types(connection, spelling)
        if _is_ours(connection, spelling, migration):  # else opening it as a store does that
            backend_of(connection).adapt(connection)
    elif migration.steps and migration.end != migration.start:
        _remember(connection, spelling, migration)


def _is_atomic(spelling: Spelling) -> bool:
    """Return whether a whole upgrade is one transaction, changes of tables included."""
    return spelling.name != "mysql"


def _add_simple_types(connection: sa.Connection, spelling: Spelling) -> None:
    """Add those types that every store of the newest version holds, as the wheel does."""
    table = spelling.quoted("Type")
    for name, kind in tables.SIMPLE_TYPES:
        connection.exec_driver_sql(
            f"INSERT INTO {table} (name, type_kind) SELECT '{name}', {kind} "
            f"FROM (SELECT 1 AS one) AS single WHERE NOT EXISTS (SELECT 1 FROM {table} "
            f"WHERE name = '{name}' AND type_kind = {kind} AND version IS NULL)"
        )


def _remember(connection: sa.Connection, spelling: Spelling, migration: Migration) -> None:
    """Note in a store of ours that it was downgraded: what was lost, its history can't tell."""
    if not _is_ours(connection, spelling, migration):
        return
    lost = {loss.what: loss.rows for loss in migration.lost}
    value = {"time": now().isoformat(), "from": migration.start, "to": migration.end, "lost": lost}
    key = f"downgrade {now():%Y-%m-%dT%H:%M:%S.%f}"
    connection.execute(tables.store.insert(), {"key": key, "value": json.dumps(value)})


def _is_ours(connection: sa.Connection, spelling: Spelling, migration: Migration) -> bool:
    """Return whether Lineal has tables of its own in the database."""
    return tables.store.name in look(connection, spelling, migration.database).others
