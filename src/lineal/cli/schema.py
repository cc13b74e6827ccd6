"""Schemas: inferred, shown, compared and curated; and the columns of tables, changed on purpose."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session
from lineal.cli.rules import apply_rules, domain_text
from lineal.cli.schema_history import blame, convert, lint, log, update
from lineal.errors import InvalidInput
from lineal.metadata.names import format_name, parse_target

if TYPE_CHECKING:
    from lineal.validation import Schema
    from lineal.workspace import Workspace

__all__ = ["read_schema", "schema"]

_DOMAIN_WIDTH = 60

schema = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Infer, show, compare and curate schemas.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (log, blame, lint, update, convert):
    schema.command()(_command)

SchemaArgument = Annotated[
    str,
    typer.Argument(
        metavar="S", help="A schema: a name, or a file (./schema.pbtxt).", show_default=False
    ),
]
TableArgument = Annotated[
    str, typer.Argument(metavar="SUBJECT.TABLE", help="The table.", show_default=False)
]
ColumnArgument = Annotated[str, typer.Argument(help="The column.", show_default=False)]
TypeArgument = Annotated[
    str,
    typer.Argument(
        metavar="TYPE",
        help="boolean, int, long, float, double, string, date, timestamp, …",
        show_default=False,
    ),
]


def read_schema(ws: "Workspace", text: str) -> "Schema":
    """Return the schema that `text` names, or that the file it names holds."""
    from lineal.validation import Schema
    from lineal.workspace.resolving import name_or_path

    found = name_or_path(ws, text)
    if isinstance(found, Path):
        return Schema.load(found)
    value = ws.read(text)
    if not isinstance(value, Schema):
        raise InvalidInput(
            f"{found.ref} is a {found.artifact.type}, not a schema; "
            f"'lineal schema infer {text}' makes one of it"
        )
    return value


@schema.command()
def infer(
    data: Annotated[
        str,
        typer.Argument(
            metavar="X", help="A table, a version, a file, or statistics.", show_default=False
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(help="What the schema is called; else schema/X.", show_default=False),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write it there too.", show_default=False
        ),
    ] = None,
    delimiter: session.DelimiterOption = None,
    missing: session.MissingOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Infer a schema from what data is like, as a start to curate from."""
    with session.opened(workspace) as ws:
        with output.working(f"inferring the schema of {data}"):
            options = session.statistics_options(delimiter, missing)
            found = ws.infer_schema(data, name=name, options=options)
        ref = found.ref
    if to is not None:
        found.save(to)
    _show(found, ref, as_json=as_json)


