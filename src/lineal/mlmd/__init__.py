"""ML Metadata's package over Lineal's store: change the imports, keep the program.

from lineal import mlmd
from lineal.mlmd.proto import metadata_store_pb2

config = metadata_store_pb2.ConnectionConfig()
config.sqlite.filename_uri = "metadata.db"
store = mlmd.MetadataStore(config)
"""

from lineal.mlmd import errors, proto
from lineal.mlmd.metadata_store import (
    ListOptions,
    MetadataStore,
    OrderByField,
    downgrade_schema,
)
from lineal.mlmd.version import __version__

__all__ = [
    "ListOptions",
    "MetadataStore",
    "OrderByField",
    "__version__",
    "downgrade_schema",
    "errors",
    "proto",
]
