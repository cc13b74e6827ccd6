"""A real workspace as far as pipelines need one, and a user's project that runs in it."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pytest

from lineal.environment import ENVIRONMENT, Environment, capture, properties_of
from lineal.lake import FILE, Lake, ObjectStore
from lineal.metadata import EnvironmentRecord, Recorder, Store, Version
from lineal.pipeline import FileForm, Forms, Pipeline, load_pipeline, primitive_forms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class PlainWorkspace:
    """What `lineal.pipeline.Workspace` asks for, and nothing more."""

    __lineal_workspace__: ClassVar[bool] = True
    recorder: Recorder
    forms: Forms
    environment: Environment
    lake: Lake


def open_workspace(folder: Path) -> PlainWorkspace:
    """Open, or make, a workspace in a folder."""
    folder.mkdir(exist_ok=True)
    objects = ObjectStore(folder)
    environment = capture(folder, cache=folder / "cache")
    described = environment.to_json()
    kept = objects.put_bytes(described)
    record = EnvironmentRecord(
        ENVIRONMENT, kept.sha256, str(objects.path(kept.sha256)), properties_of(environment)
    )
    recorder = Recorder(Store(folder / "metadata.db"), environment=lambda: record)
    lake = Lake(recorder, objects)

    def handle(version: Version) -> Version:
        of_lake = version.artifact.type == FILE.name
        return lake.version(version.artifact, version.row) if of_lake else version

    forms = Forms([FileForm(objects), *primitive_forms(objects)], handle=handle)
    return PlainWorkspace(recorder, forms, environment, lake)


@pytest.fixture
def workspace(tmp_path: Path) -> PlainWorkspace:
    return open_workspace(tmp_path / "workspace")


class Project:
    """Writes a file of the project, and loads a pipeline from it as a new process would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def write(self, text: str, name: str = "flow.py") -> Path:
        path = self.folder / name
        path.write_text(textwrap.dedent(text))
        return path

    def load(self, text: str, pipeline: str = "flow") -> Pipeline[...]:
        path = self.write(text)
        for name in [key for key, each in sys.modules.items() if self._is_ours(each)]:
            del sys.modules[name]
        return load_pipeline(f"{path}:{pipeline}")

    def _is_ours(self, module: object) -> bool:
        return str(getattr(module, "__file__", "")).startswith(str(self.folder))


@pytest.fixture
def other_workspace(tmp_path: Path) -> PlainWorkspace:
    return open_workspace(tmp_path / "other")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield Project(tmp_path / "project")
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
