"""Comparing versions with all that led to them, and following single columns."""

from typing import Annotated

import typer

from lineal.cli import output, session

__all__ = ["columns", "diff"]


def diff(
    first: Annotated[
        str,
        typer.Argument(metavar="FIRST", help="A version, such as model@6.", show_default=False),
    ],
    second: Annotated[
        str,
        typer.Argument(metavar="SECOND", help="Another, such as model@7.", show_default=False),
    ],
    causes: Annotated[
        bool, typer.Option("--causes", help="Only what nothing before it explains.")
    ] = False,
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Tell what differs between two versions and all that led to them.

    A line that begins with `*` is a cause: other code, another parameter, environment or input.
    The others follow from causes.
    """
    with session.opened(workspace, at=at) as ws:
        found = ws.diff(first, second)
    told = found.causes if causes else found.differences
    if as_json:
        output.print_json(
            {
                "first": found.first,
                "second": found.second,
                "differences": [
                    {
                        "where": each.where,
                        "kind": each.kind,
                        "what": each.what,
                        "before": each.before,
                        "after": each.after,
                        "is_cause": each.is_cause,
                    }
                    for each in told
                ],
            }
        )
    elif not told:
        output.print_lines(f"{found.first} and {found.second}: no difference, nor before them")
    else:
        output.print_lines(*(f"{'*' if each.is_cause else ' '} {each}" for each in told))


def columns(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="A table, such as ops.speed@2.", show_default=False),
    ],
    column: Annotated[str, typer.Argument(help="One of its columns.", show_default=False)],
    downstream: Annotated[
        bool, typer.Option("--downstream", help="What was made of it, instead of what it is of.")
    ] = False,
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Tell which columns a column was made of, where the tables' makers told."""
    from dataclasses import asdict

    with session.opened(workspace, at=at) as ws:
        found = ws.columns(name, column, downstream=downstream)
    if as_json:
        output.print_json([asdict(step) for step in found])
    elif not found:
        output.print_lines(
            f"nobody told what {name}.{column} {'became' if downstream else 'is of'}"
        )
    else:
        output.print_lines(*(str(step) for step in found))
