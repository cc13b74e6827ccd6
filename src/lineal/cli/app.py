"""The `lineal` command: which commands there are, and how every one of them ends.

A command's module is imported only when that command runs or its own help is asked for, so that
`lineal --help` and the light commands start at once.

Exit codes: 0 fine; 1 findings (a failing `validate`, what `doctor --dry-run` found); 2 wrong use
or an error that Lineal explains; 3 a mistake in Lineal itself; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import Abort, Exit, TyperException

from lineal.cli import lazily, session
from lineal.cli.interrupting import INTERRUPTED, interruptible
from lineal.cli.lazily import Command
from lineal.cli.wording import as_command_line
from lineal.errors import LinealError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.core import TyperCommand, TyperGroup

__all__ = ["COMMANDS", "Command", "load", "main"]

MISTAKE_IN_LINEAL = 3
BROKEN_PIPE = 141


_START, _DATA, _QUALITY, _GRAPH, _BEYOND, _STORE = (
    "Start",
    "Data",
    "Quality",
    "What happened",
    "Pipelines and features",
    "The metadata store",
)
COMMANDS = tuple(
    Command(name, f"lineal.cli.{module}", summary, panel)
    for name, module, summary, panel in (
        ("init", "upkeep", "Make a workspace in a folder.", _START),
        ("demo", "upkeep", "Take real flights through the whole journey.", _START),
        ("doctor", "upkeep", "Find and settle what a crash left behind.", _START),
        ("add", "data", "Store files or folders in the lake, as they are.", _DATA),
        ("checkout", "data", "Bring a version's files back out of the lake.", _DATA),
        ("ingest", "data", "Load a file or a lake version into a table.", _DATA),
        (
            "save",
            "data",
            "Save a file or folder as the next version of a name.",
            _DATA,
        ),
        ("sql", "data", "Query all tables at one moment in time.", _DATA),
        ("stats", "quality", "Describe every column of a table, file or version.", _QUALITY),
        ("schema", "schema", "Infer, show, compare and curate schemas.", _QUALITY),
        ("validate", "quality", "Hold data against a schema and its history.", _QUALITY),
        ("track", "recording", "Run a Python script, recorded; it needs no change.", _GRAPH),
        ("exec", "recording", "Run any program, recorded.", _GRAPH),
        ("rerun", "recording", "Repeat a run, and tell what came out different.", _GRAPH),
        ("log", "graph", "List what happened, newest first.", _GRAPH),
        ("find", "graph", "Find versions by what is known of them.", _GRAPH),
        ("search", "graph", "Search names, labels, properties and types for words.", _GRAPH),
        ("show", "graph", "Tell all that is known of one thing.", _GRAPH),
        ("alias", "graph", "Point an alias at a version; the move is recorded.", _GRAPH),
        ("lineage", "graph", "Show where something came from and what came of it.", _GRAPH),
        (
            "diff",
            "differing",
            "Tell what differs between two versions and all that led to them.",
            _GRAPH,
        ),
        (
            "openlineage",
            "openlineage",
            "Tell other tools what happens, and keep what they tell, by OpenLineage.",
            _GRAPH,
        ),
        (
            "columns",
            "differing",
            "Tell which columns a column was made of, where the tables' makers told.",
            _GRAPH,
        ),
        ("run", "pipelines", "Run a pipeline; what is unchanged is reused.", _BEYOND),
        ("features", "features", "Define, join, materialize and read features.", _BEYOND),
        ("metadata", "metadata", "Upgrade, check, copy and serve metadata databases.", _STORE),
    )
)


def load(name: str) -> TyperCommand | TyperGroup:
    """Import the command called `name` and return it, ready to be invoked or described."""
    return lazily.load(COMMANDS, name)


app = typer.Typer(
    cls=lazily.lazy_group(COMMANDS),
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 findings, 2 wrong use, 3 a mistake in Lineal, 130 interrupted",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"lineal {version('lineal')}")
        raise Exit


@app.callback()
def _top(
    workspace: session.WorkspaceOption = None,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """The data journey of machine learning: from raw file to served feature, with its lineage.

    Commands work in the workspace that holds the current folder, or in --workspace DIR.
    """
    session.choose(workspace)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(_run(sys.argv[1:] if arguments is None else list(arguments)))


def _run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; every error ends as one message."""
    command = typer.main.get_command(app)
    warnings.showwarning = _show_warning
    try:
        with interruptible():
            code = command.main(arguments, prog_name="lineal", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except SystemExit as leaving:
        # Typer leaves so when the pipe breaks; its cause tells that from any other leaving.
        return BROKEN_PIPE if isinstance(leaving.__context__, BrokenPipeError) else 1
    except (KeyboardInterrupt, Abort):
        code = INTERRUPTED  # typer returns it as a code, too, when a command is interrupted
    except TyperException as error:
        _show_wrong_use(error)
        return 2
    except LinealError as error:
        _show_error(error)
        return 2
    except Exception as error:  # noqa: BLE001  (the last resort: told, never hidden)
        _show_mistake(error)
        return MISTAKE_IN_LINEAL
    if code == INTERRUPTED:
        print("interrupted", file=sys.stderr)
    return code if isinstance(code, int) else 0


def _debugging() -> bool:
    return os.environ.get("LINEAL_DEBUG", "") not in {"", "0"}


def _show_wrong_use(error: TyperException) -> None:
    """Show what is wrong with the command line, and where its help is."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return  # the help has been shown instead
    print(f"error: {error.format_message()}", file=sys.stderr)
    if context is not None:
        print(f"({context.command_path} --help tells how it is used)", file=sys.stderr)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"warning: {message}", file=sys.stderr)


def _show_error(error: LinealError) -> None:
    if _debugging():
        raise error
    print(f"error: {as_command_line(str(error))}", file=sys.stderr)


def _show_mistake(error: Exception) -> None:
    if _debugging():
        raise error
    print(
        f"error: a mistake in Lineal: {type(error).__name__}: {error}\n"
        "(LINEAL_DEBUG=1 shows where; please report it)",
        file=sys.stderr,
    )
