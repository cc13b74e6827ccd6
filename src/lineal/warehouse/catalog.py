"""The Iceberg catalog of a workspace: a SQLite file, tables beside it in folders of their own."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from lineal.errors import Conflict, Corrupt, NotFound, Unavailable
from lineal.lake.disk import disk_errors
from lineal.warehouse.lock import writer_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.table import Table as IcebergTable
    from pyiceberg.table import Transaction

    from lineal.warehouse.names import TableName

__all__ = ["Catalog", "iceberg_errors"]

_PROPERTIES = {
    "format-version": "2",
    # What keeps a table cheap however often it is loaded: a hundred small manifests become one,
    # and metadata files that only older commits needed go.
    "commit.manifest-merge.enabled": "true",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "10",
    # Files of versions that left Iceberg's list are still read here: no other program removes them.
    "gc.enabled": "false",
    "write.parquet.compression-codec": "zstd",
}


class Catalog:
    """Opens, creates and loads the Iceberg tables of one workspace."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.folder = root / "warehouse"
        self._opened: SqlCatalog | None = None

    def load(self, name: TableName) -> IcebergTable | None:
        """Return the table as it stands in the catalog now, or None if there is none."""
        from pyiceberg.exceptions import NoSuchTableError

        if not (self.folder / "catalog.db").exists():
            return None
        with iceberg_errors(str(name)):
            try:
                return self._catalog.load_table((name.subject, name.table))
            except NoSuchTableError:
                return None

    def create(self, name: TableName, schema: str) -> Transaction:
        """Begin a new table; it comes to be with the transaction's commit.

        `schema` is Iceberg's JSON. The table lies in a folder whose name nothing depends on.
        """
        from pyiceberg.schema import Schema

        location = f"file://{self.folder / uuid.uuid4().hex}"
        with iceberg_errors(str(name)):
            self._add_namespace(name.subject)
            return self._catalog.create_table_transaction(
                (name.subject, name.table),
                schema=Schema.model_validate(json.loads(schema)),
                location=location,
                properties=_PROPERTIES,
            )

    def describe_subject(self, subject: str, properties: dict[str, str]) -> None:
        """Keep `properties` at the namespace too, where other readers of Iceberg look."""
        with iceberg_errors(subject):
            self._add_namespace(subject)
            self._catalog.update_namespace_properties(subject_identifier(subject), None, properties)

    @property
    def _catalog(self) -> SqlCatalog:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> SqlCatalog:
        from pyiceberg.catalog.sql import SqlCatalog
        from sqlalchemy import NullPool, create_engine

        from lineal.warehouse.fileio import WAREHOUSE

        with disk_errors(f"make {self.folder}"):
            self.folder.mkdir(parents=True, exist_ok=True)
        # Two processes that both find no tables would both create them.
        uri = f"sqlite:///{quote(str(self.folder / 'catalog.db'))}?timeout=60"
        with writer_lock(self._root, "/catalog"), iceberg_errors("the catalog"):
            catalog = SqlCatalog(
                "lineal",
                uri=uri,
                warehouse=f"file://{self.folder}",
                **{
                    "py-io-impl": "lineal.warehouse.fileio.LocalFileIO",
                    WAREHOUSE: str(self.folder),
                },
            )
        # A connection for each transaction: none is left open, or shared with a forked child.
        catalog.engine.dispose()
        catalog.engine = create_engine(uri, poolclass=NullPool)
        return catalog

    def _add_namespace(self, subject: str) -> None:
        from pyiceberg.exceptions import NamespaceAlreadyExistsError

        try:
            self._catalog.create_namespace_if_not_exists(subject_identifier(subject))
        except NamespaceAlreadyExistsError:
            return  # another process was faster


def subject_identifier(subject: str) -> tuple[str]:
    """Return the identifier of a subject's namespace."""
    return (subject,)


@contextmanager
def iceberg_errors(what: str) -> Iterator[None]:
    """Translate what PyIceberg and its catalog raise about the table `what`."""
    from pyiceberg.exceptions import (
        CommitFailedException,
        CommitStateUnknownException,
        NoSuchNamespaceError,
        NoSuchTableError,
        TableAlreadyExistsError,
        ValidationException,
    )
    from pyiceberg.exceptions import ValidationError as InvalidMetadataError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (CommitFailedException, ValidationException, TableAlreadyExistsError) as error:
        raise Conflict(f"{what} was changed by somebody else meanwhile: {error}") from error
    except (NoSuchTableError, NoSuchNamespaceError) as error:
        raise NotFound(f"the Iceberg catalog has no {what}: {error}") from error
    except FileNotFoundError as error:
        raise Corrupt(
            f"a metadata file of {what} is missing: {error.filename or error}; put it back from "
            "a copy (versions that were read before stay readable)"
        ) from error
    except InvalidMetadataError as error:
        raise Corrupt(
            f"a metadata file of {what} is damaged ({str(error).splitlines()[0]}); put it back "
            "from a copy (versions that were read before stay readable)"
        ) from error
    except (SQLAlchemyError, CommitStateUnknownException) as error:
        raise Unavailable(f"the Iceberg catalog of {what} can't be reached: {error}") from error
    except OSError as error:
        with disk_errors(f"write the metadata of {what}"):
            raise error from None
