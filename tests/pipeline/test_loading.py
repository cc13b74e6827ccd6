"""`FILE:PIPELINE`: what is found, and what is told when it isn't."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from lineal.errors import InvalidInput, NotFound
from lineal.pipeline import load_pipeline

if TYPE_CHECKING:
    from tests.pipeline.conftest import PlainWorkspace, Project

FLOW = """
    from __future__ import annotations
    from dataclasses import dataclass
    from siblings import NUMBER
    from lineal.pipeline import component, pipeline

    @dataclass(frozen=True)
    class Settings:
        depth: int = 1

    @component
    def count(settings: Settings) -> int:
        return settings.depth + NUMBER

    @pipeline
    def flow(depth: int = 1) -> None:
        count(Settings(depth))

    other = 3
    """


@pytest.fixture(autouse=True)
def sibling(project: Project) -> None:
    project.write("NUMBER = 41\n", "siblings.py")


def test_a_pipeline_is_loaded_with_its_siblings(
    workspace: PlainWorkspace, project: Project
) -> None:
    run = project.load(FLOW).run(workspace).check()
    (execution,) = workspace.recorder.store.executions()
    assert execution.type == "flow.count"
    assert execution.get("settings") == "Settings(depth=1)"
    assert run["count"].output.artifact.type == "Integer"


def test_a_quick_edit_is_seen(project: Project) -> None:
    assert project.load(FLOW).parameters["depth"].default == 1
    assert (
        project.load(FLOW.replace("flow(depth: int = 1", "flow(depth: int = 2"))
        .parameters["depth"]
        .default
        == 2
    )


def test_a_file_called_as_a_module_of_python_is_loaded(
    workspace: PlainWorkspace, project: Project
) -> None:
    path = project.write(FLOW, "json.py")
    json = sys.modules.get("json")
    run = load_pipeline(f"{path}:flow").run(workspace).check()
    assert run.ok
    assert sys.modules.get("json") is json
    assert workspace.recorder.store.executions()[0].type == "json.count"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("flow.py", "names no pipeline; write FILE.py:PIPELINE"),
        (":flow", "names no pipeline"),
        ("{}/flw.py:flow", "'flw.py'; did you mean 'flow.py'?"),
        ("{}:flow", "is a folder"),
        ("{}/flow.py:flwo", "has no pipeline 'flwo'; did you mean 'flow'? (it has flow)"),
        ("{}/flow.py:other", "is a int, no pipeline (it has flow); put @lineal.pipeline above"),
        ("{}/flow.py:count", "is a Component, no pipeline"),
        ("{}/broken.py:flow", "broken.py, line 2: "),
        ("{}/raising.py:flow", "raising.py, line 3: ZeroDivisionError: division by zero"),
        ("{}/leaving.py:flow", "it ended the process with exit(3)"),
        ("{}/importing.py:flow", "importing.py, line 1: ModuleNotFoundError: No module named"),
        ("{}/bytes.py:flow", "bytes.py"),
    ],
)
def test_what_cant_be_loaded_is_told(project: Project, spec: str, message: str) -> None:
    project.write(FLOW)
    project.write("x = 1\ndef f(:\n", "broken.py")
    project.write("def f():\n    pass\n1 / 0\n", "raising.py")
    project.write("import sys\nsys.exit(3)\n", "leaving.py")
    project.write("import not_there_at_all\n", "importing.py")
    (project.folder / "bytes.py").write_bytes(b"x = '\xff\0'\n")
    with pytest.raises((InvalidInput, NotFound)) as caught:
        load_pipeline(spec.format(project.folder))
    assert message in str(caught.value)
    assert "raising" not in sys.modules
