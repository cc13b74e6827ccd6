"""Making a workspace, keeping it sound, and seeing it all at work."""

from pathlib import Path
from typing import Annotated

import typer

from lineal.cli import output, session

__all__ = ["demo", "doctor", "init"]


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder; made if need be.", show_default=False)
    ],
    metadata: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where the graph is kept: postgresql://, mysql://, sqlite:///FILE, or a server, "
            "grpc://; an ML Metadata database is opened in place.",
            show_default=False,
        ),
    ] = None,
    password_env: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The environment variable that holds the database's password.",
            show_default=False,
        ),
    ] = None,
    as_json: session.JsonOption = False,
) -> None:
    """Make a workspace in a folder.

    A folder that is a workspace already is left as it is.
    """
    import lineal
    from lineal.errors import InvalidInput

    if password_env is not None and metadata is None:
        raise InvalidInput("--password-env is of the database that --metadata names; give both")
    existed = (directory / "lineal.toml").exists()
    with lineal.open(directory, metadata=metadata, password_env=password_env) as ws:
        root = ws.root
    if as_json:
        output.print_json({"workspace": root, "made": not existed})
    elif existed:
        output.print_lines(f"{root} is a workspace already")
    else:
        output.print_lines(
            f"made a workspace in {root}",
            "next: lineal add FILE, lineal ingest SUBJECT.TABLE FILE, lineal sql QUERY",
        )


def doctor(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done; exits 1 if anything.")
    ] = False,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Find and settle what a crash left behind.

    Finished work of a crashed process becomes a version; unfinished work is closed as abandoned
    and its leftovers are removed. Run again, it finds nothing. Exits 1 where a table is damaged,
    which it tells and can't mend.
    """
    from lineal.workspace.doctor import DAMAGED

    with session.opened(workspace) as ws, output.working("examining the workspace"):
        findings = ws.doctor(dry_run=dry_run)
    if as_json:
        output.print_json({"dry_run": dry_run, "findings": findings})
    elif not findings:
        output.print_lines("everything is in order")
    else:
        output.print_lines(*(f"{one.what}: {one.where} ({one.action})" for one in findings))
    if (dry_run and findings) or any(one.what == DAMAGED for one in findings):
        raise typer.Exit(1)


def demo(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The folder that it works in.")
    ] = Path("demo"),
    as_json: session.JsonOption = False,
) -> None:
    """Take real flights through the whole journey.

    All flights that left New York in 2013, month by month: raw files, tables, statistics, a
    schema, what goes wrong in real life and how it is found, features, a model, and its lineage.
    Run again, it reuses what is unchanged.
    """
    from lineal import demo as journey

    journey.run(directory, as_json=as_json)
