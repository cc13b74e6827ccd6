"""ML Metadata's Python interface: a store's methods, and how lists are asked for."""

from lineal.mlmd.metadata_store.metadata_store import (
    ListOptions,
    MetadataStore,
    OrderByField,
    downgrade_schema,
)

__all__ = ["ListOptions", "MetadataStore", "OrderByField", "downgrade_schema"]
