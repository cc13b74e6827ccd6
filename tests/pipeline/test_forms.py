"""How values are kept and read back: files, folders, numbers, values that verbs save."""

# ruff: noqa: TC001 - a component's annotations are read while running
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lineal.errors import Corrupt, InvalidInput
from lineal.lake import LakeVersion, ObjectStore
from lineal.metadata import Version
from lineal.pipeline import File, FileForm, Forms, Input, Model, VerbForm, component, pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.conftest import PlainWorkspace


class Bundle(File, type="demo.Bundle"):
    """A folder of files."""


def test_a_file_and_a_folder_come_back_as_they_were(
    workspace: PlainWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "made" / "deep").mkdir(parents=True)
    (tmp_path / "made" / "a.txt").write_text("a")
    (tmp_path / "made" / "deep" / "b.txt").write_text("b")

    @component
    def folder() -> Bundle:
        return Bundle(tmp_path / "made")

    @component
    def file() -> Model:
        return Model(tmp_path / "made" / "a.txt")

    @component
    def look(bundle: Bundle, model: File, version: Version) -> str:
        inside = sorted(str(p.relative_to(bundle.path)) for p in bundle.path.rglob("*.txt"))
        return f"{inside} {model.name} {model.read_text()} {version.ref}"

    @pipeline
    def flow() -> None:
        model = file()
        look(folder(), model, model)  # type: ignore[arg-type]

    run = flow.run(workspace).check()
    assert run["folder"].output.artifact.type == "demo.Bundle"
    text = open_text(run["look"].output)
    assert text == f"['a.txt', 'deep/b.txt'] a.txt a {run['file'].output.ref}"


def open_text(version: Version) -> str:
    from pathlib import Path

    return Path(version.artifact.uri).read_text()


@pytest.mark.parametrize("value", ["été 🛫\n", "", -3, 2**80, 0.1, float("inf"), True, False])
def test_plain_values_come_back_exactly(workspace: PlainWorkspace, value: object) -> None:
    kind = type(value)
    seen: list[object] = []

    def make() -> kind:  # type: ignore[valid-type]
        return value

    def take(it: Input[kind]) -> None:  # type: ignore[valid-type]
        seen.append(it)

    made, taken = component(cache=False)(make), component(cache=False)(take)

    @pipeline
    def flow() -> None:
        taken(made())

    flow.run(workspace).check()
    assert seen == [value]
    assert type(seen[0]) is kind


def test_folders_that_cant_be_kept_are_told(workspace: PlainWorkspace, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "link").symlink_to(tmp_path)

    @component(cache=False)
    def make(name: str) -> Bundle:
        return Bundle(tmp_path / name)

    @pipeline
    def flow(name: str) -> None:
        make(name)

    for name, message in (("empty", "holds no file"), ("linked", "holds the link 'link'")):
        with pytest.raises(InvalidInput, match=message):
            flow.run(workspace, name).check()


def test_files_in_memory_have_no_path_and_names_are_checked() -> None:
    with pytest.raises(InvalidInput, match="is bytes in memory"):
        File(b"").path  # noqa: B018
    for name in ("", "a/b", "..", "\0"):
        with pytest.raises(InvalidInput, match="can't be a file's name"):
            File(b"", name=name)
    with pytest.raises(InvalidInput, match="is no UTF-8 text"):
        File(b"\xff").read_text()


class Text:
    """A value that only a verb can keep."""

    def __init__(self, text: str) -> None:
        self.text = text


def test_a_verb_keeps_what_has_no_form_of_its_own(
    workspace: PlainWorkspace, tmp_path: Path
) -> None:
    def save(value: object, name: str) -> Version:
        assert isinstance(value, Text)
        path = tmp_path / "text"
        path.write_text(value.text)
        return workspace.lake.add(path, name)

    def load(version: Version, kind: type) -> object:
        assert isinstance(version, LakeVersion)
        return kind(version.read_bytes().decode())

    by_verb = VerbForm(("lineal.File",), lambda kind: kind is Text, save, load)
    lake = workspace.lake
    workspace.forms = Forms(
        [FileForm(ObjectStore(tmp_path / "workspace")), by_verb],
        handle=lambda version: (
            lake.version(version.artifact, version.row)
            if version.artifact.type == "lineal.File"
            else version
        ),
    )

    @component
    def say() -> Text:
        return Text("hello")

    @component
    def loud(text: Input[Text]) -> File:
        return File(text.text.upper().encode())

    @pipeline
    def talk() -> None:
        loud(say())

    run = talk.run(workspace).check()
    assert run["say"].output.ref == "talk.say@1"
    assert File(run["loud"].output.artifact.uri + "/data").read_text() == "HELLO"
    assert talk.run(workspace).check()["say"].state == "CACHED"


def test_damaged_values_are_told(workspace: PlainWorkspace) -> None:
    @component
    def make() -> int:
        return 3

    @component
    def take(number: Input[int]) -> None:
        return None

    @pipeline
    def flow(skip: bool = False) -> None:
        number = make()
        if not skip:
            take(number)

    from pathlib import Path

    uri = Path(flow.run(workspace, skip=True).check()["make"].output.artifact.uri)
    uri.chmod(0o644)
    uri.unlink()
    uri.write_text("three")
    with pytest.raises(Corrupt, match="can't be read: invalid literal"):
        flow.run(workspace).check()
