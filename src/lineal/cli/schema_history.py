"""The versions of a schema: logged, blamed, linted, updated with review, and converted."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session
from lineal.cli.rules import apply_rules
from lineal.errors import InvalidInput, LinealError

if TYPE_CHECKING:
    from lineal.validation import Schema
    from lineal.validation.evolution import Proposal
    from lineal.workspace import Workspace

__all__ = ["blame", "convert", "lint", "log", "update"]

NameArgument = Annotated[
    str, typer.Argument(metavar="S", help="The schema: its name.", show_default=False)
]
SchemaArgument = Annotated[
    str,
    typer.Argument(
        metavar="S", help="A schema: a name, or a file (./schema.pbtxt).", show_default=False
    ),
]


def log(
    name: NameArgument,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """List the versions of a schema, newest first: who made it, why, and what it breaks.

    The class tells what a version is to the one before: `backward` (valid old data stays valid),
    `forward` (valid new data was valid), `full` (both) or `breaking` (neither can be told).
    """
    with session.opened(workspace) as ws:
        versions = ws.schemas.log(name)
    if as_json:
        output.print_json(
            [
                {
                    "ref": each.ref,
                    "time": each.time,
                    "author": each.author,
                    "reason": each.reason,
                    "class": each.compatibility,
                    "verb": each.verb,
                    "execution": each.execution,
                    "changes": [
                        {"change": str(change), "class": judged} for change, judged in each.changes
                    ],
                }
                for each in versions
            ]
        )
        return
    rows: list[dict[str, object]] = [
        {
            "ref": each.ref,
            "time": each.time,
            "author": each.author,
            "class": each.compatibility,
            "changes": len(each.changes),
            "reason": each.reason,
        }
        for each in versions
    ]
    output.print_table(rows, ["ref", "time", "author", "class", "changes", "reason"])


def blame(
    name: NameArgument,
    feature: Annotated[
        str | None, typer.Argument(help="Only of this feature.", show_default=False)
    ] = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Tell for each rule of a schema which version set it, which run made that, and who."""
    with session.opened(workspace) as ws:
        rows: list[dict[str, object]] = [
            {
                "feature": each.feature,
                "rule": each.rule,
                "value": each.value,
                "set by": each.version.ref,
                "author": each.version.author,
                "execution": each.version.execution,
                "reason": each.version.reason,
            }
            for each in ws.schemas.blame(name, feature)
        ]
    if as_json:
        output.print_json(rows)
    else:
        output.print_table(
            rows, ["feature", "rule", "value", "set by", "author", "execution", "reason"]
        )


def lint(
    name: SchemaArgument,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Find contradictions in a schema, and rules that can never fire.

    Exits 1 if there are errors; warnings alone leave it at 0.
    """
    from lineal.cli.schema import read_schema

    with session.opened(workspace) as ws:
        problems = read_schema(ws, name).lint()
    if as_json:
        output.print_json(problems)
    else:
        output.print_lines(*(map(str, problems) if problems else ["nothing is wrong"]))
    if any(problem.severity == "ERROR" for problem in problems):
        raise typer.Exit(1)


def update(
    name: NameArgument,
    data: Annotated[
        str,
        typer.Argument(
            metavar="X", help="Data, or statistics, to be satisfied.", show_default=False
        ),
    ],
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="WHAT",
            help="all, a feature, or a type of anomaly; may be given several times.",
            show_default=False,
        ),
    ] = None,
    reject: Annotated[bool, typer.Option("--reject", help="Take none; only show them.")] = False,
    reason: Annotated[
        str, typer.Option("--reason", "-m", metavar="TEXT", help="Why, for the log.")
    ] = "",
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Change a schema to what data is like, each change reviewed: accept, edit or reject.

    Without --accept or --reject every proposal is asked about, which takes a terminal.
    """
    if accept and reject:
        raise InvalidInput("--accept and --reject exclude each other; give one")
    with session.opened(workspace) as ws:
        found = ws.schemas.proposals(name, data)
        if not found or reject:
            _tell(found, None, as_json=as_json)
            return
        ref: str | None
        if accept:
            ref = ws.schemas.update(name, data, accept=accept, reason=reason).ref
        else:
            ref = _reviewed(ws, name, data, found, reason)
    _tell(found, ref, as_json=as_json)


def _reviewed(
    ws: "Workspace", name: str, data: str, found: list["Proposal"], reason: str
) -> str | None:
    if not sys.stdin.isatty():
        raise InvalidInput("there is no terminal to ask at; give --accept WHAT or --reject")
    taken: list[str] = []
    edits: list[tuple[str, dict[str, str]]] = []
    for proposal in found:
        output.print_lines(f"{proposal.name}: {proposal.description}")
        output.print_lines(*(f"  {change}" for change in proposal.changes))
        answer = typer.prompt("accept, edit or reject? [a/e/r]", default="r")
        if answer[:1] in {"a", "e"}:
            taken.append(proposal.name)
        if answer[:1] == "e":
            edits.append((proposal.name, _edited(proposal)))
    if not taken:
        return None

    def edit(schema: "Schema") -> None:
        for feature, rules in edits:
            apply_rules(schema, feature, rules)

    kept = ws.schemas.update(
        name, data, accept=lambda each: each.name in taken, edit=edit, reason=reason
    )
    return kept.ref


def _edited(proposal: "Proposal") -> dict[str, str]:
    """Ask for rules until they fit."""
    while True:
        try:
            rules = session.fields(typer.prompt("RULE=VALUE ...").split())
            apply_rules(proposal.updated.copy(), proposal.name, rules)
        except LinealError as error:
            print(f"error: {error}", file=sys.stderr)
        else:
            return rules


def _tell(found: list["Proposal"], ref: str | None, *, as_json: bool) -> None:
    rows: list[dict[str, object]] = [
        {
            "feature": each.name,
            "types": list(each.types),
            "changes": [str(change) for change in each.changes],
        }
        for each in found
    ]
    if as_json:
        output.print_json({"ref": ref, "proposals": rows})
        return
    for each in found:
        output.print_lines(*map(str, each.changes))
    output.print_lines(f"kept as {ref}" if ref else "the schema stays as it is")


def convert(
    name: SchemaArgument,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="FORM", help="json-schema or odcs.", show_default=False),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FORM",
            help="S is a file of this form (json-schema, odcs, arrow: a Parquet file).",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it there.", show_default=False),
    ] = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Convert a schema to or from another tool's form, and tell what is not carried.

    Losses are told on stderr. From Python there are also arrow, iceberg and pandera objects.
    """
    from lineal.cli.schema import read_schema
    from lineal.cli.schema_forms import read_form, written
    from lineal.validation.conversion import convert_from, convert_to
    from lineal.validation.files import written_whole

    if (to is None) == (source is None):
        raise InvalidInput("give --to FORM or --from FORM, one of them")
    if to is not None:
        with session.opened(workspace) as ws:
            found = convert_to(to, read_schema(ws, name))
    else:
        found = convert_from(source or "", read_form(source or "", Path(name).expanduser()))
    text = written(to, found.value)
    if target is not None:
        with written_whole(target.expanduser()) as file:
            file.write(text.encode())
    if as_json:
        value = json.loads(text) if to == "json-schema" else text
        output.print_json({"value": value, "losses": found.losses})
        return
    if target is None:
        output.print_lines(text.rstrip())
    for loss in found.losses:
        print(f"lost: {loss.path + ': ' if loss.path else ''}{loss.reason}", file=sys.stderr)
