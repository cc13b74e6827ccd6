"""Bringing data in and getting it out: files of the lake, tables of the warehouse, SQL."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lineal.cli import output, session
from lineal.errors import InvalidInput
from lineal.metadata import Version

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from lineal.workspace.recorded import Recorded

__all__ = ["add", "checkout", "ingest", "save", "sql"]

KnownAtOption = Annotated[
    str | None,
    typer.Option(
        "--known-at",
        metavar="TIME",
        help="When its source knew it, if that was before now.",
        show_default=False,
    ),
]
EventTimeOption = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="The column that tells when a row happened.", show_default=False
    ),
]
EvolveOption = Annotated[
    Literal["add", "omit", "union"] | None,
    typer.Option(
        metavar="add|omit|union",
        help="Allow new columns (add), columns left out (omit), or both (union).",
        show_default=False,
    ),
]
MemberOption = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Which file of a zip that holds several.", show_default=False
    ),
]
FormatOption = Annotated[
    Literal["csv", "jsonl", "parquet", "arrow"] | None,
    typer.Option(
        "--format",
        metavar="csv|jsonl|parquet|arrow",
        help="What the file is, where its content does not tell.",
        show_default=False,
    ),
]


def add(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files or folders.", show_default=False)
    ],
    name: Annotated[
        str | None,
        typer.Option(help="What it is called; else as the file is.", show_default=False),
    ] = None,
    known_at: KnownAtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Store files or folders in the lake, as they are.

    Several paths are stored in one go: all, or none. Content equal to the newest version makes
    no new one.
    """
    if name is not None and len(paths) > 1:
        raise InvalidInput("--name names one file or folder; add several one by one")
    with session.opened(workspace) as ws, output.working(f"adding {', '.join(paths)}"):
        began = _now()
        versions = (
            [ws.lake.add(paths[0], name, known_at=known_at)]
            if len(paths) == 1
            else ws.lake.add_all(paths, known_at=known_at)
        )
        _tell(versions, began, as_json=as_json)


def checkout(
    name: Annotated[
        str, typer.Argument(help="Which version: raw.csv, raw.csv@2, …", show_default=False)
    ],
    destination: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DEST]",
            help="Where it is written to; else under its own name here.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what differs there.")
    ] = False,
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Bring a version's files back out of the lake.

    Every byte is checked while it is written. A file appears whole or not at all.
    """
    from lineal.lake import LakeVersion

    with session.opened(workspace, at=at) as ws:
        version = ws.get(name)
        if not isinstance(version, LakeVersion):
            raise InvalidInput(
                f"{version.ref} is a {version.artifact.type}, not a file or folder of the lake; "
                "'lineal sql' reads tables, 'lineal show --content' a kept source or log"
            )
        target = destination or Path(Path(version.name or f"artifact-{version.id}").name)
        path = ws.lake.checkout(version, target, overwrite=overwrite)
    if as_json:
        output.print_json({"ref": version.ref, "path": path})
    else:
        output.print_lines(f"{version.ref} -> {path}")


def ingest(
    table: Annotated[
        str, typer.Argument(metavar="SUBJECT.TABLE", help="The table.", show_default=False)
    ],
    source: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="A file, or the name of a version in the lake.", show_default=False
        ),
    ],
    event_time: EventTimeOption = None,
    known_at: KnownAtOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="Load it even if its content was loaded before.")
    ] = False,
    evolve: EvolveOption = None,
    delimiter: session.DelimiterOption = None,
    missing: session.MissingOption = None,
    member: MemberOption = None,
    kind: FormatOption = None,
    lossy: Annotated[
        bool, typer.Option("--lossy", help="Give up digits that a column's type can't hold.")
    ] = False,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Load a file or a lake version into a table.

    CSV (plain, gzipped or zipped), JSON lines, Parquet, Arrow. The first load decides the
    columns' types, later ones are held to them. The same content is not loaded twice.
    """
    with session.opened(workspace) as ws, output.working(f"loading {source} into {table}"):
        began = _now()
        version = ws.warehouse.ingest(
            table,
            source,
            event_time=event_time,
            known_at=known_at,
            again=again,
            evolve=evolve,
            delimiter=delimiter,
            na_values=missing or None,
            member=member,
            format=kind,
            lossy=lossy,
        )
        _tell([version], began, as_json=as_json)


def save(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="The file or folder.", show_default=False)
    ],
    name: Annotated[str, typer.Argument(help="What it is called.", show_default=False)],
    kind: Annotated[
        str | None,
        typer.Option(
            "--type", metavar="TYPE", help="The artifact's type, such as Model.", show_default=False
        ),
    ] = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Save a file or folder as the next version of a name.

    Content equal to the newest version makes no new one. For tables, see `lineal ingest`.
    """
    with session.opened(workspace) as ws, output.working(f"saving {path}"):
        began = _now()
        _tell([ws.save(Path(path), name, type=kind)], began, as_json=as_json)


def sql(
    query: Annotated[
        str,
        typer.Argument(
            metavar="QUERY",
            help="Tables are named as everywhere; a version or time in quotes: "
            'select * from "ops.flights@3"',
            show_default=False,
        ),
    ],
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, help="Rows of the table shown; 0 for all.")
    ] = 100,
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Query all tables at one moment in time.

    With --json the rows are a list of objects, all of them, printed as they come.
    """
    with session.opened(workspace, at=at) as ws:
        with output.working("running the query"):
            reader = ws.sql(query)
        names = list(reader.schema.names)
        rows = _rows(reader)
        if as_json:
            _refuse_equal(names)
            output.print_row_objects(rows)
            return
        output.print_table(islice(rows, limit or None), names)
        if next(rows, None) is not None:
            typer.echo(f"... only the first {limit} rows; --limit 0 shows all", err=True)


def _now() -> "datetime":
    from lineal.metadata.moments import now

    return now()


def _tell(versions: "Sequence[Version | Recorded]", began: "datetime", *, as_json: bool) -> None:
    """Say which versions a verb led to, and whether it made them."""
    made = [one if isinstance(one, Version) else one.version for one in versions]
    rows = [
        {
            "ref": version.ref,
            "new": version.committed is not None and version.committed >= began,
            "type": version.artifact.type,
            "content": version.content,
            "id": version.id,
        }
        for version in made
    ]
    if as_json:
        output.print_json(rows if len(rows) > 1 else rows[0])
    else:
        output.print_lines(
            *(f"{row['ref']}{'' if row['new'] else ' (as before: nothing new)'}" for row in rows)
        )


def _rows(reader: "pa.RecordBatchReader") -> Iterator[Mapping[str, object]]:
    """Yield the rows as people read them; only what is printed is ever taken apart."""
    names = reader.schema.names
    for batch in reader:
        columns = [column.to_pylist() for column in batch.columns]
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))


def _refuse_equal(names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput(
            f"two columns of the result are called {twice!r}; name them apart with AS"
        )
