"""The tables: ML Metadata's own (schema 10), and Lineal's beside them.

ML Metadata's are declared so that SQLite gets the very columns, types, constraints and indexes
that its wheel writes; a store made by either is read by the other. The wheel ignores tables
that it doesn't know, so everything of ours is called `lineal_...`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from lineal.metadata.spellings import (
    PREFIX,
    BigInt,
    Double,
    Flag,
    IndexedText,
    Int,
    LongText,
    Proto,
    TinyInt,
    ValueText,
)

__all__ = [
    "COUNTER",
    "DATED",
    "MLMD_SCHEMA_VERSION",
    "OUR_INDEXES",
    "PREFIX",
    "SIMPLE_TYPES",
    "alias",
    "artifact",
    "artifact_property",
    "association",
    "attribution",
    "change",
    "claim",
    "commit",
    "context",
    "context_property",
    "event",
    "event_path",
    "execution",
    "execution_property",
    "lineal_metadata",
    "mlmd_env",
    "mlmd_metadata",
    "origin",
    "outbox",
    "parent_commit",
    "parent_context",
    "parent_type",
    "store",
    "type_",
    "type_property",
    "version",
]

MLMD_SCHEMA_VERSION = 10

SIMPLE_TYPES = (
    ("mlmd.Dataset", 1),
    ("mlmd.Model", 1),
    ("mlmd.Metrics", 1),
    ("mlmd.Statistics", 1),
    ("mlmd.Train", 0),
    ("mlmd.Transform", 0),
    ("mlmd.Process", 0),
    ("mlmd.Evaluate", 0),
    ("mlmd.Deploy", 0),
)
"""Name and kind of the types that every fresh ML Metadata store holds, ids 1 to 9 in this order."""


mlmd_metadata = sa.MetaData()
lineal_metadata = sa.MetaData()


def _table(name: str, *items: sa.schema.SchemaItem) -> sa.Table:
    """Declare one of ML Metadata's tables; its name is never quoted, as in its own statements.

    So it is lower-case on PostgreSQL, which folds names, and as given on the others.
    """
    has_id = items[0] is not None and getattr(items[0], "name", "") == "id"
    return sa.Table(
        quoted_name(name, quote=False),
        mlmd_metadata,
        *items,
        sqlite_autoincrement=has_id,
    )


def _is_not_postgresql(*_given: object, dialect: sa.Dialect, **_more: object) -> bool:
    return dialect.name != "postgresql"


def _id() -> sa.Column[int]:
    """Return an id as the wheel declares it: a rowid alias, without a NOT NULL of its own."""
    return sa.Column("id", sa.Integer, primary_key=True, nullable=True)


def _name(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(255), nullable=nullable)


def _times() -> tuple[sa.Column[int], sa.Column[int]]:
    return (
        sa.Column("create_time_since_epoch", BigInt, nullable=False, server_default=sa.text("0")),
        sa.Column(
            "last_update_time_since_epoch", BigInt, nullable=False, server_default=sa.text("0")
        ),
    )


def _properties(node: str) -> sa.Table:
    table = _table(
        f"{node}Property",
        sa.Column(f"{node.lower()}_id", Int, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("is_custom_property", Flag, primary_key=True, autoincrement=False),
        sa.Column("int_value", BigInt),
        sa.Column("double_value", Double),
        sa.Column("string_value", ValueText),
        sa.Column("byte_value", Proto),
        sa.Column("proto_value", Proto),
        sa.Column("bool_value", sa.Boolean),
    )
    for kind in ("int", "double", "string"):
        value = table.c[f"{kind}_value"]
        name = f"idx_{node.lower()}_property_{kind}"
        _index(name, value, table.c.name, table.c.is_custom_property, is_partial=True)
    return table


def _index(
    name: str,
    value: sa.Column[Any],
    *before: sa.Column[Any],
    is_partial: bool = False,
) -> None:
    """Index `value`; of a long text its beginning, where a database has a limit."""
    where: dict[str, Any] = {"sqlite_where": value.is_not(None)} if is_partial else {}
    if not isinstance(value.type, sa.Text):
        sa.Index(name, *before, value, **where)
        return
    whole = sa.Index(name, *before, value, **where)
    whole.ddl_if(callable_=_is_not_postgresql)
    sa.Index(name, *before, sa.func.left(value, PREFIX)).ddl_if(dialect="postgresql")


type_ = _table(
    "Type",
    _id(),
    _name("name", nullable=False),
    _name("version"),
    sa.Column("type_kind", TinyInt, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("input_type", sa.Text),
    sa.Column("output_type", sa.Text),
    sa.Column("external_id", sa.String(255), unique=True),
)
type_property = _table(
    "TypeProperty",
    sa.Column("type_id", Int, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("data_type", Int),
)
parent_type = _table(
    "ParentType",
    sa.Column("type_id", Int, primary_key=True, autoincrement=False),
    sa.Column("parent_type_id", Int, primary_key=True, autoincrement=False),
)
artifact = _table(
    "Artifact",
    _id(),
    sa.Column("type_id", Int, nullable=False),
    sa.Column("uri", IndexedText),
    sa.Column("state", Int),
    _name("name"),
    sa.Column("external_id", sa.String(255), unique=True),
    *_times(),
    sa.UniqueConstraint("type_id", "name"),
)
artifact_property = _properties("Artifact")
execution = _table(
    "Execution",
    _id(),
    sa.Column("type_id", Int, nullable=False),
    sa.Column("last_known_state", Int),
    _name("name"),
    sa.Column("external_id", sa.String(255), unique=True),
    *_times(),
    sa.UniqueConstraint("type_id", "name"),
)
execution_property = _properties("Execution")
context = _table(
    "Context",
    _id(),
    sa.Column("type_id", Int, nullable=False),
    _name("name", nullable=False),
    sa.Column("external_id", sa.String(255), unique=True),
    *_times(),
    sa.UniqueConstraint("type_id", "name"),
)
context_property = _properties("Context")
event = _table(
    "Event",
    _id(),
    sa.Column("artifact_id", Int, nullable=False),
    sa.Column("execution_id", Int, nullable=False),
    sa.Column("type", Int, nullable=False),
    sa.Column("milliseconds_since_epoch", BigInt),
    sa.UniqueConstraint("artifact_id", "execution_id", "type"),
)
event_path = _table(
    "EventPath",
    sa.Column("event_id", Int, nullable=False),
    sa.Column("is_index_step", Flag, nullable=False),
    sa.Column("step_index", Int),
    sa.Column("step_key", sa.Text),
)
association = _table(
    "Association",
    _id(),
    sa.Column("context_id", Int, nullable=False),
    sa.Column("execution_id", Int, nullable=False),
    sa.UniqueConstraint("context_id", "execution_id"),
)
attribution = _table(
    "Attribution",
    _id(),
    sa.Column("context_id", Int, nullable=False),
    sa.Column("artifact_id", Int, nullable=False),
    sa.UniqueConstraint("context_id", "artifact_id"),
)
parent_context = _table(
    "ParentContext",
    sa.Column("context_id", Int, primary_key=True, autoincrement=False),
    sa.Column("parent_context_id", Int, primary_key=True, autoincrement=False),
)
mlmd_env = _table(
    "MLMDEnv",
    sa.Column("schema_version", sa.Integer, primary_key=True, autoincrement=False, nullable=True),
)

_index("idx_artifact_uri", artifact.c.uri)
sa.Index("idx_event_execution_id", event.c.execution_id)
sa.Index("idx_parentcontext_parent_context_id", parent_context.c.parent_context_id)
sa.Index("idx_type_name", type_.c.name)
sa.Index("idx_eventpath_event_id", event_path.c.event_id)
sa.Index("idx_type_external_id", type_.c.external_id)
for _node in (artifact, execution, context):
    _kind = _node.name.lower()
    sa.Index(f"idx_{_kind}_create_time_since_epoch", _node.c.create_time_since_epoch)
    sa.Index(f"idx_{_kind}_last_update_time_since_epoch", _node.c.last_update_time_since_epoch)
    sa.Index(f"idx_{_kind}_external_id", _node.c.external_id)

store = sa.Table(
    "lineal_store",
    lineal_metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
commit = sa.Table(
    "lineal_commit",
    lineal_metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    # JSON {kind: [[first id, last id], ...]}: what this commit inserted, and what another client
    # had inserted without a commit of ours (dated by its own times, or first seen here).
    sa.Column("inserted", LongText, nullable=False),
    sa.Column("seen", LongText),
    # JSON {kind: id}: the greatest id of each kind once this commit was done.
    sa.Column("frontier", sa.Text, nullable=False),
)
change = sa.Table(
    "lineal_change",
    lineal_metadata,
    _id(),
    sa.Column("commit", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("node_id", sa.Integer, nullable=False),
    sa.Column("old", LongText, nullable=False),  # JSON: the values that this commit replaced
    sqlite_autoincrement=True,
)
version = sa.Table(
    "lineal_version",
    lineal_metadata,
    sa.Column("artifact_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("content", sa.String(64), nullable=False),
    sa.Column("commit", sa.Integer, nullable=False),
    sa.UniqueConstraint("name", "number"),
)
alias = sa.Table(
    "lineal_alias",
    lineal_metadata,
    _id(),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("alias", sa.String(255), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("commit", sa.Integer, nullable=False),  # of the first setting
    sa.UniqueConstraint("name", "alias"),
    sqlite_autoincrement=True,
)
outbox = sa.Table(  # what other tools are to be told: an execution began or ended
    "lineal_outbox",
    lineal_metadata,
    _id(),
    sa.Column("commit", sa.Integer, nullable=False),
    sa.Column("execution_id", sa.Integer, nullable=False),
    sa.Column("transition", sa.String(16), nullable=False),
    sqlite_autoincrement=True,
)
claim = sa.Table(
    "lineal_claim",
    lineal_metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("node_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("known_at_us", sa.BigInteger, nullable=False),
    sa.Column("claimed_by", sa.String(255), nullable=False),
    sa.Column("commit", sa.Integer, nullable=False),
)
# Where imported rows come from: those with the ids `first` to `last` of a kind in another store
# are `local` and the following ones here. So a second import of the same store adds nothing.
origin = sa.Table(
    "lineal_origin",
    lineal_metadata,
    sa.Column("store", sa.String(36), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("first", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
    sa.Column("local", sa.Integer, nullable=False),
)
# When contexts were put into others by us; a row of ParentContext without one here is undated.
parent_commit = sa.Table(
    "lineal_parent",
    lineal_metadata,
    sa.Column("context_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("parent_context_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("commit", sa.Integer, nullable=False),
)
# What was there at a moment starts from the last commit by then, and from what others wrote.
sa.Index("idx_lineal_commit_time", commit.c.time_us)
sa.Index("idx_lineal_commit_seen", commit.c.number, sqlite_where=commit.c.seen.is_not(None))
sa.Index("idx_lineal_change_node", change.c.kind, change.c.node_id)
sa.Index("idx_lineal_version_content", version.c.content)
sa.Index("idx_lineal_attribution_artifact_id", attribution.c.artifact_id)
sa.Index("idx_lineal_association_execution_id", association.c.execution_id)

DATED = {
    table.name: table.name.lower()
    for table in (artifact, execution, context, event, attribution, association)
}
"""The tables whose rows commits date by their ids, and what the kinds are called."""

OUR_INDEXES = tuple(
    index
    for table in (attribution, association)
    for index in table.indexes
    if str(index.name).startswith("idx_lineal_")
)
"""Indexes that ML Metadata's tables lack: without them, 'contexts of an artifact' scans."""

COUNTER = "commits"
"""The key in `lineal_store` whose row writers lock, so that commits have one order everywhere."""
