"""Whole tables into the graph, a node for each row."""

from contextlib import closing, contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session
from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from lineal.metadata.graph import Graph

__all__ = ["load"]


class Kind(Enum):
    """What the rows become."""

    ARTIFACT = "artifact"
    EXECUTION = "execution"
    CONTEXT = "context"


def load(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A Parquet, Arrow or CSV file: columns name, uri, state, external_id, "
            "properties by their names, custom_properties.NAME.",
            show_default=False,
        ),
    ],
    type_name: Annotated[
        str,
        typer.Option(
            "--type", "-t", metavar="TYPE", help="The type of the nodes.", show_default=False
        ),
    ],
    kind: Annotated[Kind, typer.Option("--kind", help="What the rows become.")] = Kind.ARTIFACT,
    make_type: Annotated[
        bool,
        typer.Option("--make-type", help="Make the type of the columns, or widen it by them."),
    ] = False,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="URL",
            help="A database (SQLite file, sqlite:///…, mysql://…, postgresql://…); else the "
            "workspace's.",
            show_default=False,
        ),
    ] = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Load a table of artifacts, executions or contexts: all of it, or nothing."""
    with (
        _graph(store, workspace) as graph,
        _reader(file) as reader,
        output.working("loading"),
    ):
        ids = graph.load(kind.value, reader, type=type_name, make_type=make_type)
    told = {
        "kind": kind.value,
        "type": type_name,
        "loaded": len(ids),
        "first": ids[0].as_py() if len(ids) else None,
        "last": ids[-1].as_py() if len(ids) else None,
    }
    if as_json:
        output.print_json(told)
    elif len(ids):
        output.print_lines(
            f"loaded {len(ids):,} {kind.value}s: {kind.value}/{told['first']} to "
            f"{kind.value}/{told['last']}"
        )
    else:
        output.print_lines("the file has no rows")


@contextmanager
def _graph(url: str | None, workspace: Path | None) -> "Iterator[Graph]":
    """Open the graph of the database at `url`, or else that of the workspace."""
    if url is None:
        with session.opened(workspace) as ws:
            yield ws.graph
        return
    from lineal.metadata import Store
    from lineal.metadata.graph import Graph

    with closing(Store.open(url)) as store:
        yield Graph(store)


@contextmanager
def _reader(file: Path) -> "Iterator[pa.RecordBatchReader]":
    """Read a file batch by batch, as its ending tells."""
    import pyarrow as pa
    from pyarrow import csv, dataset

    if not file.is_file():
        raise NotFound(f"there is no file {file}")
    endings = {".parquet": "parquet", ".arrow": "ipc", ".feather": "ipc"}
    ending = file.suffix.lower()
    try:
        if ending == ".csv":
            with csv.open_csv(file) as reader:
                yield reader
        elif ending in endings:
            scanner = dataset.dataset(file, format=endings[ending]).scanner()
            with scanner.to_reader() as reader:
                yield reader
        else:
            raise InvalidInput(
                f"{file} ends in {ending or 'nothing'}; "
                "give a .parquet, .arrow, .feather or .csv file"
            )
    except pa.ArrowInvalid as error:
        raise InvalidInput(f"{file} can't be read: {error}") from error
