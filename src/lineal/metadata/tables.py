"""The tables: ML Metadata's own (schema 10), and Lineal's beside them.

ML Metadata's are declared so that SQLite gets the very columns, types, constraints and indexes
that its wheel writes; a store made by either is read by the other. The wheel ignores tables
that it doesn't know, so everything of ours is called `lineal_...`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import TypeCompiler

__all__ = [
    "DATED",
    "MLMD_SCHEMA_VERSION",
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


class _Int(sa.Integer):
    """Spelled `INT` by the wheel on SQLite, where a rowid alias alone is an `INTEGER`."""


class _BigInt(sa.BigInteger):
    """Spelled `INT` on SQLite; 64 bits wide everywhere."""


class _TinyInt(sa.SmallInteger):
    """Spelled `TINYINT(1)` on SQLite."""


class _Double(sa.Double[float]):
    """Spelled `DOUBLE` on SQLite."""


@compiles(_Int, "sqlite")
@compiles(_BigInt, "sqlite")
def _int(_type: sa.types.TypeEngine[int], _compiler: TypeCompiler, **_options: object) -> str:
    return "INT"


@compiles(_TinyInt, "sqlite")
def _tinyint(_type: sa.types.TypeEngine[int], _compiler: TypeCompiler, **_options: object) -> str:
    return "TINYINT(1)"


@compiles(_Double, "sqlite")
def _double(_type: sa.types.TypeEngine[float], _compiler: TypeCompiler, **_options: object) -> str:
    return "DOUBLE"


mlmd_metadata = sa.MetaData()
lineal_metadata = sa.MetaData()


def _id() -> sa.Column[int]:
    """Return an id as the wheel declares it: a rowid alias, without a NOT NULL of its own."""
    return sa.Column("id", sa.Integer, primary_key=True, nullable=True)


def _name(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(255), nullable=nullable)


def _times() -> tuple[sa.Column[int], sa.Column[int]]:
    return (
        sa.Column("create_time_since_epoch", _BigInt, nullable=False, server_default=sa.text("0")),
        sa.Column(
            "last_update_time_since_epoch", _BigInt, nullable=False, server_default=sa.text("0")
        ),
    )


def _properties(node: str) -> sa.Table:
    table = sa.Table(
        f"{node}Property",
        mlmd_metadata,
        sa.Column(f"{node.lower()}_id", _Int, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("is_custom_property", _TinyInt, primary_key=True, autoincrement=False),
        sa.Column("int_value", _BigInt),
        sa.Column("double_value", _Double),
        sa.Column("string_value", sa.Text),
        sa.Column("byte_value", sa.LargeBinary),
        sa.Column("proto_value", sa.LargeBinary),
        sa.Column("bool_value", sa.Boolean),
    )
    for kind in ("int", "double", "string"):
        value = table.c[f"{kind}_value"]
        sa.Index(
            f"idx_{node.lower()}_property_{kind}",
            table.c.name,
            table.c.is_custom_property,
            value,
            sqlite_where=value.is_not(None),
        )
    return table


type_ = sa.Table(
    "Type",
    mlmd_metadata,
    _id(),
    _name("name", nullable=False),
    _name("version"),
    sa.Column("type_kind", _TinyInt, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("input_type", sa.Text),
    sa.Column("output_type", sa.Text),
    sa.Column("external_id", sa.String(255), unique=True),
    sqlite_autoincrement=True,
)
type_property = sa.Table(
    "TypeProperty",
    mlmd_metadata,
    sa.Column("type_id", _Int, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("data_type", _Int),
)
parent_type = sa.Table(
    "ParentType",
    mlmd_metadata,
    sa.Column("type_id", _Int, primary_key=True, autoincrement=False),
    sa.Column("parent_type_id", _Int, primary_key=True, autoincrement=False),
)
artifact = sa.Table(
    "Artifact",
    mlmd_metadata,
    _id(),
    sa.Column("type_id", _Int, nullable=False),
    sa.Column("uri", sa.Text),
    sa.Column("state", _Int),
    _name("name"),
    sa.Column("external_id", sa.String(255), unique=True),
    *_times(),
    sa.UniqueConstraint("type_id", "name"),
    sqlite_autoincrement=True,
)
artifact_property = _properties("Artifact")
execution = sa.Table(
    "Execution",
    mlmd_metadata,
    _id(),
    sa.Column("type_id", _Int, nullable=False),
    sa.Column("last_known_state", _Int),
    _name("name"),
    sa.Column("external_id", sa.String(255), unique=True),
    *_times(),
    sa.UniqueConstraint("type_id", "name"),
    sqlite_autoincrement=True,
)
execution_property = _properties("Execution")
context = sa.Table(
    "Context",
    mlmd_metadata,
    _id(),
    sa.Column("type_id", _Int, nullable=False),
    _name("name", nullable=False),
    sa.Column("external_id", sa.String(255), unique=True),
    *_times(),
    sa.UniqueConstraint("type_id", "name"),
    sqlite_autoincrement=True,
)
context_property = _properties("Context")
event = sa.Table(
    "Event",
    mlmd_metadata,
    _id(),
    sa.Column("artifact_id", _Int, nullable=False),
    sa.Column("execution_id", _Int, nullable=False),
    sa.Column("type", _Int, nullable=False),
    sa.Column("milliseconds_since_epoch", _BigInt),
    sa.UniqueConstraint("artifact_id", "execution_id", "type"),
    sqlite_autoincrement=True,
)
event_path = sa.Table(
    "EventPath",
    mlmd_metadata,
    sa.Column("event_id", _Int, nullable=False),
    sa.Column("is_index_step", _TinyInt, nullable=False),
    sa.Column("step_index", _Int),
    sa.Column("step_key", sa.Text),
)
association = sa.Table(
    "Association",
    mlmd_metadata,
    _id(),
    sa.Column("context_id", _Int, nullable=False),
    sa.Column("execution_id", _Int, nullable=False),
    sa.UniqueConstraint("context_id", "execution_id"),
    sqlite_autoincrement=True,
)
attribution = sa.Table(
    "Attribution",
    mlmd_metadata,
    _id(),
    sa.Column("context_id", _Int, nullable=False),
    sa.Column("artifact_id", _Int, nullable=False),
    sa.UniqueConstraint("context_id", "artifact_id"),
    sqlite_autoincrement=True,
)
parent_context = sa.Table(
    "ParentContext",
    mlmd_metadata,
    sa.Column("context_id", _Int, primary_key=True, autoincrement=False),
    sa.Column("parent_context_id", _Int, primary_key=True, autoincrement=False),
)
mlmd_env = sa.Table(
    "MLMDEnv",
    mlmd_metadata,
    sa.Column("schema_version", sa.Integer, primary_key=True, autoincrement=False, nullable=True),
)

sa.Index("idx_artifact_uri", artifact.c.uri)
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
    sa.Column("inserted", sa.Text, nullable=False),
    sa.Column("seen", sa.Text),
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
    sa.Column("old", sa.Text, nullable=False),  # JSON: the values that this commit replaced
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
claim = sa.Table(
    "lineal_claim",
    lineal_metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("node_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("known_at_us", sa.BigInteger, nullable=False),
    sa.Column("claimed_by", sa.String(255), nullable=False),
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
