"""Which workspace a command works in, and the options that all commands share."""

from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="DIR",
        help="The workspace; else the one that holds the current folder.",
        show_default=False,
    ),
]
_chosen: list[Path] = []


def choose(workspace: Path | None) -> None: ...
