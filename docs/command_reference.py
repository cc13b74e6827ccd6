"""Write docs/cli.md from the commands themselves (`make docs`); a test holds the two together."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.cli.app import COMMANDS, load
from lineal.cli.lazily import subcommands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

PAGE = Path(__file__).parent / "cli.md"
PREFACE = """\
# The command line

<!-- Written by `make docs` from the commands; don't edit. -->

Commands work in the workspace that holds the current folder, or in `--workspace DIR` (before or
after the command's name). `lineal COMMAND --help` shows what stands here.

With `--json` a command prints one JSON document to stdout and nothing else; times are ISO 8601 in
UTC, and what JSON lacks (NaN, infinity) is null. Without it, tables fit the window on a terminal,
and are plain columns, never cut, elsewhere. Progress goes to stderr, on a terminal only.

| exit code | means |
|---|---|
| 0 | fine |
| 1 | findings: a failing `validate`, something that `doctor --dry-run` found, or a damaged table |
| 2 | wrong use, or an error that Lineal explains: one message on stderr |
| 3 | a mistake in Lineal itself |
| 130 | interrupted |
| 141 | whoever read the output stopped reading |

`LINEAL_DEBUG=1` shows the traceback of an error.
"""


def reference() -> str:
    """Return the whole page."""
    parts = [PREFACE]
    panel = ""
    for entry in COMMANDS:
        if entry.panel != panel:
            panel = entry.panel
            parts.append(f"## {panel}\n")
        parts += described(load(entry.name), f"lineal {entry.name}", level=3)
    return "\n".join(parts).rstrip() + "\n"


def described(command: TyperCommand | TyperGroup, path: str, *, level: int) -> Iterator[str]:
    """Yield the paragraphs about one command, then about its subcommands."""
    parts = subcommands(command)
    yield f"{'#' * level} {path}\n"
    if parts:
        yield inspect.cleandoc(command.help or "") + "\n"
        for name, part in parts.items():
            yield from described(part, f"{path} {name}", level=level + 1)
        return
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    words = [path, *(called(one) for one in arguments), "[OPTIONS]"]
    yield f"```text\n{' '.join(words)}\n```\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    rows = [f"| `{called(one)}` | {cell(one.help)} |" for one in arguments]
    rows += [f"| {spelled(one)} | {cell(one.help)}{standard(one)} |" for one in options]
    yield "\n".join(["| | |", "|---|---|", *rows]) + "\n"


def called(argument: TyperArgument) -> str:
    """Return how an argument stands in the usage line."""
    if argument.metavar:
        return argument.metavar
    name = (argument.name or "").upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def spelled(option: TyperOption) -> str:
    """Return the ways to write an option, with its value."""
    value = "" if option.is_flag else f" {option.metavar or str(option.name).upper()}"
    return ", ".join(f"`{way}{value}`" for way in [*option.opts, *option.secondary_opts])


def standard(option: TyperOption) -> str:
    """Return a note on what an option is when it is not given."""
    if option.required:
        return " Needed."
    if option.is_flag or option.default in (None, "", [], ()):
        return ""
    return f" (standard: {option.default})"


def cell(text: str | None) -> str:
    """Return help text fit for one cell of a table."""
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
