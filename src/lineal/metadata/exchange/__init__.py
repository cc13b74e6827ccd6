"""Export a whole metadata store as Parquet or JSON lines, and import it into another."""

from lineal.metadata.exchange.exporting import export_store
from lineal.metadata.exchange.importing import Imported, import_store
from lineal.metadata.exchange.manifest import Layout, Manifest

__all__ = ["Imported", "Layout", "Manifest", "export_store", "import_store"]
