"""What an ML Metadata server is told, by its file or its flags, so that ours can take its place.

The file is a `MetadataStoreServerConfig` in protobuf's text format, as in Kubeflow's and TFX's
deployments; the flags are the ones of `metadata_store_server`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound, Unavailable
from lineal.mlmd.server.certificates import Certificates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from lineal.mlmd.proto.metadata_store_pb2 import ConnectionConfig, MetadataStoreServerConfig

__all__ = ["Configuration", "read_configuration", "read_flags"]

_MYSQL = ("host", "port", "database", "user", "password")
_POSTGRES = ("host", "hostaddr", "port", "user", "password", "passfile", "dbname")
_POSTGRES_SSL = ("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert")
_OTHERS = (
    "grpc_port",
    "grpc_channel_arguments",
    "metadata_source_config_type",
    "metadata_store_server_config_file",
    "enable_database_upgrade",
    "downgrade_db_schema_version",
    "metadata_store_connection_retries",
)
_FLAGS = (
    *_OTHERS,
    *(f"mysql_config_{word}" for word in _MYSQL),
    *(f"postgres_config_{word}" for word in (*_POSTGRES, "skip_db_creation", *_POSTGRES_SSL)),
)


@dataclass(frozen=True)
class Configuration:
    """What a server of ML Metadata's would do: which database, TLS, migration, port."""

    connection: ConnectionConfig | None = None
    certificates: Certificates | None = None
    upgrade: bool = False
    downgrade_to: int | None = None
    port: int | None = None
    options: Mapping[str, int | str] = field(default_factory=dict)


def read_configuration(path: Path) -> Configuration:
    """Return what the file at `path` says; raise `InvalidInput` if it is none of the kind."""
    from google.protobuf import text_format

    from lineal.mlmd.proto.metadata_store_pb2 import MetadataStoreServerConfig

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"the configuration {path} can't be read: {error}") from error
    try:
        config = text_format.Parse(text, MetadataStoreServerConfig())
    except text_format.ParseError as error:
        raise InvalidInput(
            f"{path} is no MetadataStoreServerConfig in protobuf's text format: {error}"
        ) from error
    migration = config.migration_options
    downgrade = migration.downgrade_to_schema_version
    return Configuration(
        connection=config.connection_config if config.HasField("connection_config") else None,
        certificates=_certificates(path, config),
        upgrade=migration.enable_upgrade_migration,
        downgrade_to=downgrade if downgrade >= 0 else None,
    )


def read_flags(arguments: Iterable[str]) -> Configuration:
    """Return what flags of `metadata_store_server` say, written `--name=value`."""
    from pathlib import Path

    given = dict(_flag(argument) for argument in arguments)
    config = Configuration()
    if given.get("metadata_store_server_config_file"):
        config = read_configuration(Path(given["metadata_store_server_config_file"]))
    downgrade = _number(given, "downgrade_db_schema_version")
    return Configuration(
        connection=_connection(given) or config.connection,
        certificates=config.certificates,
        upgrade=_truth(given, "enable_database_upgrade") or config.upgrade,
        downgrade_to=config.downgrade_to if downgrade is None or downgrade < 0 else downgrade,
        port=_number(given, "grpc_port"),
        options=_channel_arguments(given.get("grpc_channel_arguments", "")),
    )


def _certificates(path: Path, config: MetadataStoreServerConfig) -> Certificates | None:
    if not config.HasField("ssl_config"):
        return None
    ssl = config.ssl_config
    if not ssl.server_key or not ssl.server_cert:
        raise InvalidInput(f"{path}: ssl_config has a server_key and a server_cert, as PEM texts")
    return Certificates(
        key=ssl.server_key,
        chain=ssl.server_cert,
        client_authority=ssl.custom_ca,
        require_client=ssl.client_verify,
    )


def _flag(argument: str) -> tuple[str, str]:
    name, equals, value = argument.removeprefix("--").partition("=")
    if not argument.startswith("--") or name not in _FLAGS:
        raise NotFound.among(
            "there is no option",
            argument.partition("=")[0],
            [f"--{known}" for known in _FLAGS],
            remedy="lineal metadata serve --help",
        )
    return name, value if equals else "true"


def _connection(given: Mapping[str, str]) -> ConnectionConfig | None:
    """Return the database that flags name; None where they name none."""
    from lineal.mlmd.proto.metadata_store_pb2 import ConnectionConfig

    kind = given.get("metadata_source_config_type", "")
    config = ConnectionConfig()
    if kind == "mysql" or (not kind and any(name.startswith("mysql_") for name in given)):
        for word in _MYSQL:
            if f"mysql_config_{word}" in given:
                value = given[f"mysql_config_{word}"]
                setattr(config.mysql, word, int(value) if word == "port" else value)
        return config
    if kind == "postgresql" or (not kind and any(name.startswith("postgres_") for name in given)):
        for word in (*_POSTGRES, *_POSTGRES_SSL):
            if f"postgres_config_{word}" in given:
                to = config.postgresql.ssloption if word in _POSTGRES_SSL else config.postgresql
                setattr(to, word, given[f"postgres_config_{word}"])
        config.postgresql.skip_db_creation = _truth(given, "postgres_config_skip_db_creation")
        return config
    return None


def _number(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise InvalidInput(f"--{name}={text} must be a whole number") from None


def _truth(given: Mapping[str, str], name: str) -> bool:
    return given.get(name, "false").lower() in ("true", "1", "yes", "t", "y")


def _channel_arguments(text: str) -> dict[str, int | str]:
    """Return gRPC's options from `name=value,…`; a whole number is one."""
    found: dict[str, int | str] = {}
    for pair in filter(None, text.split(",")):
        name, equals, value = pair.partition("=")
        if not equals:
            raise InvalidInput(f"--grpc_channel_arguments: {pair!r} is no name=value")
        found[name] = int(value) if value.lstrip("-").isdecimal() else value
    return found
