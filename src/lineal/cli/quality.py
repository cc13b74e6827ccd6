"""Knowing data and holding it to what it must be: statistics and validation."""

from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session
from lineal.cli.schema import read_schema
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from lineal.validation import Statistics, StatisticsOptions, ValidationOptions
    from lineal.workspace import Workspace

__all__ = ["stats", "validate"]

DataArgument = Annotated[
    str,
    typer.Argument(
        metavar="X",
        help="A table, a version, or a file: ops.flights, ops.flights@3, raw.csv, ./raw.csv",
        show_default=False,
    ),
]
SchemaOption = Annotated[
    str,
    typer.Option(
        "--schema",
        "-s",
        metavar="S",
        help="The schema: a name or a file (schema.pbtxt).",
        show_default=False,
    ),
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="E",
        help="One of the schema's environments, such as SERVING.",
        show_default=False,
    ),
]
PreviousOption = Annotated[
    str | None,
    typer.Option(
        "--previous",
        "-p",
        metavar="P",
        help="What drift is measured against: statistics, or data to make them of.",
        show_default=False,
    ),
]
ServingOption = Annotated[
    str | None,
    typer.Option(
        "--serving",
        metavar="S",
        help="What skew is measured against: statistics, or data to make them of.",
        show_default=False,
    ),
]
PreviousVersionOption = Annotated[
    str | None,
    typer.Option(
        "--previous-version",
        metavar="V",
        help="What the number of examples is compared with.",
        show_default=False,
    ),
]
SeverityOption = Annotated[
    list[str] | None,
    typer.Option(
        "--severity",
        metavar="TYPE=LEVEL",
        help="Make a type of anomaly a WARNING or an ERROR; again for others.",
        show_default=False,
    ),
]
CustomOption = Annotated[
    list[str] | None,
    typer.Option(
        "--custom",
        metavar="FEATURE:SQL",
        help="A condition on the statistics, as in 'fare: feature.num_stats.max < 500'.",
        show_default=False,
    ),
]
WeightOption = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="How much each row counts.", show_default=False),
]
SliceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--slice",
        metavar="S",
        help="Also parts of the rows: by carrier, by carrier,origin or by 'late: delay > 15'.",
        show_default=False,
    ),
]
SampleOption = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Look at a share of the rows only.", show_default=False),
]
_COLUMNS = (
    "feature", "type", "count", "missing", "mean", "std_dev",
    "min", "median", "max", "zeros", "unique", "top",
)  # fmt: skip


def stats(
    data: DataArgument,
    name: Annotated[
        str | None,
        typer.Option(help="What the statistics are called; else statistics/X.", show_default=False),
    ] = None,
    weight: WeightOption = None,
    slices: SliceOption = None,
    sample: SampleOption = None,
    seed: Annotated[int, typer.Option(help="Chooses the rows of --sample.")] = 0,
    delimiter: session.DelimiterOption = None,
    missing: session.MissingOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Describe every column of a table, file or version.

    One pass over the data; the statistics are kept as a version, for TensorFlow's tools too.
    """
    with session.opened(workspace) as ws:
        with output.working(f"reading {data}"):
            options = session.statistics_options(
                delimiter, missing, weight=weight, slices=slices, sample=sample, seed=seed
            )
            found = ws.statistics(data, name=name, options=options)
        ref, examples, rows = found.ref, found.num_examples, found.to_rows()
        parts = {part: (each.num_examples, each.to_rows()) for part, each in found.slices.items()}
    if as_json:
        told = {
            part: {"num_examples": count, "features": own} for part, (count, own) in parts.items()
        }
        output.print_json({"ref": ref, "num_examples": examples, "features": rows, "slices": told})
    else:
        output.print_table(rows, _COLUMNS)
        for part, (count, own) in parts.items():
            output.print_lines("", f"{part}: {count} rows")
            output.print_table(own, _COLUMNS)
        output.print_lines("", f"{examples} rows; kept as {ref}")


def validate(
    data: DataArgument,
    schema: SchemaOption,
    environment: EnvironmentOption = None,
    previous: PreviousOption = None,
    serving: ServingOption = None,
    previous_version: PreviousVersionOption = None,
    severity: SeverityOption = None,
    custom: CustomOption = None,
    name: Annotated[
        str | None,
        typer.Option(help="What the report is called; else validation/X.", show_default=False),
    ] = None,
    delimiter: session.DelimiterOption = None,
    missing: session.MissingOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Hold data against a schema and its history.

    Exits 1 if the data breaks the schema; the report is kept as a version either way.
    """
    from lineal.validation import CustomValidation, check_environment

    checks = _checks(severity or [])
    conditions = [CustomValidation.parse(text) for text in custom or []]
    with session.opened(workspace) as ws:
        with output.working(f"validating {data}"):
            options = session.statistics_options(delimiter, missing)
            expected = read_schema(ws, schema)
            check_environment(expected, environment)  # before statistics of --previous are made
            controls = {
                key: None if text is None else _statistics(ws, text, options)
                for key, text in (
                    ("previous", previous),
                    ("serving", serving),
                    ("previous_version", previous_version),
                )
            }
            report = ws.validate(
                data,
                expected,
                environment=environment,
                **controls,
                name=name,
                options=options,
                checks=checks,
                custom=conditions,
            )
        ref = report.ref
    rows = report.to_rows()
    if as_json:
        output.print_json(
            {
                "ref": ref,
                "ok": report.ok,
                "data_missing": report.data_missing,
                "anomalies": rows,
                "drift": report.drift,
                "warnings": report.warnings,
            }
        )
    else:
        if rows:
            output.print_table(rows, ["feature", "severity", "short", "description"])
            output.print_lines("")
        for warning in report.warnings:
            output.print_lines(f"warning: {warning.path}: {warning.message}")
        verdict = "fine" if report.ok else "no examples" if report.data_missing else "not fine"
        output.print_lines(f"{verdict}: {len(report.anomalies)} anomalies; kept as {ref}")
    if not report.ok:
        raise typer.Exit(1)


def _checks(severity: list[str]) -> "ValidationOptions | None":
    """Read `TYPE=LEVEL`; None if there is none, so that the run says nothing of it."""
    from lineal.validation import Severity, ValidationOptions

    overrides = {}
    for text in severity:
        kind, _, level = text.partition("=")
        if level.upper() not in Severity.__members__:
            raise InvalidInput(
                f"--severity {text}: write TYPE=WARNING or TYPE=ERROR, as in "
                "SCHEMA_NEW_COLUMN=WARNING"
            )
        overrides[kind.upper()] = Severity[level.upper()]
    return ValidationOptions(severity_overrides=overrides) if overrides else None


def _statistics(ws: "Workspace", text: str, options: "StatisticsOptions | None") -> "Statistics":
    """Return the statistics that `text` names, or those of the data that it names."""
    from lineal.workspace.checking import as_statistics

    return as_statistics(ws, text, options=options)
