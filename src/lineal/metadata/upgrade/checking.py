"""Tell what a metadata database holds, and what stands in the way of using it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import Corrupt, IncompatibleVersion, NotFound
from lineal.metadata import tables
from lineal.metadata.upgrade.locking import address_of, looking
from lineal.metadata.upgrade.shapes import NEWEST
from lineal.metadata.upgrade.spelling import SPELLINGS
from lineal.metadata.upgrade.survey import Survey, count, holds_rows, look, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Check", "check"]


@dataclass(frozen=True)
class Check:
    """A database's versions and how many rows each table has.

    `version` is ML Metadata's, also one that is too new; None where it isn't clear.
    `lineal_version` is that of our own tables, None where there are none. `problem` is what stands
    in the way of using it, with the remedy; empty if nothing does. `downgrades` tells of those
    that Lineal made of it.
    """

    database: str
    backend: str
    version: int | None
    lineal_version: str | None
    rows: Mapping[str, int]
    problem: str
    downgrades: tuple[str, ...] = ()


def check(url: str | Path) -> Check:
    """Return what the database at `url`, or in that SQLite file, holds. Nothing is changed."""
    address = address_of(url)
    spelling = SPELLINGS[address.dialect]
    with looking(address) as connection:
        survey = look(connection, spelling, address.where)
        version: int | None
        problem = ""
        try:
            version = version_of(survey, connection, spelling)
        except (Corrupt, IncompatibleVersion, NotFound) as error:
            problem = str(error)
            version = survey.versions[0] if len(survey.versions) == 1 else None
        else:
            problem = _problem(survey, version, has_rows=holds_rows(survey, connection, spelling))
        ours = sorted(name for name in survey.others if name.startswith("lineal_"))
        rows = {
            name: count(connection, f"SELECT COUNT(*) FROM {spelling.quoted(name)}")
            for name in [*sorted(survey.tables), *ours]
        }
        kept = {}
        if tables.store.name in survey.others:
            query = sa.select(tables.store.c.key, tables.store.c.value)
            kept = {row.key: row.value for row in connection.execute(query)}
    return Check(
        database=address.where,
        backend=spelling.name,
        version=version,
        lineal_version=kept.get("schema"),
        rows=rows,
        problem=problem,
        downgrades=tuple(kept[key] for key in sorted(kept) if key.startswith("downgrade ")),
    )


def _problem(survey: Survey, version: int, *, has_rows: bool) -> str:
    if survey.missing:
        remedy = "restore it from a copy" if has_rows else "upgrade it, which makes them"
        return (
            f"{survey.where} states version {version} but lacks the tables "
            f"{', '.join(survey.missing)}; {remedy}"
        )
    if not survey.versions and version > 0:
        return f"{survey.where} doesn't state its version ({version} by its tables); upgrade it"
    if version < NEWEST:
        return f"{survey.where} has version {version} of {NEWEST}; upgrade it"
    return ""
