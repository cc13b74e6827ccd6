"""Whole metadata stores, out into files and in again."""

from contextlib import closing, contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lineal.metadata import Store

__all__ = ["export", "import_"]

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="A database (SQLite file, sqlite:///…, mysql://…, postgresql://…); else the "
        "workspace's.",
        show_default=False,
    ),
]


class Format(Enum):
    """How an export is laid out."""

    PARQUET = "parquet"
    JSONL = "jsonl"


def export(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The new folder.", show_default=False)
    ],
    layout: Annotated[
        Format,
        typer.Option(
            "--format", help="Typed Parquet files, or JSON lines to be read without Lineal."
        ),
    ] = Format.PARQUET,
    store: StoreOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Export a whole metadata store, history included.

    The folder shows one moment, and is there only when it is complete.
    """
    from lineal.metadata.exchange import export_store

    with _opened(store, workspace) as opened, output.working("exporting"):
        manifest = export_store(opened, directory, layout=layout.value)
    if as_json:
        output.print_json(manifest)
    else:
        _tell(manifest.rows)
        output.print_lines(f"exported into {directory}")


def import_(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The export's folder.", show_default=False)
    ],
    store: StoreOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Import an export: all of it, or nothing.

    An empty store becomes an exact copy, history included. Into any other the export is merged;
    importing it again adds nothing.
    """
    from lineal.metadata.exchange import import_store

    with _opened(store, workspace) as opened, output.working("importing"):
        imported = import_store(opened, directory)
    if as_json:
        output.print_json(imported)
        return
    _tell(imported.added)
    if imported.copied:
        output.print_lines("copied into an empty store: the same ids, the same history")
        return
    here = ", ".join(output.counted(n, f"{kind}s") for kind, n in imported.matched.items())
    lines = [f"here already: {here}"] if here else []
    if imported.renamed:
        lines.append(f"renamed, since another has their name: {imported.renamed:,}")
    output.print_lines(*lines, "merged" if imported.added else "nothing new")


def _tell(rows: "Mapping[str, int]") -> None:
    counts = {name: count for name, count in rows.items() if count}
    if counts:
        output.print_fields({"rows": counts})


@contextmanager
def _opened(url: str | None, workspace: Path | None) -> "Iterator[Store]":
    """Open the database at `url`, or else that of the workspace."""
    from lineal.metadata import Store

    if url is None:
        with session.opened(workspace) as ws:
            if not isinstance(ws.store, Store):
                raise InvalidInput(
                    "the workspace's graph is kept by a server; export or import there, "
                    "with store=URL of its database"
                )
            yield ws.store
        return
    with closing(Store.open(url)) as store:
        yield store
