"""`lineal metadata`: what is done to a whole metadata database, not to one workspace's things.

Each command's module is imported when it is called; a new one is a line in the table.
"""

from __future__ import annotations

import typer

from lineal.cli.lazily import Command, lazy_group

__all__ = ["COMMANDS", "metadata"]

_PYTHON_NAMES = {"import": "import_"}  # a word of Python's own

COMMANDS = tuple(
    Command(name, f"lineal.cli.{module}", summary, attribute=_PYTHON_NAMES.get(name, ""))
    for name, module, summary in (
        ("serve", "serve", "Serve a metadata store by gRPC."),
        ("token", "serve", "Make a token that lets somebody into a server."),
        ("check", "migrating", "Tell a metadata database's versions, tables and rows."),
        ("upgrade", "migrating", "Upgrade an ML Metadata database of any version to the newest."),
        ("downgrade", "migrating", "Downgrade an ML Metadata database for an old client."),
        ("export", "exchange", "Export a whole metadata store, history included."),
        ("import", "exchange", "Import an export: all of it, or nothing."),
        ("load", "loading", "Load a table of artifacts, executions or contexts."),
        ("mirror", "mirroring", "Copy what is new or changed in a database or a server."),
    )
)

metadata = typer.Typer(
    cls=lazy_group(COMMANDS),
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Upgrade, check, copy and serve metadata databases.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@metadata.callback()
def _group() -> None:
    """Upgrade, check, copy and serve metadata databases."""
