"""The drop-in on real servers, reached by ML Metadata's own connection configs."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.services import server

from lineal import mlmd
from lineal.mlmd import ListOptions, errors
from lineal.mlmd.proto import metadata_store_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["postgresql", "mysql"])
def config(request: pytest.FixtureRequest) -> Iterator[pb.ConnectionConfig]:
    """A config of a database that isn't there yet, on a real server."""
    running = server(request.param)
    url = sa.make_url(running.url)
    name = f"mlmd_{uuid.uuid4().hex[:12]}"
    made = pb.ConnectionConfig()
    if request.param == "mysql":
        made.mysql.host, made.mysql.port, made.mysql.database = url.host, url.port, name
        made.mysql.user, made.mysql.password = url.username or "", url.password or ""
    else:
        made.postgresql.host, made.postgresql.port = url.host, str(url.port)
        made.postgresql.user, made.postgresql.password = url.username or "", url.password or ""
        made.postgresql.dbname = name
    yield made
    # A store that a test left open still holds connections.
    force = " WITH (FORCE)" if request.param == "postgresql" else ""
    running.execute(f"DROP DATABASE IF EXISTS {name}{force}")


def test_a_database_is_made_and_used_like_a_file(config):
    store = mlmd.MetadataStore(config)
    kind = store.put_artifact_type(
        pb.ArtifactType(name="A", properties={"n": pb.INT, "d": pb.DOUBLE})
    )
    assert kind == 10
    artifacts = [pb.Artifact(type_id=kind, name=f"a{n}", uri=f"u/{n}") for n in range(120)]
    for number, artifact in enumerate(artifacts):
        artifact.properties["n"].int_value = number * 2**40
        artifact.properties["d"].double_value = number / 3
        artifact.custom_properties["n"].string_value = "text 🦆"
    made = store.put_artifacts(artifacts)
    assert made == list(range(1, 121))
    run = store.put_execution_type(pb.ExecutionType(name="X"))
    execution, outputs, _ = store.put_execution(
        pb.Execution(type_id=run, name="run"),
        [
            (pb.Artifact(id=1, type_id=kind), pb.Event(type=pb.Event.INPUT)),
            (pb.Artifact(type_id=kind, name="out"), pb.Event(type=pb.Event.OUTPUT)),
        ],
        [],
    )
    found = store.get_artifacts(ListOptions(filter_query="properties.n.int_value > 0"))
    assert len(found) == 119
    (third,) = store.get_artifacts(ListOptions(filter_query="name = 'a2'"))
    assert third.properties["d"].double_value == 2 / 3
    assert third.custom_properties["n"].string_value == "text 🦆"
    query = pb.LineageSubgraphQueryOptions(direction=pb.LineageSubgraphQueryOptions.UPSTREAM)
    query.starting_artifacts.filter_query = f"id = {outputs[1]}"
    lineage = store.get_lineage_subgraph(query)
    assert sorted(each.id for each in lineage.artifacts) == [1, outputs[1]]
    assert [each.id for each in lineage.executions] == [execution]
    with pytest.raises(errors.AlreadyExistsError):
        store.put_artifacts([pb.Artifact(type_id=kind, name="a1")])
    again = mlmd.MetadataStore(config)
    assert [each.name for each in again.get_artifact_types()] == ["A"]


def test_no_database_is_made_where_that_is_unwanted(config):
    getattr(config, config.WhichOneof("config")).skip_db_creation = True
    with pytest.raises(RuntimeError, match="mlmd_"):
        mlmd.MetadataStore(config)


def test_a_wrong_password_is_told(config):
    chosen = getattr(config, config.WhichOneof("config"))
    chosen.user, chosen.password = "nobody_of_that_name", "wrong"
    with pytest.raises(RuntimeError, match="nobody_of_that_name") as refused:
        mlmd.MetadataStore(config)
    assert "wrong" not in str(refused.value).replace("wrong password", "")


def test_a_server_that_is_not_there(config):
    chosen = getattr(config, config.WhichOneof("config"))
    chosen.port = 1 if isinstance(chosen.port, int) else "1"
    with pytest.raises(RuntimeError):
        mlmd.MetadataStore(config)
