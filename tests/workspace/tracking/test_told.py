"""What is told afterwards of runs: in the log, in a lineage, in a difference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .conftest import Project, only_run

if TYPE_CHECKING:
    from lineal.workspace import Workspace

COPIES = """\
import lineal; lineal.track()
text = open('raw.csv').read()
open('clean.csv', 'w').write(text.upper())
lineal.save('clean.csv', 'clean')
"""


@pytest.fixture
def copied(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in which a script read one file and saved another."""
    monkeypatch.chdir(project.root)
    project.write("raw.csv", "a\n1\n")
    assert project.script(COPIES, name="copies.py").code == 0
    return project


def test_the_log_tells_what_ran_and_on_which_file(copied: Project, ws: Workspace) -> None:
    run = only_run(ws)
    (told,) = [row for row in ws.log() if row["verb"] == "track"]

    assert (told["name"], told["run"]) == ("copies.py", run.name)
    (ref,) = told["inputs"]
    assert told["files"] == {ref: "raw.csv"}
    shown = copied.lineal("log").out
    assert f"{(run.name or '')[:8]}  track  copies.py" in shown
    assert f"raw.csv ({ref})" in shown
    assert json.loads(copied.lineal("log", "--json").out)[0]["run"]


def test_a_lineage_tells_which_script_made_something_of_which_file(
    copied: Project, ws: Workspace
) -> None:
    shown = ws.lineage("clean").to_text()

    assert f"in track copies.py (execution/{only_run(ws).id})" in shown.splitlines()[0]
    assert "raw.csv (artifact/" in shown
    assert "lineal.File" not in shown
