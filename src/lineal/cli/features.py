"""Features: defined in a file, joined to rows, brought online, read."""

import runpy
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session
from lineal.errors import InvalidInput, LinealError, NotFound

if TYPE_CHECKING:
    from lineal.features import Entity, FeatureService, FeatureView

__all__ = ["features"]

features = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Define, join, materialize and read features.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

FeaturesArgument = Annotated[
    str,
    typer.Argument(metavar="NAME", help="A service or view: delay, weather@2.", show_default=False),
]


@features.command()
def define(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A Python file with entities, feature views and services.",
            show_default=False,
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Record the definitions of a file; what is unchanged makes no new version."""
    found = _definitions(file)
    with session.opened(workspace) as ws:
        defined = ws.features.define(*found, dry_run=dry_run)
        refs = {name: version.ref for name, version in defined.versions.items()}
    if as_json:
        output.print_json({"changes": defined.changes, "versions": refs, "dry_run": dry_run})
    else:
        output.print_lines(str(defined))


@features.command("list")
def list_definitions(
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """List entities, feature views and services."""
    with session.opened(workspace, at=at) as ws:
        rows = [
            {
                "ref": one.ref,
                "kind": one.kind,
                "description": one.spec.description,
                "owner": one.spec.owner,
                "committed": one.committed,
            }
            for one in ws.features.list()
        ]
    if as_json:
        output.print_json(rows)
    else:
        output.print_table(rows, ["ref", "kind", "description", "owner", "committed"])


@features.command()
def training_set(
    rows: Annotated[
        str,
        typer.Argument(
            metavar="ROWS", help="The rows: a file, a table or a version.", show_default=False
        ),
    ],
    name: FeaturesArgument,
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="COLUMN",
            help="The column with each row's time; features are joined as known then.",
            show_default=False,
        ),
    ],
    called: Annotated[
        str | None,
        typer.Option("--name", help="What the training set is called.", show_default=False),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write it there as Parquet.", show_default=False
        ),
    ] = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Join features to rows, each as it was known at the row's time."""
    with session.opened(workspace) as ws:
        with output.working(f"joining {name} to {rows}"):
            made = ws.features.training_set(rows, name, at=at, name=called)
        if to is not None:
            shutil.copyfile(made.path, to)
        ref, count, views = made.ref, made.rows, made.views
    if as_json:
        output.print_json({"ref": ref, "rows": count, "views": views})
        return
    output.print_table(
        [{**vars(view), "as": called} for called, view in views.items()],
        ["as", "view", "table", "known_by", "missed"],
    )
    output.print_lines("", f"{count} rows; kept as {ref}")


@features.command()
def materialize(
    name: FeaturesArgument,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Bring the newest features of every entity into the online store."""
    with session.opened(workspace) as ws, output.working(f"materializing {name}"):
        result = ws.features.materialize(name)
    if as_json:
        output.print_json(result)
    else:
        output.print_table(
            [vars(view) for view in result.views],
            ["view", "table", "moment", "entities", "up_to_date"],
        )


@features.command()
def get(
    name: FeaturesArgument,
    keys: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE...",
            help="The entity: origin=JFK. Several values make several rows: origin=JFK,LGA.",
            show_default=False,
        ),
    ],
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Read features from the online store, with what is known of each value."""
    texts = {key: value.split(",") for key, value in session.fields(keys).items()}
    with session.opened(workspace) as ws:
        reply = ws.features.online(name, ws.features.parse_keys(name, texts))
        values = reply.to_dict()
        status = {feature: list(found) for feature, found in reply.status.items()}
        length = max((len(column) for column in values.values()), default=0)
    asked = [{key: values[key][i] for key in reply.keys} for i in range(length)]
    found = [
        {feature: {"value": values[feature][i], "status": status[feature][i]} for feature in status}
        for i in range(length)
    ]
    if as_json:
        output.print_json(
            [{"keys": key, "features": one} for key, one in zip(asked, found, strict=True)]
        )
        return
    output.print_table(
        [
            {**key, "feature": feature, **one}
            for key, row in zip(asked, found, strict=True)
            for feature, one in row.items()
        ],
        [*reply.keys, "feature", "value", "status"],
    )


def _definitions(file: Path) -> "list[Entity | FeatureView | FeatureService]":
    """Return what a file defines, by running it; its own folder is searched for imports."""
    from lineal.features import Entity, FeatureService, FeatureView

    if not file.is_file():
        raise NotFound(f"there is no file {file}")
    sys.path.insert(0, str(file.resolve().parent))
    try:
        names = runpy.run_path(str(file), run_name=file.stem)
    except LinealError:
        raise
    except Exception as error:
        raise InvalidInput(f"{file} can't be run: {type(error).__name__}: {error}") from error
    found = [
        value
        for name, value in names.items()
        if isinstance(value, Entity | FeatureView | FeatureService) and not name.startswith("_")
    ]
    if not found:
        raise InvalidInput(
            f"{file} defines nothing: no lineal.features.entity, feature_view or service in it"
        )
    return found
