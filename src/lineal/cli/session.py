"""Which workspace a command works in, and the options that commands share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from lineal.validation import StatisticsOptions
    from lineal.workspace import Workspace

__all__ = [
    "AtOption",
    "DelimiterOption",
    "JsonOption",
    "MissingOption",
    "WorkspaceOption",
    "choose",
    "fields",
    "opened",
    "statistics_options",
]

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
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of tables.")
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="As it was known then: 2013-06-30, or 2013-06-30T12:00Z.",
        show_default=False,
    ),
]

DelimiterOption = Annotated[
    str | None,
    typer.Option(
        "--delimiter", metavar="TEXT", help="What parts a CSV file's fields.", show_default=False
    ),
]
MissingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--missing",
        metavar="TEXT",
        help="A CSV file's text for no value, such as NA; may be given several times.",
        show_default=False,
    ),
]

_before_the_command: list[Path] = []
"""The workspace that was named before the command (`lineal -w DIR log`), if any."""


def choose(workspace: Path | None) -> None:
    """Keep the workspace named before the command, for a command that names none itself."""
    _before_the_command[:] = [] if workspace is None else [workspace]


def fields(pairs: list[str]) -> dict[str, str]:
    """Return `name=value` arguments as a dictionary."""
    parted = [pair.partition("=") for pair in pairs]
    wrong = [name for name, equals, _ in parted if not equals or not name]
    if wrong:
        raise InvalidInput(f"{wrong[0]!r} is no name=value")
    return {name: value for name, _, value in parted}


def statistics_options(
    delimiter: str | None,
    missing: list[str] | None,
    *,
    weight: str | None = None,
    slices: list[str] | None = None,
    sample: float | None = None,
    seed: int = 0,
) -> "StatisticsOptions | None":
    """Return how statistics are to be taken; None if nothing is said of it."""
    if not (delimiter or missing or weight or slices or sample is not None):
        return None
    from lineal.validation import Slice, StatisticsOptions

    return StatisticsOptions(
        delimiter=delimiter,
        na_values=tuple(missing) if missing else None,
        weight=weight,
        slices=tuple(Slice.parse(text) for text in slices or ()),
        sample_rate=sample,
        seed=seed if sample is not None else 0,
    )


@contextmanager
def opened(workspace: Path | None, *, at: str | None = None) -> Iterator["Workspace"]:
    """Open the workspace of this command, as it was known `at` a time if one is given."""
    from lineal.workspace import existing_workspace

    named = workspace or next(iter(_before_the_command), None)
    if named is not None and not (named / "lineal.toml").is_file():
        # Searching upwards from a misspelt folder would find another workspace in silence.
        raise NotFound(f"{named} is no workspace; 'lineal init {named}' makes one there")
    with existing_workspace(named) as found:
        yield found if at is None else found.at(at)
