"""Telling other tools what happens, and keeping what they tell."""

from pathlib import Path
from typing import Annotated

import typer

from lineal.cli import output, session

__all__ = ["openlineage"]

openlineage = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Tell other tools what happens, and keep what they tell, by OpenLineage.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@openlineage.command()
def send(
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Append to this file instead.", show_default=False),
    ] = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Send the events that wait, to where `[openlineage]` in lineal.toml says."""
    from lineal.metadata.openlineage import FileTransport

    with session.opened(workspace) as ws:
        sent = ws.openlineage.send(None if file is None else FileTransport(file))
    if as_json:
        output.print_json({"sent": sent})
    else:
        output.print_lines(output.counted(sent, "events") + " sent")


@openlineage.command()
def waiting(
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Tell how many events wait to be sent."""
    with session.opened(workspace) as ws:
        count = ws.openlineage.waiting
    if as_json:
        output.print_json({"waiting": count})
    else:
        output.print_lines(
            output.counted(count, "events") + f" {'waits' if count == 1 else 'wait'}"
        )


@openlineage.command()
def receive(
    files: Annotated[
        list[Path], typer.Argument(help="Files with a line of JSON an event.", show_default=False)
    ],
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Keep the events of files that other tools wrote; told twice, they are kept once."""
    with session.opened(workspace) as ws:
        kept = sum(ws.openlineage.receive_file(file) for file in files)
    if as_json:
        output.print_json({"received": kept})
    else:
        output.print_lines(output.counted(kept, "events") + " of runs received")


@openlineage.command()
def listen(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 5000,
    token_env: Annotated[
        str | None,
        typer.Option(
            "--token-env",
            metavar="NAME",
            help="The environment variable with the token that clients must send.",
            show_default=False,
        ),
    ] = None,
    workspace: session.WorkspaceOption = None,
) -> None:
    """Keep the events that other tools post to /api/v1/lineage, until interrupted."""
    import os

    from lineal.errors import Unavailable
    from lineal.workspace.listening import Listener

    token = None if token_env is None else os.environ.get(token_env)
    if token_env is not None and not token:
        raise Unavailable(f"the environment variable {token_env} is not set; it holds the token")
    with session.opened(workspace) as ws:
        listener = Listener(ws.openlineage, host=host, port=port, token=token)
        output.print_lines(f"listening at {listener.url}")
        listener.serve()
