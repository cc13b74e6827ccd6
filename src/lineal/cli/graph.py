"""Looking back: what happened, what exists, and how one came from the other."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from lineal.workspace import Workspace

__all__ = ["alias", "find", "lineage", "log", "search", "show"]

_RUN_LETTERS = 8
"""Of a run's UUID; fewer tell it from the others, too."""

NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="ops.flights, ops.flights@3, ops.flights@2013-06-30, model:best, artifact/12, …",
        show_default=False,
    ),
]


def log(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Only what made or used it.", show_default=False),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, help="How many, newest first; 0 for all.")
    ] = 20,
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """List what happened, newest first."""
    with session.opened(workspace, at=at) as ws:
        rows = ws.log(name, limit=limit or None)
    if as_json:
        output.print_json(rows)
    else:
        output.print_table(
            [_told(row) for row in rows],
            ["execution", "run", "verb", "name", "state", "started", "inputs", "outputs"],
        )


def find(
    conditions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILTER] [FIELD=VALUE]...",
            help="What they have in common: type=lineal.Table, name=ops.*, a property, a label; "
            'or a filter in quotes, such as "properties.rows.int_value > 100".',
            show_default=False,
        ),
    ] = None,
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Find versions by what is known of them."""
    # As plain rows: no Arrow needed.
    from lineal.workspace.finding import find_rows, from_text, is_filter

    texts = [text for text in conditions or [] if is_filter(text)]
    pairs = [text for text in conditions or [] if not is_filter(text)]
    filter_text = " AND ".join(f"({text})" for text in texts) if len(texts) > 1 else "".join(texts)
    with session.opened(workspace, at=at) as ws:
        rows = find_rows(ws.store, from_text(session.fields(pairs)), filter=filter_text)
    if as_json:
        output.print_json(rows)
    else:
        output.print_table(rows, ["ref", "type", "committed", "known_at", "content"])


def search(
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORD...", help="All of them are looked for.", show_default=False),
    ],
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, help="How many, best first; 0 for all.")
    ] = 20,
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Search names, labels, properties and types for words."""
    from lineal.workspace.finding import places_of, search_rows

    with session.opened(workspace, at=at) as ws:
        rows = search_rows(ws.store, " ".join(words), limit=limit or None)
    if as_json:
        output.print_json(rows)
    else:
        told = [{**row, "found_in": places_of(row["found_in"])} for row in rows]
        output.print_table(told, ["ref", "type", "committed", "found_in"])


