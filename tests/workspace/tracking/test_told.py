"""What is told afterwards of runs: in the log, in a lineage, in a difference."""

from __future__ import annotations

import json
import sys
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


def test_kept_source_and_log_can_be_read_again(
    project: Project, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    project.write("says.py", "print('done')\n")
    assert project.lineal("exec", "--", sys.executable, "says.py").code == 0
    run = ws.store.executions(type="lineal.exec")[0]
    events = {str(e.path[0]): e.artifact_id for e in ws.store.events(execution_ids=[run.id or 0])}

    source, log = (f"artifact/{events[key]}" for key in ("source", "log"))

    assert project.lineal("show", source, "--content").out == "print('done')\n"
    assert ws.get(log).read_bytes() == b"done\n"  # type: ignore[attr-defined]
    shown = json.loads(project.lineal("show", log, "--content", "--json").out)
    assert shown == {"ref": log, "content": "done\n"}
    refused = project.lineal("checkout", log)
    assert (refused.code, "lineal show --content" in refused.err) == (2, True)
    environment = project.lineal("show", f"artifact/{events['environment']}", "--content")
    assert (environment.code, "not a file or a text" in environment.err) == (2, True)
