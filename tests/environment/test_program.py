"""Which script or notebook runs, and whose git state tells its version."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lineal.environment import program, program_folder


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch):
    """Make this process look as if it had been started otherwise."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)

    def _runs(file: Path | None, *, arguments: list[str] | None = None, **names: object) -> None:
        main = type(sys)("__main__")
        if file is not None:
            main.__file__ = str(file)
        vars(main).update(names)
        monkeypatch.setitem(sys.modules, "__main__", main)
        monkeypatch.setattr(sys, "argv", arguments or [])

    return _runs


def test_a_script_is_told_by_its_file_and_never_by_its_arguments(runs, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.touch()

    runs(script, arguments=[str(script), "--password", "secret"])

    assert program() == str(script)
    assert program_folder() == tmp_path


def test_an_installed_command_works_where_one_is(
    runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = Path(sys.executable).with_name("lineal")

    runs(command)

    assert program() == str(command)
    assert program_folder() == tmp_path


def test_a_line_of_python_and_a_session_at_the_prompt(
    runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    runs(None, arguments=["-c"])
    assert (program(), program_folder()) == ("-c", tmp_path)

    runs(None, arguments=[""])
    assert (program(), program_folder()) == ("", tmp_path)


def test_notebooks_are_told_by_their_own_file(
    runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = tmp_path / "look.ipynb"
    notebook.touch()

    runs(None, arguments=["ipykernel_launcher.py"], __vsc_ipynb_file__=str(notebook))
    assert (program(), program_folder()) == (str(notebook), tmp_path)

    runs(None, arguments=["ipykernel_launcher.py"])
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    assert (program(), program_folder()) == (str(notebook), tmp_path)


def test_a_folder_that_is_gone_is_no_error(
    runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    runs(None)

    assert program_folder() == Path("/")