def show(
    name: NameArgument,
    content: Annotated[
        bool,
        typer.Option("--content", help="Print what a file, a kept source or a log holds instead."),
    ] = False,
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Tell all that is known of one thing."""
    with session.opened(workspace, at=at) as ws:
        if content:
            output.print_content(*_content(ws, name), as_json=as_json)
            return
        described = _described(ws, name)
    if as_json:
        output.print_json(described)
    else:
        output.print_fields(described)


def alias(
    name: Annotated[str, typer.Argument(help="Whose alias it is.", show_default=False)],
    alias: Annotated[str, typer.Argument(help="The alias, such as `best`.", show_default=False)],
    number: Annotated[
        int, typer.Argument(help="The version that it names from now on.", show_default=False)
    ],
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Point an alias at a version; the move is recorded."""
    from lineal.metadata import format_name

    with session.opened(workspace) as ws:
        ws.alias(name, alias, number)
    if as_json:
        output.print_json({"alias": f"{name}:{alias}", "ref": format_name(name, number)})
    else:
        output.print_lines(f"{name}:{alias} is {format_name(name, number)}")


def lineage(
    name: NameArgument,
    downstream: Annotated[
        bool, typer.Option("--downstream", help="What came of it, instead of where it came from.")
    ] = False,
    both: Annotated[
        bool, typer.Option("--both", help="Where it came from and what came of it.")
    ] = False,
    dot: Annotated[
        bool, typer.Option("--dot", help="Print the graph in Graphviz's language.")
    ] = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print a Mermaid flowchart.")] = False,
    depth: Annotated[
        int | None,
        typer.Option(help="How many executions far; without it, to the ends.", show_default=False),
    ] = None,
    of_type: Annotated[
        str | None,
        typer.Option("--type", help="Only what is of this type, and the way to it: lineal.*"),
    ] = None,
    called: Annotated[
        str | None,
        typer.Option("--name", help="Only what is called so, and the way to it: raw/*"),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Only what is known since this time, and the way to it."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="Only what was known before this time, and the way to it."),
    ] = None,
    at: session.AtOption = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Show where something came from and what came of it."""
    if downstream and both:
        raise InvalidInput("--downstream and --both exclude each other; give one")
    if dot + mermaid + as_json > 1:
        raise InvalidInput("--dot, --mermaid and --json exclude each other; give one")
    with session.opened(workspace, at=at) as ws:
        graph = ws.lineage(
            name,
            direction="both" if both else "downstream" if downstream else "upstream",
            depth=depth,
            type=of_type,
            name=called,
            since=since,
            until=until,
        )
    if as_json:
        output.print_json(graph.to_dict())
    elif dot:
        output.print_lines(graph.to_dot().rstrip())
    elif mermaid:
        output.print_lines(graph.to_mermaid().rstrip())
    else:
        graph.show()


def _told(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row of the log as people read it: a time to the second, files beside their ids."""
    started, run, files = row["started"], row["run"], row["files"]
    called = dict(files) if isinstance(files, Mapping) else {}

    def refs(held: object) -> str:
        given = held if isinstance(held, list) else []
        return ", ".join(f"{called[ref]} ({ref})" if ref in called else ref for ref in given)

    return {
        **row,
        "run": str(run or "")[:_RUN_LETTERS],
        "started": started.replace(microsecond=0) if isinstance(started, datetime) else started,
        "inputs": refs(row["inputs"]),
        "outputs": refs(row["outputs"]),
    }


def _content(ws: "Workspace", name: str) -> tuple[str, bytes]:
    """Return what is shown, and the bytes that it holds."""
    from lineal.lake import LakeVersion
    from lineal.workspace.files import FileVersion
    from lineal.workspace.kept import KeptText

    version = ws.get(name)
    if not isinstance(version, KeptText | LakeVersion | FileVersion):
        raise InvalidInput(
            f"{version.ref} is a {version.artifact.type}, not a file or a text that was kept; "
            f"'lineal show {version.ref}' tells what is known of it"
        )
    return version.ref, version.read_bytes()


def _described(ws: "Workspace", name: str) -> dict[str, object]:
    """Return what is known of a version or, by its id, of an execution."""
    from lineal.metadata import format_name, parse
    from lineal.metadata.gaps import note_of

    reference = parse(name)
    if reference.kind != "execution":
        return _version(ws, name)
    execution = ws.store.execution(reference.id or 0)
    uncertain = note_of(ws.store, "execution", execution.id or 0)
    events = ws.store.events(execution_ids=[execution.id or 0])
    versions = ws.store.versions_of({event.artifact_id for event in events})
    inputs: dict[str, list[str]] = {}
    outputs: dict[str, list[str]] = {}
    for event in events:
        row = versions.get(event.artifact_id)
        ref = f"artifact/{event.artifact_id}" if row is None else format_name(row.name, row.number)
        side = inputs if event.type.is_input else outputs
        side.setdefault(str(event.path[0]) if event.path else "", []).append(ref)
    return {
        "ref": name,
        "type": execution.type,
        "state": execution.state,
        "started": execution.created,
        "ended": execution.updated,
        "inputs": inputs,
        "outputs": outputs,
        "properties": dict(execution.properties),
        "notes": dict(execution.custom_properties),
        **({} if uncertain is None else {"uncertain": uncertain}),
    }


def _version(ws: "Workspace", name: str) -> dict[str, object]:
    """Return what is known of a version; nothing but the graph and an object is opened for it."""
    from lineal.metadata import Version
    from lineal.workspace.resolving import handle, locate

    artifact, row = locate(ws, name)
    if artifact.type == "lineal.Table":
        from lineal.warehouse.described import described

        return described(Version(ws.store, ws.recorder, artifact, row), ws.objects)
    if artifact.type == "lineal.TrainingSet":
        return Version(ws.store, ws.recorder, artifact, row).describe()
    if artifact.type in ("lineal.Entity", "lineal.FeatureView", "lineal.FeatureService"):
        from lineal.features import FeatureDefinition

        definition = FeatureDefinition(ws.store, ws.recorder, artifact, row, objects=ws.objects)
        return definition.describe()
    return handle(ws, artifact, row).describe()
