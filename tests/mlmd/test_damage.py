"""Stored values that no client can have written so: told with their node and column."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from lineal import mlmd
from lineal.mlmd import errors
from lineal.mlmd.proto import metadata_store_pb2 as pb

if TYPE_CHECKING:
    from pathlib import Path

NO_MESSAGE = base64.b64encode(b"\xff\xff").decode()


def property_of(column: str, value: str) -> str:
    return (
        f"INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, {column}) "
        f"VALUES (2, 'z', 1, {value})"
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with three artifacts and one execution."""
    path = tmp_path / "metadata.db"
    store = opened(path)
    kind = store.put_artifact_type(pb.ArtifactType(name="A"))
    store.put_artifacts([pb.Artifact(type_id=kind, uri=f"u{n}") for n in range(3)])
    run = store.put_execution_type(pb.ExecutionType(name="X"))
    store.put_executions([pb.Execution(type_id=run)])
    return path


def opened(path: Path) -> mlmd.MetadataStore:
    return mlmd.MetadataStore(pb.ConnectionConfig(sqlite={"filename_uri": str(path)}))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE Artifact SET state = 77 WHERE id = 2", "state of artifact/2 is 77.*no state"),
        ("UPDATE Artifact SET uri = x'ff' WHERE id = 2", r"uri of artifact/2 is b'\\xff'.*no text"),
        ("UPDATE Artifact SET name = x'ff' WHERE id = 2", "name of artifact/2.*no text"),
        (
            "UPDATE Artifact SET create_time_since_epoch = 'x' WHERE id = 2",
            "create_time_since_epoch of artifact/2 is 'x'.*no number",
        ),
        (
            "UPDATE Execution SET last_known_state = 77 WHERE id = 1",
            "last_known_state of execution/1 is 77.*no state",
        ),
        (
            property_of("string_value", f"'mlmd-struct::{NO_MESSAGE}'"),
            "the property 'z' of artifact/2.*no Struct",
        ),
        (
            property_of("proto_value", f"CAST('{NO_MESSAGE}' AS BLOB)"),
            "the property 'z' of artifact/2.*no message",
        ),
    ],
)
def test_a_value_that_is_none_is_told_with_its_node_and_column(path, statement, told):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)
    store = opened(path)
    read = store.get_executions if "Execution" in statement else store.get_artifacts

    with pytest.raises(errors.DataLossError, match=told):
        read()
    assert [each.id for each in store.get_artifacts_by_id([1, 3])] == [1, 3]
