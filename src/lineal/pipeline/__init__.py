"""Pipelines: components that are plain typed functions, wired by their outputs, reused honestly."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineal.pipeline.code import CodeIdentity, identify
    from lineal.pipeline.components import Component, component
    from lineal.pipeline.definition import Pipeline, pipeline
    from lineal.pipeline.driver import Decision, Driver
    from lineal.pipeline.executor import Executor, LocalExecutor
    from lineal.pipeline.files import File, Model
    from lineal.pipeline.forms import (
        FileForm,
        FilesForm,
        Form,
        Forms,
        Slot,
        VerbForm,
        content_of_files,
        frame_form,
        primitive_forms,
    )
    from lineal.pipeline.graph import Channel, Graph, Node
    from lineal.pipeline.loading import load_pipeline
    from lineal.pipeline.publisher import Publisher
    from lineal.pipeline.result import NodeResult, NodeState, RunResult
    from lineal.pipeline.runner import LocalRunner
    from lineal.pipeline.signature import Input, Named
    from lineal.pipeline.workspace import Workspace

__all__ = [
    "Channel",
    "CodeIdentity",
    "Component",
    "Decision",
    "Driver",
    "Executor",
    "File",
    "FileForm",
    "FilesForm",
    "Form",
    "Forms",
    "Graph",
    "Input",
    "LocalExecutor",
    "LocalRunner",
    "Model",
    "Named",
    "Node",
    "NodeResult",
    "NodeState",
    "Pipeline",
    "Publisher",
    "RunResult",
    "Slot",
    "VerbForm",
    "Workspace",
    "component",
    "content_of_files",
    "frame_form",
    "identify",
    "load_pipeline",
    "pipeline",
    "primitive_forms",
]

# Each of these pulls in what only it needs, so that a script pays for what it uses.
_LAZY = {
    "Channel": "graph",
    "CodeIdentity": "code",
    "Component": "components",
    "Decision": "driver",
    "Driver": "driver",
    "Executor": "executor",
    "File": "files",
    "FileForm": "forms",
    "FilesForm": "forms",
    "Form": "forms",
    "Forms": "forms",
    "Graph": "graph",
    "Input": "signature",
    "LocalExecutor": "executor",
    "LocalRunner": "runner",
    "Model": "files",
    "Named": "signature",
    "Node": "graph",
    "NodeResult": "result",
    "NodeState": "result",
    "Pipeline": "definition",
    "RunResult": "result",
    "Publisher": "publisher",
    "Slot": "forms",
    "VerbForm": "forms",
    "Workspace": "workspace",
    "component": "components",
    "content_of_files": "forms",
    "frame_form": "forms",
    "identify": "code",
    "load_pipeline": "loading",
    "pipeline": "definition",
    "primitive_forms": "forms",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"lineal.pipeline.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Callable(ModuleType):
    """Lets `@lineal.pipeline` be the decorator, where the attribute is this package."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        from lineal.pipeline.definition import pipeline

        decorate: Callable[..., object] = pipeline
        return decorate(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
