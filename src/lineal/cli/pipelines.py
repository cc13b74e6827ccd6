"""Running pipelines from a file."""

from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session

if TYPE_CHECKING:
    from lineal.pipeline import NodeResult

__all__ = ["run"]


def run(
    pipeline: Annotated[
        str,
        typer.Argument(
            metavar="FILE:PIPELINE", help="The file, and the pipeline in it.", show_default=False
        ),
    ],
    parameters: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help="The pipeline's parameters; a version is given by its name.",
            show_default=False,
        ),
    ] = None,
    no_cache: Annotated[
        list[str] | None,
        typer.Option(
            "--no-cache",
            metavar="NODE",
            help="Run this node in any case; may be given several times.",
            show_default=False,
        ),
    ] = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Run a pipeline; what is unchanged is reused.

    Tells for each node why it ran or was reused. Exits 1 if a node failed; run again, it reuses
    what was finished.
    """
    from lineal.pipeline import load_pipeline

    loaded = load_pipeline(pipeline)
    with session.opened(workspace) as ws:
        arguments = loaded.read_arguments(session.fields(parameters or []), resolve=ws.get)
        told = output.Progress()
        result = ws.run(
            loaded, arguments, no_cache=no_cache or [], on_progress=lambda node: told(_line(node))
        )
    if as_json:
        output.print_json(result.to_dict())
    else:
        output.print_table(
            [
                {
                    **vars(node),
                    "node": node.id,
                    "seconds": round(node.seconds, 2),
                    "outputs": ", ".join(made.ref for made in node.outputs.values()),
                }
                for node in result.nodes.values()
            ],
            ["node", "state", "seconds", "reason", "outputs"],
        )
    if not result.ok:
        raise typer.Exit(1)


def _line(node: "NodeResult") -> str:
    return f"{node.id}: {node.state.value.lower()}"
