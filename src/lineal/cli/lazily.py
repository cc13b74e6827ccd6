"""Groups of commands whose modules are imported only when one of their commands is called.

So `lineal --help` and the light commands start at once, whatever the others need.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Command", "LazyGroup", "lazy_group", "load", "subcommands"]


@dataclass(frozen=True)
class Command:
    """Where a command is found, and the line that the list of commands shows for it.

    `attribute` names it in its module, where that isn't the command's own name.
    """

    name: str
    module: str
    summary: str
    panel: str | None = None
    attribute: str = ""


class LazyGroup(TyperGroup):
    """A group that lists its commands from a table, and imports one when it is called."""

    entries: ClassVar[Sequence[Command]] = ()

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {
            entry.name: TyperCommand(entry.name, help=entry.summary, rich_help_panel=entry.panel)
            for entry in self.entries
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else load(self.entries, name), rest

    def loaded(self) -> dict[str, TyperCommand | TyperGroup]:
        """Import every command of the group; return them by name."""
        return {entry.name: load(self.entries, entry.name) for entry in self.entries}


def lazy_group(commands: Sequence[Command]) -> type[LazyGroup]:
    """Return the class of a group that holds `commands`."""
    return type("_Group", (LazyGroup,), {"entries": commands})


def load(commands: Sequence[Command], name: str) -> TyperCommand | TyperGroup:
    """Import that one of `commands` and return it, ready to be invoked or described."""
    entry = next(command for command in commands if command.name == name)
    module = import_module(entry.module)
    found = getattr(module, entry.attribute or name)
    if not isinstance(found, typer.Typer):
        single = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        single.command(name)(found)
        found = single
    command = typer.main.get_command(found)
    command.name = name
    assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101  (typer makes no others)
    return command


def subcommands(command: TyperCommand | TyperGroup) -> Mapping[str, Any]:
    """Return the commands of a group by name, imported; nothing for a single command."""
    if isinstance(command, LazyGroup):
        return command.loaded()
    return getattr(command, "commands", {})
