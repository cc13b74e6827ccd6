"""What ML Metadata's own server is told, ours understands: its file and its flags."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from google.protobuf import text_format

from lineal.errors import LinealError
from lineal.mlmd.proto import metadata_store_pb2 as mlmd
from lineal.mlmd.server.configuration import read_configuration, read_flags
from lineal.mlmd.server.running import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Serving
    from tests.mlmd.server.conftest import Authority, Client


@pytest.fixture
def config() -> mlmd.MetadataStoreServerConfig:
    """An empty configuration."""
    return mlmd.MetadataStoreServerConfig()


def written(config: mlmd.MetadataStoreServerConfig, folder: Path) -> Path:
    """Write a configuration as a file in text format."""
    path = folder / "server.pbtxt"
    path.write_text(text_format.MessageToString(config))
    return path


def test_a_server_runs_by_ml_metadata_s_file(
    config: mlmd.MetadataStoreServerConfig,
    authority: Authority,
    tmp_path: Path,
    serve: Callable[..., Serving],
    connect: Callable[..., Client],
) -> None:
    database = tmp_path / "mlmd.db"
    config.connection_config.sqlite.filename_uri = str(database)
    config.ssl_config.server_key = authority.server.key.read_text()
    config.ssl_config.server_cert = authority.server.certificate.read_text()
    config.ssl_config.custom_ca = authority.own.certificate.read_text()
    config.ssl_config.client_verify = True

    serving = serve("--mlmd-config", written(config, tmp_path))

    shown = {"authority": authority.own.certificate, "shown": authority.client}
    client = connect(serving.address, **shown)
    client.put(client.put_type(), "a")
    assert client.uris() == ["a"]
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT uri FROM Artifact").fetchall() == [("a",)]


def test_flags_of_ml_metadata_s_server(tmp_path: Path) -> None:
    mysql = read_flags(
        [
            "--grpc_port=9090",
            "--mysql_config_host=db",
            "--mysql_config_port=3307",
            "--mysql_config_database=metadb",
            "--mysql_config_user=root",
            "--mysql_config_password=",
            "--enable_database_upgrade=true",
            "--grpc_channel_arguments=grpc.max_connection_age_ms=5000,grpc.name=x",
        ]
    )
    postgres = read_flags(["--postgres_config_host=db", "--postgres_config_sslmode=require"])

    assert (mysql.port, mysql.upgrade, mysql.downgrade_to) == (9090, True, None)
    assert mysql.connection is not None
    assert (mysql.connection.mysql.host, mysql.connection.mysql.port) == ("db", 3307)
    assert mysql.options == {"grpc.max_connection_age_ms": 5000, "grpc.name": "x"}
    assert postgres.connection is not None
    assert postgres.connection.postgresql.ssloption.sslmode == "require"
    assert read_flags(["--downgrade_db_schema_version=6"]).downgrade_to == 6
    assert read_flags([]).connection is None


def test_a_flag_names_the_file(config: mlmd.MetadataStoreServerConfig, tmp_path: Path) -> None:
    config.connection_config.fake_database.SetInParent()
    config.migration_options.enable_upgrade_migration = True

    read = read_flags([f"--metadata_store_server_config_file={written(config, tmp_path)}"])

    assert read.connection == config.connection_config
    assert read.upgrade


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("--grpc_prt=1", "did you mean '--grpc_port'"),
        ("--grpc_port=many", "--grpc_port=many must be a whole number"),
        ("--grpc_channel_arguments=x", "'x' is no name=value"),
        ("extra", "there is no option 'extra'"),
        ("--metadata_store_server_config_file=nowhere", "nowhere can't be read"),
    ],
)
def test_wrong_flags_say_what_is_wrong(flag: str, says: str) -> None:
    with pytest.raises(LinealError, match=says):
        read_flags([flag])


def test_a_file_of_another_kind_is_refused(
    config: mlmd.MetadataStoreServerConfig, tmp_path: Path
) -> None:
    path = tmp_path / "server.pbtxt"
    path.write_text("connection_config { oracle {} }")
    with pytest.raises(LinealError, match="no MetadataStoreServerConfig in protobuf's text format"):
        read_configuration(path)

    config.ssl_config.server_key = "only a key"
    with pytest.raises(LinealError, match="a server_key and a server_cert"):
        read_configuration(written(config, tmp_path))


def test_a_store_has_a_connection_for_each_worker(tmp_path: Path) -> None:
    with Wanted(url=f"sqlite:///{tmp_path / 'a.db'}", workers=40).store() as store:
        assert store.path == tmp_path / "a.db"
        assert store._database.address.pool_size == 40
