"""The workspace's file: read, refused, and written once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import lineal
from lineal.errors import IncompatibleVersion, InvalidInput, NotFound, Unavailable
from lineal.workspace.locations import find
from lineal.workspace.settings import FORMAT, read_settings, write_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_file_reads_back_as_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "lineal.toml"

    write_settings(path)

    settings = read_settings(path)
    assert settings.format == FORMAT
    assert settings.engine.memory_limit is None
    assert settings.engine.threads is None


def test_a_new_workspace_keeps_its_private_folder_out_of_a_repository(tmp_path: Path) -> None:
    lineal.open(tmp_path).close()

    assert (tmp_path / ".lineal" / ".gitignore").read_text() == "*\n"


def test_an_existing_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "lineal.toml"
    path.write_text("format = 1\n[engine]\nthreads = 1\n")

    write_settings(path)

    assert read_settings(path).engine.threads == 1
    assert [p.name for p in tmp_path.iterdir()] == ["lineal.toml"]


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("format = 2\n", IncompatibleVersion, "newer Lineal"),
        ("format = true\n", InvalidInput, "whole number 'format'"),
        ("engine = 3\nformat = 1\n", InvalidInput, "[engine]"),
        ("format = 1\n[engine\n", InvalidInput, "no valid TOML"),
        ("format = 1\n[engine]\nmemory = '1GB'\n", NotFound, "did you mean 'memory_limit'"),
        ("format = 1\n[engine]\nmemory_limit = 3\n", InvalidInput, "must be text"),
        ("format = 1\n[engine]\nthreads = 0\n", InvalidInput, "from 1"),
        ("format = 1\n[engin]\n", NotFound, "did you mean 'engine'"),
        ("format = 1\n[lake]\nurl = 's3://x'\n", Unavailable, "[lake]"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, text: str, error: type[Exception], told: str
) -> None:
    path = tmp_path / "lineal.toml"
    path.write_text(text)

    with pytest.raises(error) as caught:
        read_settings(path)

    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_workspace_of_a_newer_lineal_is_refused_untouched(tmp_path: Path) -> None:
    lineal.open(tmp_path / "ws").close()
    (tmp_path / "ws" / "lineal.toml").write_text("format = 99\n")

    with pytest.raises(IncompatibleVersion, match="upgrade Lineal"):
        lineal.open(tmp_path / "ws")


def test_a_workspace_is_found_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lineal.open(tmp_path / "ws").close()
    below = tmp_path / "ws" / "notebooks" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)

    assert find() == tmp_path / "ws"


def test_without_a_workspace_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="lineal init DIR"):
        find(tmp_path)


def test_the_environment_variable_names_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lineal.open(tmp_path / "ws").close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LINEAL_WORKSPACE", str(tmp_path / "ws"))

    assert find() == tmp_path / "ws"

    monkeypatch.setenv("LINEAL_WORKSPACE", str(tmp_path / "other"))
    with pytest.raises(NotFound, match="LINEAL_WORKSPACE"):
        find()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ws").write_text("not a folder")

    with pytest.raises(InvalidInput, match="no folder"):
        lineal.open(tmp_path / "ws")
