"""Running scripts and programs so that what they used and made is recorded."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from lineal.cli import output, session

__all__ = ["exec", "rerun", "track"]

# What stands behind the script or the program is theirs, also what begins with a dash.
_OPEN_END = {"allow_interspersed_args": False, "help_option_names": ["-h", "--help"]}

track = typer.Typer(add_completion=False, rich_markup_mode="markdown")
exec = typer.Typer(add_completion=False, rich_markup_mode="markdown")  # noqa: A001 -- the command's name

NameOption = Annotated[
    str | None,
    typer.Option(
        "--name", metavar="NAME", help="What the run is called, for rerun.", show_default=False
    ),
]
InputsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="PATH",
        help="A file or folder that it reads, or a pattern in quotes; several times.",
        show_default=False,
    ),
]
OutputsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="A file or folder that it makes; several times.",
        show_default=False,
    ),
]


@track.command("track", context_settings=_OPEN_END)
def run_tracked(
    script: Annotated[Path, typer.Argument(help="The script.", show_default=False)],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ARGUMENT]...", help="The script's own.", show_default=False),
    ] = None,
    name: NameOption = None,
    params: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="KEY=VALUE",
            help="A parameter to keep with the run; may be given several times.",
            show_default=False,
        ),
    ] = None,
    environment: Annotated[
        list[str] | None,
        typer.Option(
            "--env",
            metavar="VARIABLE",
            help="An environment variable to keep; may be given several times.",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Don't tell in the end what was recorded.")
    ] = False,
    workspace: session.WorkspaceOption = None,
) -> None:
    """Run a Python script, recorded; it needs no change.

    Files that it reads are inputs, what it saves in the workspace outputs; its source, arguments
    and environment are kept. Exits with the script's own code.
    """
    from lineal.workspace.finding import from_text
    from lineal.workspace.tracking.script import run_script

    with session.opened(workspace) as ws:
        code = run_script(
            ws,
            script,
            arguments or [],
            name=name,
            params=from_text(session.fields(params or [])),
            environment=environment or [],
            quiet=quiet,
        )
    if code:
        raise typer.Exit(code)


@exec.command("exec", context_settings=_OPEN_END)
def run_command(
    command: Annotated[
        list[str],
        typer.Argument(
            metavar="-- COMMAND...", help="The program and its arguments.", show_default=False
        ),
    ],
    inputs: InputsOption = None,
    outputs: OutputsOption = None,
    name: NameOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Run any program, recorded.

    Inputs are stored by content; outputs become versions in the lake, called as their files are
    (--name names the run, not them), if the program ends with 0. What it prints passes through
    (to stderr with --json), and is kept. Exits with the program's own code.
    """
    from lineal.workspace.tracking.command import execute

    with session.opened(workspace) as ws:
        done = execute(
            ws,
            command,
            inputs=inputs or [],
            outputs=outputs or [],
            name=name,
            stdout=sys.stderr if as_json else None,
        )
        made = {path: version.ref for path, version in done.outputs.items()}
    if as_json:
        output.print_json(
            {
                "execution": done.ref,
                "run": done.uuid,
                "name": done.name,
                "code": done.code,
                "seconds": round(done.seconds, 3),
                "inputs": done.inputs,
                "outputs": made,
            }
        )
    else:
        told = "" if done.ok else f" · ended with {done.code}"
        refs = f" · made {', '.join(made.values())}" if made else ""
        print(f"run {done.uuid[:4]}{told} · used {len(done.inputs)}{refs}", file=sys.stderr)
    if not done.ok:
        raise typer.Exit(done.code)


def rerun(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="Its name (the newest run is meant), its id, its first letters, or what it made.",
            show_default=False,
        ),
    ],
    changed_only: Annotated[
        bool,
        typer.Option("--changed-only", help="Only if inputs, code or environment changed."),
    ] = False,
    same_inputs: Annotated[
        bool,
        typer.Option(
            "--same-inputs", help="On the inputs that it had, in a folder of its own; a check."
        ),
    ] = False,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Repeat a run, and tell what came out different.

    A program that `lineal exec` ran, or a tracked script, with today's inputs. Exits with its
    code.
    """
    from lineal.workspace.tracking.repeat import rerun as repeat

    with session.opened(workspace) as ws:
        told = repeat(
            ws,
            run,
            changed_only=changed_only,
            same_inputs=same_inputs,
            stdout=sys.stderr if as_json else None,
        )
    if as_json:
        output.print_json(told)
    else:
        output.print_lines(str(told))
    if not told.ok:
        raise typer.Exit(told.code)
