"""Read the graph: nodes, events, links, versions, aliases; now, or as of a moment."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar, get_args

import sqlalchemy as sa

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import rows, tables
from lineal.metadata.backends.address import parse_address
from lineal.metadata.criteria import Criteria
from lineal.metadata.database import BUSY_SECONDS, Database, Synchronous, repeated
from lineal.metadata.history import AsOf, Clock, Horizon, horizon
from lineal.metadata.locks import hold
from lineal.metadata.model import (
    Artifact,
    ArtifactState,
    Context,
    Event,
    Execution,
    ExecutionState,
    Value,
)
from lineal.metadata.moments import Moment, as_moment, from_microseconds
from lineal.metadata.node_rows import children_of, chunks, nodes
from lineal.metadata.served import Elsewhere, served
from lineal.metadata.transaction import Transaction
from lineal.metadata.version_rows import VersionRow, aliases_of, is_newest, version_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

__all__ = ["Store", "VersionRow"]

_Result = TypeVar("_Result")
_Node = TypeVar("_Node", Artifact, Execution, Context)


class Store:
    """A metadata store: artifacts, executions, contexts and what ties them together.

    A file that ML Metadata's wheel wrote is opened in place, and the wheel opens ours. One store
    may be used from several threads, and one file by several processes. All writing goes through
    the recorder.
    """

    elsewhere: Elsewhere | None = None
    """Where what is served runs, for a store that a server keeps."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        busy_seconds: float = BUSY_SECONDS,
        synchronous: Synchronous = "FULL",
        database: Database | None = None,
    ) -> None:
        self._database = database or Database(
            path, busy_seconds=busy_seconds, synchronous=synchronous
        )
        self._as_of: AsOf | None = None

    @classmethod
    def open(
        cls,
        place: str | Path | None = None,
        *,
        password_env: str | None = None,
        busy_seconds: float = BUSY_SECONDS,
        synchronous: Synchronous = "FULL",
    ) -> Store:
        """Open the store at a path or a URL, made if there is none; in memory for None.

        `postgresql://USER@HOST/DATABASE`, `mysql://…`, `mariadb://…`, `sqlite:///FILE`. The
        database must be there; its tables are made. `password_env`, or `?password_env=NAME` in the
        URL, names the environment variable that holds the password.
        """
        address = parse_address(place, password_env=password_env)
        database = Database(address, busy_seconds=busy_seconds, synchronous=synchronous)
        return cls(database=database)

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for a store in memory or in another database."""
        return self._database.path

    @property
    def where(self) -> str:
        """Where the store is, for people: a path or a URL without its password."""
        return self._database.address.where

    @property
    def uuid(self) -> str:
        """What tells this store from every other."""
        return self._database.uuid

    @property
    def at(self) -> AsOf | None:
        """The moment that this store shows; None for the present."""
        return self._as_of

    def as_of(self, moment: Moment, *, clock: Clock = "known") -> Store:
        """Return a read-only view of what was known at `moment`, an aware time or a plain date.

        With `clock="commit"`, claims about the past don't count: what was committed by then.
        """
        if clock not in get_args(Clock):
            raise InvalidInput(f"there is no clock {clock!r}; choose 'known' or 'commit'")
        view = Store(database=self._database)
        view._as_of = AsOf(as_moment(moment), clock)
        return view

    def present(self) -> Store:
        """Return the same store as it is now."""
        return self if self._as_of is None else Store(database=self._database)

    @property
    def open_connections(self) -> int:
        """How many connections to the database are open."""
        return self._database.open_connections

    def close(self) -> None:
        """Close the database's connections."""
        self._database.close()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Yield a write transaction: one numbered commit, or nothing at all."""
        if self._as_of is not None:
            raise InvalidInput(
                f"the workspace as it was at {self._as_of.moment.isoformat()} can't be changed; "
                "use the present one"
            )
        with self._database.write() as connection:
            transaction = Transaction(connection)
            yield transaction
            transaction.seal()

    def transact(self, act: Callable[[Transaction], _Result]) -> _Result:
        """Return what `act` returns, done in one write transaction.

        The database may undo it to let another go first (a deadlock): then it is done again, a
        few times, so `act` must be nothing but its writes. After that, `Conflict`.
        """

        def once() -> _Result:
            with self.write() as transaction:
                return act(transaction)

        return repeated(once)

    @contextmanager
    def lock(self, name: str, *, wanted: Callable[[], bool] = lambda: True) -> Iterator[bool]:
        """Hold the lock called `name`, which all users of the store take turns with.

        Waits while somebody else holds it and it is still `wanted`; yields whether it is held.
        """
        with hold(self._database, name, wanted=wanted) as held:
            yield held

    # Nodes

    def artifact(self, id: int) -> Artifact:  # noqa: A002 -- the field's own name for it
        """Return the artifact with that id; raise `NotFound` if there is none."""
        return _only(self.artifacts(ids=[id]), f"artifact/{id}")

    def execution(self, id: int) -> Execution:  # noqa: A002 -- the field's own name for it
        """Return the execution with that id; raise `NotFound` if there is none."""
        return _only(self.executions(ids=[id]), f"execution/{id}")

    @served()
    def artifacts(
        self,
        *,
        ids: Iterable[int] | None = None,
        type: str | None = None,  # noqa: A002 -- the field's own name for it
        uri: str | None = None,
        name: str | None = None,
        state: ArtifactState | None = None,
        context_id: int | None = None,
        properties: Mapping[str, Value] | None = None,
    ) -> list[Artifact]:
        """Return the artifacts that fit everything given, in the order of their ids.

        `name` is the full MLMD name (`ops.flights@3`).
        """
        wanted = Criteria("artifact", {"uri": uri, "name": name, "state": state}, properties or {})
        links = [(tables.attribution, "context_id", context_id)]
        return self._nodes(wanted, ids, type, links, rows.artifact)

    @served()
    def executions(
        self,
        *,
        ids: Iterable[int] | None = None,
        type: str | None = None,  # noqa: A002 -- the field's own name for it
        name: str | None = None,
        state: ExecutionState | None = None,
        context_id: int | None = None,
        fingerprint: str | None = None,
        properties: Mapping[str, Value] | None = None,
    ) -> list[Execution]:
        """Return the executions that fit everything given, in the order of their ids."""
        held = dict(properties or {})
        if fingerprint is not None:
            held["lineal_fingerprint"] = fingerprint
        wanted = Criteria("execution", {"name": name, "state": state}, held)
        links = [(tables.association, "context_id", context_id)]
        return self._nodes(wanted, ids, type, links, rows.execution)

    @served()
    def contexts(
        self,
        *,
        ids: Iterable[int] | None = None,
        type: str | None = None,  # noqa: A002 -- the field's own name for it
        name: str | None = None,
        artifact_id: int | None = None,
        execution_id: int | None = None,
    ) -> list[Context]:
        """Return the contexts that fit everything given, in the order of their ids."""
        links = [
            (tables.attribution, "artifact_id", artifact_id),
            (tables.association, "execution_id", execution_id),
        ]
        return self._nodes(Criteria("context", {"name": name}), ids, type, links, rows.context)

    @served()
    def events(
        self,
        *,
        artifact_ids: Iterable[int] | None = None,
        execution_ids: Iterable[int] | None = None,
    ) -> list[Event]:
        """Return the events of these artifacts, or of these executions, in order of their ids."""
        table = tables.event
        column = table.c.artifact_id if artifact_ids is not None else table.c.execution_id
        wanted = artifact_ids if artifact_ids is not None else execution_ids
        if wanted is None:
            raise InvalidInput("events are asked for by artifact ids or by execution ids")
        found: list[Event] = []
        with self.reading() as (connection, at):
            for chunk in chunks(wanted):
                found += rows.events(connection, [self._database.backend.among(column, chunk)], at)
        return sorted(found, key=lambda event: event.id or 0)

    @served()
    def event_keys(self, event_ids: Iterable[int]) -> dict[int, str]:
        """Return the first step of the path of each of these events, where it has one."""
        found: dict[int, str] = {}
        with self.reading() as (connection, _):
            for chunk in chunks(event_ids):
                paths = rows.paths(connection, chunk)
                found |= {event_id: str(path[0]) for event_id, path in paths.items()}
        return found

    @served()
    def children(self, execution_ids: Iterable[int]) -> dict[int, list[int]]:
        """Return the ids of the executions that began inside of each of these, where any did."""
        found: dict[int, list[int]] = {}
        with self.reading() as (connection, at):
            for chunk in chunks(execution_ids):
                for parent, child in children_of(connection, at, chunk):
                    found.setdefault(parent, []).append(child)
        return found

    @served()
    def parent_contexts(self, context_id: int) -> list[Context]:
        """Return the contexts that hold the context with that id."""
        link, dated = tables.parent_context, tables.parent_commit
        query = sa.select(link.c.parent_context_id).where(link.c.context_id == context_id)
        with self.reading() as (connection, at):
            if at is not None:  # what another client put has no date; its contexts have
                later = sa.select(dated.c.parent_context_id).where(
                    dated.c.context_id == context_id, dated.c.commit > at.commit
                )
                query = query.where(link.c.parent_context_id.not_in(later))
            ids = connection.scalars(query).all()
        return self.contexts(ids=ids)

    # Versions and aliases

    @served()
    def newest(self, name: str) -> VersionRow | None:
        """Return the newest version of `name`, or None if there is none."""
        found = self._versions([tables.version.c.name == name], newest_first=True, limit=1)
        return found[0] if found else None

    @served()
    def version(self, name: str, number: int) -> VersionRow | None:
        """Return version `number` of `name`, or None if there is none."""
        if not 0 < number < 2**63:
            return None
        version = tables.version
        found = self._versions([version.c.name == name, version.c.number == number])
        return found[0] if found else None

    @served()
    def version_of(self, artifact_id: int) -> VersionRow | None:
        """Return the version that the artifact is, or None if it has no name."""
        found = self._versions([tables.version.c.artifact_id == artifact_id])
        return found[0] if found else None

    @served()
    def versions_of(self, artifact_ids: Iterable[int]) -> dict[int, VersionRow]:
        """Return the versions that these artifacts are, by artifact id."""
        found: dict[int, VersionRow] = {}
        for chunk in chunks(artifact_ids):
            for row in self._versions(
                [self._database.backend.among(tables.version.c.artifact_id, chunk)]
            ):
                found[row.artifact_id] = row
        return found

    @served()
    def versions(self, name: str) -> list[VersionRow]:
        """Return all versions of `name`, oldest first."""
        return self._versions([tables.version.c.name == name])

    @served()
    def by_content(self, name: str, prefix: str) -> list[VersionRow]:
        """Return the versions of `name` whose content's SHA-256 begins with `prefix`."""
        version = tables.version
        return self._versions(
            [version.c.name == name, version.c.content.startswith(prefix, autoescape=True)]
        )

    @served()
    def newest_versions(self, *, type: str | None = None) -> list[VersionRow]:  # noqa: A002
        """Return the newest version of every name, by name; of artifacts of `type` if given."""
        with self.reading() as (_connection, at):
            conditions = [is_newest(at)]
        if type is not None:
            of_type = rows.is_of_type(tables.artifact, "artifact", type)
            conditions.append(
                tables.version.c.artifact_id.in_(sa.select(tables.artifact.c.id).where(of_type))
            )
        return self._versions(conditions)

    def names(self, *, type: str | None = None) -> list[str]:  # noqa: A002 -- as above
        """Return every name that has a version, sorted; of artifacts of `type` if given."""
        return sorted(row.name for row in self.newest_versions(type=type))

    @served()
    def aliases(self, name: str) -> dict[str, int]:
        """Return the aliases of `name` and the version number that each stands for."""
        with self.reading() as (connection, at):
            return aliases_of(connection, at, name)

    @served()
    def alias(self, name: str, alias: str) -> VersionRow | None:
        """Return the version of `name` that `alias` stands for, or None if nothing does."""
        number = self.aliases(name).get(alias)
        return None if number is None else self.version(name, number)

    @served()
    def commits(self, *, limit: int | None = None) -> list[tuple[int, datetime]]:
        """Return number and time of the newest `limit` commits, newest first."""
        commit = tables.commit
        with self.reading() as (connection, at):
            then = sa.true() if at is None else commit.c.number <= at.commit
            query = sa.select(commit.c.number, commit.c.time_us).where(then)
            found = connection.execute(query.order_by(commit.c.number.desc()).limit(limit))
            return [(row.number, from_microseconds(row.time_us)) for row in found]

    # Inside the part

    @contextmanager
    def reading(self) -> Iterator[tuple[sa.Connection, Horizon | None]]:
        """Yield a connection in one read transaction, and the horizon of the moment shown."""
        with self._database.read() as connection:
            yield connection, None if self._as_of is None else horizon(connection, self._as_of)

    def _nodes(
        self,
        wanted: Criteria,
        ids: Iterable[int] | None,
        type_name: str | None,
        links: Iterable[tuple[sa.Table, str, int | None]],
        load: rows.Loader[_Node],
    ) -> list[_Node]:
        """Return the nodes wanted; of `links`, those that tie them to the other nodes given."""
        with self.reading() as (connection, at):
            return nodes(connection, at, wanted, ids, type_name, links, load)

    def _versions(
        self,
        conditions: list[sa.ColumnElement[bool]],
        *,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[VersionRow]:
        with self.reading() as (connection, at):
            return version_rows(connection, conditions, at, newest_first=newest_first, limit=limit)


def _only(found: list[_Node], what: str) -> _Node:
    if not found:
        raise NotFound(f"there is no {what} (lineal log lists what there is)")
    return found[0]