@schema.command()
def show(
    name: SchemaArgument,
    text: Annotated[bool, typer.Option("--text", help="Print it as schema.pbtxt has it.")] = False,
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Show a schema, a line each feature."""
    if text and as_json:
        raise InvalidInput("--text and --json exclude each other; give one")
    with session.opened(workspace, at=at) as ws:
        found = read_schema(ws, name)
    if text:
        output.print_lines(found.to_text().rstrip())
    else:
        _show(found, getattr(found, "ref", name), as_json=as_json)


@schema.command()
def diff(
    before: SchemaArgument,
    after: Annotated[
        str, typer.Argument(metavar="OTHER", help="The schema to compare with.", show_default=False)
    ],
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Say what another schema changes in this one, and what it is to it (--json: each change)."""
    from lineal.validation.evolution import compatibility, judged_changes

    with session.opened(workspace) as ws:
        first, second = read_schema(ws, before), read_schema(ws, after)
    changes = first.diff(second)
    if as_json:
        output.print_json(
            [
                {**dataclasses.asdict(change), "class": judged.value}
                for change, judged in judged_changes(first, second)
            ]
        )
    else:
        output.print_lines(*([str(change) for change in changes] or ["no difference"]))
        if changes:
            output.print_lines(f"compatibility: {compatibility(first, second).value}")


@schema.command("set")
def set_rules(
    name: SchemaArgument,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[FEATURE] RULE=VALUE...",
            help="Rules of one feature, or without one those of the whole schema.",
            show_default=False,
        ),
    ],
    reason: Annotated[
        str, typer.Option("--reason", "-m", metavar="TEXT", help="Why, for the schema's log.")
    ] = "",
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Change rules of a schema; the old version stays readable.

    Of a feature: `required=false`, `presence=0.9` (in that part of the rows at least),
    `type=FLOAT`, `domain=AA,UA` or `domain=0..100`, `mass=0.99` (that part of the values lies in
    the domain), `drift=0.1` (the largest change of a value's share), `not_in=SERVING`,
    `only_in=TRAINING`. Of the whole schema: `environments=TRAINING,SERVING`, `min_examples=1`,
    `max_examples=9`. The value `none` lifts a rule.

    Any other field goes by its name in the proto: `float_domain.disallow_nan=true`,
    `lifecycle_stage=BETA`, `drift_comparator.jensen_shannon_divergence.threshold=0.1`,
    `annotation.tag=pii`, `value_counts={value_count {min: 1}}`.

    A schema in a file is changed in place.
    """
    from lineal.workspace import RecordedSchema

    feature, rules = (None, words) if "=" in words[0] else (words[0], words[1:])
    with session.opened(workspace) as ws:
        found = read_schema(ws, name)
        before = found.copy()
        apply_rules(found, feature, session.fields(rules))
        changes = before.diff(found)
        if isinstance(found, RecordedSchema):  # saved as itself, so that the edit has its lineage
            ref = ws.schemas.save(found, format_name(found.version.name or name), reason=reason).ref
        else:
            ref = str(found.save(Path(name).expanduser()))
    if as_json:
        output.print_json({"ref": ref, "changes": changes})
    else:
        told = [str(change) for change in changes] or ["no change"]
        output.print_lines(*told, f"kept as {ref}")


@schema.command()
def rename(
    table: TableArgument,
    column: ColumnArgument,
    new: Annotated[str, typer.Argument(help="Its name from now on.", show_default=False)],
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Rename a column of a table; its values stay, older versions keep the old name."""
    with session.opened(workspace) as ws:
        version = ws.warehouse.table(parse_target(table)).rename_column(column, new)
        _tell(version.ref, f"{column} is called {new} now", as_json=as_json)


@schema.command()
def add(
    table: TableArgument,
    column: Annotated[str, typer.Argument(help="The new column.", show_default=False)],
    kind: TypeArgument,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Add a column to a table; rows loaded before have nothing in it."""
    with session.opened(workspace) as ws:
        version = ws.warehouse.table(parse_target(table)).add_column(column, kind)
        _tell(version.ref, f"there is a column {column} ({kind}) now", as_json=as_json)


@schema.command()
def drop(
    table: TableArgument,
    column: ColumnArgument,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Take a column out of a table; older versions still have it."""
    with session.opened(workspace) as ws:
        version = ws.warehouse.table(parse_target(table)).drop_column(column)
        _tell(version.ref, f"{column} is gone from now on", as_json=as_json)


@schema.command("type")
def set_type(
    table: TableArgument,
    column: ColumnArgument,
    kind: TypeArgument,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Give a column of a table a wider type, or any type while it has no values."""
    with session.opened(workspace) as ws:
        version = ws.warehouse.table(parse_target(table)).set_type(column, kind)
        _tell(version.ref, f"{column} is a {kind} now", as_json=as_json)


def _tell(ref: str, said: str, *, as_json: bool) -> None:
    if as_json:
        output.print_json({"ref": ref})
    else:
        output.print_lines(f"{said}: {ref}")


def _show(found: "Schema", ref: str, *, as_json: bool) -> None:
    rows: list[dict[str, object]] = [
        {
            "feature": feature.name,
            "type": feature.type,
            "required": feature.required,
            "presence": feature.presence,
            "domain": feature.domain,
            "environments": list(feature.environments),
            "drift": feature.drift,
        }
        for feature in found.features.values()
    ]
    if as_json:
        output.print_json({"ref": ref, "environments": found.environments, "features": rows})
        return
    told = [
        {
            **row,
            "domain": _shortened(domain_text(feature.domain), feature.domain),
            "environments": ", ".join(feature.environments),
        }
        for row, feature in zip(rows, found.features.values(), strict=True)
    ]
    shown = ["feature", "type", "required", "presence", "domain", "drift"]
    output.print_table(told, [*shown, "environments"] if found.environments else shown)
    output.print_lines("", ref)


def _shortened(text: str, domain: object) -> str:
    """Cut a long list of values for the table; --json tells them all."""
    if len(text) <= _DOMAIN_WIDTH or not isinstance(domain, list):
        return text
    return f"{text[:_DOMAIN_WIDTH].rpartition(',')[0]},… ({len(domain)} values)"
