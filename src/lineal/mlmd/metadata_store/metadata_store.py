"""The store that programs made for ML Metadata use."""

from __future__ import annotations

import logging

from lineal.errors import LinealError
from lineal.metadata.tables import MLMD_SCHEMA_VERSION
from lineal.mlmd import errors, proto
from lineal.mlmd.connecting import downgrade_database, open_store
from lineal.mlmd.metadata_store.calling import Answering, Local, Remote
from lineal.mlmd.metadata_store.edge_gets import EdgeGets
from lineal.mlmd.metadata_store.node_gets import NodeGets
from lineal.mlmd.metadata_store.options import (
    MAX_NUM_RESULT,
    ExtraOptions,
    ListOptions,
    OrderByField,
)
from lineal.mlmd.metadata_store.puts import Puts
from lineal.mlmd.metadata_store.type_gets import TypeGets
from lineal.mlmd.proto import metadata_store_pb2, metadata_store_service_pb2

# The names that programs find in ML Metadata's module of this name.
__all__ = [
    "MAX_NUM_RESULT",
    "ExtraOptions",
    "ListOptions",
    "MetadataStore",
    "OrderByField",
    "downgrade_schema",
    "errors",
    "metadata_store_pb2",
    "metadata_store_service_pb2",
    "proto",
]

_CALLS_IN_ALL = 5


class MetadataStore(Puts, TypeGets, NodeGets, EdgeGets):
    """A store in a database, or behind a server that speaks ML Metadata's protocol.

    Every method raises a `StatusError` of `lineal.mlmd.errors`; `AbortedError`, which says that
    somebody else was faster, comes only after some more tries. The store may be used from
    several threads.
    """

    def __init__(
        self,
        config: metadata_store_pb2.ConnectionConfig | metadata_store_pb2.MetadataStoreClientConfig,
        enable_upgrade_migration: bool = False,
    ) -> None:
        """Open the database, or get ready to call the server.

        `enable_upgrade_migration` lets a database of an older version be brought to this one's.
        Raises `RuntimeError` if the database can't be opened.
        """
        self._max_num_retries = _CALLS_IN_ALL
        self._end: Answering
        if isinstance(config, metadata_store_pb2.MetadataStoreClientConfig):
            if enable_upgrade_migration:
                raise ValueError(
                    "enable_upgrade_migration has no meaning for a store behind a server; "
                    "upgrade the database where the server runs"
                )
            try:
                self._end = Remote(config)
            except LinealError as error:
                raise errors.as_status(error) from error
            return
        if not isinstance(config, metadata_store_pb2.ConnectionConfig):
            raise ValueError(  # noqa: TRY004 -- what ML Metadata raises
                f"config is a {type(config).__name__}; give a proto.ConnectionConfig or a "
                "proto.MetadataStoreClientConfig"
            )
        try:
            self._end = Local(open_store(config, upgrade=enable_upgrade_migration))
        except LinealError as error:
            raise RuntimeError(str(error)) from error
        if config.HasField("retry_options"):
            self._max_num_retries = config.retry_options.max_num_retries

    @property
    def pipeline_asset(self) -> None:
        """None: there is no such thing outside of ML Metadata's birthplace."""
        logging.getLogger("lineal.mlmd").warning("a metadata store has no pipeline asset")


def downgrade_schema(
    config: metadata_store_pb2.ConnectionConfig, downgrade_to_schema_version: int
) -> None:
    """Bring a database back to an old version, 0 to 9, for an old client.

    What the old version has no place for is lost. Raises `InvalidArgumentError` for a version
    that is none, or newer than the database, and `RuntimeError` if the database can't be opened.
    """
    if downgrade_to_schema_version < 0:
        raise errors.InvalidArgumentError(
            f"downgrade_to_schema_version not specified: {downgrade_to_schema_version}"
        )
    if downgrade_to_schema_version > MLMD_SCHEMA_VERSION:
        raise errors.InvalidArgumentError(
            f"MLMD cannot be downgraded to schema_version {downgrade_to_schema_version}; "
            f"give one from 0 to {MLMD_SCHEMA_VERSION}"
        )
    try:
        downgrade_database(config, downgrade_to_schema_version)
    except LinealError as error:
        raise RuntimeError(str(error)) from error
