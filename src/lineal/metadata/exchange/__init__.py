"""Export a whole metadata store as Parquet or JSON lines, import it into another, mirror it."""

from lineal.metadata.exchange.exporting import export_store
from lineal.metadata.exchange.importing import Imported, import_store
from lineal.metadata.exchange.manifest import Layout, Manifest
from lineal.metadata.exchange.mirroring import Mirrored, mirror_database

__all__ = [
    "Imported",
    "Layout",
    "Manifest",
    "Mirrored",
    "export_store",
    "import_store",
    "mirror_database",
]
