"""Run a pipeline in the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lineal.pipeline import NodeResult, Pipeline, RunResult
    from lineal.workspace.workspace import Workspace

__all__ = ["run"]


def run(
    workspace: Workspace,
    pipeline: Pipeline[...],
    parameters: Mapping[str, object],
    *,
    no_cache: Collection[str],
    on_progress: Callable[[NodeResult], None] | None,
) -> RunResult:
    """Build the pipeline for `parameters` and run its nodes here, one after the other."""
    from lineal.pipeline import LocalRunner, Pipeline

    if not isinstance(pipeline, Pipeline):
        raise InvalidInput(
            f"{pipeline!r} is no pipeline; decorate the function that wires it with "
            "@lineal.pipeline(name=...)"
        )
    graph = pipeline.build(**parameters)
    return LocalRunner(workspace).run(graph, no_cache=no_cache, on_progress=on_progress)
