"""Copy what is new or changed in an ML Metadata database into a store, again and again.

The source is only read: a plain ML Metadata database stays one. What came before is known by its
origin. New rows are told by their ids, with a margin for transactions that ended late; changed
nodes by their update times, with a margin for clocks. A change that both sides made is settled
by the later time.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from lineal.errors import IncompatibleVersion, InvalidInput
from lineal.metadata import tables
from lineal.metadata.backends.choice import backend_of
from lineal.metadata.batch.forms import Cell, Kind, NodeForm
from lineal.metadata.exchange.contents import Batch, columns_of, kept_rows, stream
from lineal.metadata.exchange.merging import Merge
from lineal.metadata.upgrade.locking import address_of, looking
from lineal.metadata.upgrade.shapes import NEWEST
from lineal.metadata.upgrade.spelling import SPELLINGS
from lineal.metadata.upgrade.survey import Survey, look, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lineal.metadata.backends.address import Address
    from lineal.metadata.exchange.contents import Row
    from lineal.metadata.store import Store
    from lineal.metadata.transaction import Transaction

__all__ = ["Mirrored", "mirror_database"]

_LATE_IDS = 10_000
_LATE_MILLISECONDS = 5 * 60_000
_PAGE = 5_000
_UPDATED = "last_update_time_since_epoch"

_KINDS: tuple[Kind, ...] = ("context", "artifact", "execution")


@dataclass(frozen=True)
class Mirrored:
    """What a run brought over: how many rows of each table are new, how many nodes changed."""

    source: str
    target: str
    new: Mapping[str, int]
    changed: int


def mirror_database(source: str | Path, target: Store) -> Mirrored:
    """Copy what is new or changed in the database `source` (a URL or path) into `target`.

    One transaction of the target: all of it, or nothing. A source without tables of Lineal's is
    known by its URL, so keep to one spelling of it.
    """
    address = address_of(source)
    with looking(address) as connection:
        survey = look(connection, SPELLINGS[address.dialect], address.where)
        version = version_of(survey, connection, SPELLINGS[address.dialect])
        if version != NEWEST:
            raise IncompatibleVersion(
                f"{address.where} has ML Metadata schema {version}, a mirror reads {NEWEST}; "
                "upgrade it first (lineal metadata upgrade URL)"
            )
        identity = _identity(connection, survey, address)
        if identity == target.uuid:
            raise InvalidInput(f"{address.where} is the very store that it is to be copied into")
        with target.write() as transaction:
            mirror = _Mirror(connection, survey, identity, target.uuid, transaction)
            mirror.run()
    return Mirrored(
        source=address.where,
        target=str(target.path or target.uuid),
        new={name: count for name, count in mirror.added.items() if count},
        changed=mirror.changed,
    )


def _identity(connection: sa.Connection, survey: Survey, address: Address) -> str:
    if tables.store.name in survey.others:
        query = sa.select(tables.store.c.value).where(tables.store.c.key == "uuid")
        found = connection.scalar(query)
        if found:
            return str(found)
    path = None if address.path is None else address.path.resolve().as_uri()
    return str(uuid.uuid5(uuid.NAMESPACE_URL, path or address.where))


class _Mirror:
    """One run: reads the source, merges what is new, updates what changed."""

    def __init__(
        self,
        source: sa.Connection,
        survey: Survey,
        identity: str,
        here: str,
        transaction: Transaction,
    ) -> None:
        self._source = source
        self._present = {*survey.tables, *survey.others}
        self._is_foreign = tables.store.name not in survey.others
        self._transaction = transaction
        self._commit = transaction.commit
        self._merge = Merge(self._commit, here, identity, self._read)
        self.added = self._merge.added
        self.changed = 0
        self._key = f"mirror {identity}"

    def run(self) -> None:
        """Bring everything over."""
        since = self._seen_until()
        latest = since
        for table in (tables.type_, tables.type_property, tables.parent_type):
            self._take_all(table)
        for kind in _KINDS:
            latest = max(latest, self._take_nodes(kind, since - _LATE_MILLISECONDS))
        for rows in self._pages(tables.event, self._newer(tables.event)):
            self._merge.take_one(Batch(tables.event, rows))
            self._take_parts(tables.event_path, [cast("int", row[0]) for row in rows])
        for table in (tables.attribution, tables.association):
            for rows in self._pages(table, self._newer(table)):
                self._merge.take_one(Batch(table, rows))
        for table in (tables.parent_context, tables.alias, tables.claim):
            self._take_all(table)
        self._merge.keep_origins()
        if latest > since:
            self._keep_seen(latest)

    # Reading

    def _read(self, table: sa.Table) -> Iterator[Batch]:
        """Yield all rows of a table, which a plain database may lack.

        They are collected first, since MySQL has one open result at a time.
        """
        if str(table.name) in self._present:
            for rows in list(stream(self._source, table, foreign=self._is_foreign)):
                yield Batch(table, rows)

    def _take_all(self, table: sa.Table) -> None:
        for batch in self._read(table):
            self._merge.take_one(batch)

    def _newer(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """Return the condition that a row may be new, by its id."""
        last: int = self._merge.maps[tables.DATED[str(table.name)]].last
        return table.c.id > max(0, last - _LATE_IDS)

    def _pages(self, table: sa.Table, where: sa.ColumnElement[bool]) -> Iterator[list[Row]]:
        """Yield the rows in pages; between two of them no result is open."""
        last = 0
        while rows := self._page(table, sa.and_(where, table.c.id > last)):
            yield rows
            last = cast("int", rows[-1][0])

    def _page(self, table: sa.Table, where: sa.ColumnElement[bool]) -> list[Row]:
        parts = stream(self._source, table, where, limit=_PAGE, foreign=self._is_foreign)
        return [row for part in parts for row in part]

    def _parts_of(self, part: sa.Table, owners: list[int]) -> list[Row]:
        condition = backend_of(self._source).among(next(iter(part.columns)), owners)
        parts = stream(self._source, part, condition, foreign=self._is_foreign)
        return [row for found in parts for row in found]

    def _take_parts(self, part: sa.Table, owners: list[int]) -> None:
        rows = self._parts_of(part, owners)
        if rows:
            self._merge.take_one(Batch(part, rows))

    # Nodes

    def _take_nodes(self, kind: Kind, since: int) -> int:
        """Merge the nodes that may be new, update those that changed; return the latest time."""
        table: sa.Table = getattr(tables, kind)
        properties: sa.Table = getattr(tables, f"{kind}_property")
        place = columns_of(table).index(_UPDATED)
        latest = 0
        for rows in self._pages(table, sa.or_(self._newer(table), table.c[_UPDATED] >= since)):
            known = [row for row in rows if self._merge.local(kind, row[0]) is not None]
            self._merge.take_one(Batch(table, rows))
            owners = [cast("int", row[0]) for row in rows]
            fresh = [one for one in owners if self._merge.fresh[kind].get(one) is not None]
            if fresh:
                self._take_parts(properties, fresh)
            self._update(kind, known)
            latest = max(latest, *(cast("int", row[place]) for row in rows))
        return latest

    def _update(self, kind: Kind, rows: list[Row]) -> None:
        """Update the nodes here that the source has newer."""
        from lineal.metadata.batch.nodes import put_nodes

        table: sa.Table = getattr(tables, kind)
        held = [dict(zip(columns_of(table), row, strict=True)) for row in rows]
        local = {cast("int", self._merge.local(kind, node["id"])): node for node in held}
        if not local:
            return
        query = sa.select(table.c.id, table.c[_UPDATED]).where(
            self._commit.backend.among(table.c.id, sorted(local))
        )
        changed = {
            row[0]: local[row[0]]
            for row in self._commit.connection.execute(query)
            if cast("int", local[row[0]][_UPDATED]) > row[1]
        }
        if not changed:
            return
        put_nodes(self._transaction, kind, self._forms(kind, changed))
        times = [{"node": number, "time": node[_UPDATED]} for number, node in changed.items()]
        self._commit.connection.execute(
            table.update()
            .where(table.c.id == sa.bindparam("node"))
            .values({_UPDATED: sa.bindparam("time")}),
            times,
        )
        self.changed += len(changed)

    def _forms(self, kind: Kind, nodes: dict[int, dict[str, object]]) -> list[NodeForm]:
        """Return the nodes as they are in the source, under their ids here."""
        from lineal.metadata.batch.cells import VALUE_COLUMNS, decode

        part: sa.Table = getattr(tables, f"{kind}_property")
        owners = [cast("int", node["id"]) for node in nodes.values()]
        names = columns_of(part)
        held: dict[int, tuple[dict[str, Cell | None], dict[str, Cell | None]]] = {
            owner: ({}, {}) for owner in owners
        }
        for values in kept_rows(part, self._parts_of(part, owners)):
            row = cast("dict[str, Any]", dict(zip(names, values, strict=True)))
            cell = decode(*(row[name] for name in VALUE_COLUMNS))
            if cell is not None:
                held[row[names[0]]][bool(row["is_custom_property"])][row["name"]] = cell
        return [
            NodeForm(
                id=number,
                type_id=self._merge.local("type", node["type_id"]),
                name=cast("str | None", node["name"]),
                external_id=cast("str | None", node["external_id"]),
                uri=cast("str | None", node.get("uri")),
                state=cast("int | None", node.get("state", node.get("last_known_state"))),
                properties=held[cast("int", node["id"])][0],
                custom=held[cast("int", node["id"])][1],
            )
            for number, node in nodes.items()
        ]

    # How far

    def _seen_until(self) -> int:
        """Return the latest update time that an earlier run saw, in milliseconds."""
        query = sa.select(tables.store.c.value).where(tables.store.c.key == self._key)
        found = self._commit.connection.scalar(query)
        return int(json.loads(found)["seen"]) if found else 0

    def _keep_seen(self, latest: int) -> None:
        value = json.dumps({"seen": latest})
        self._commit.backend.upsert(
            self._commit.connection,
            tables.store,
            ("key", "value"),
            [(self._key, value)],
            key=("key",),
        )
