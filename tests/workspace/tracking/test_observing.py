"""What is seen of the files that a run and its children use, and what is told of the rest."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from lineal.metadata import ExecutionState

from .conftest import Project, input_names, only_run

if TYPE_CHECKING:
    from lineal.workspace import Workspace


def test_reads_of_forked_and_importing_children_are_inputs_of_the_run(
    project: Project, ws: Workspace
) -> None:
    for name in ("forked", "process", "spawned", "imported", "pool", "own"):
        project.write(f"{name}.csv", f"{name},1\n")
    project.write("work.py", "import lineal\ndef read(name): return open(name).read()\n")
    done = project.script(
        "import lineal, multiprocessing, os, subprocess, sys\n"
        "from work import read\n"
        "if __name__ == '__main__':\n"
        "    lineal.track()\n"
        "    if not os.fork():\n"
        "        open('forked.csv').read()\n"
        "        open('own.csv', 'a').close(); open('own.csv').read()\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
        "    for method, name in (('fork', 'process'), ('spawn', 'spawned')):\n"
        "        context = multiprocessing.get_context(method)\n"
        "        child = context.Process(target=read, args=(f'{name}.csv',))\n"
        "        child.start(); child.join(); assert child.exitcode == 0\n"
        "    code = \"import lineal; open('imported.csv').read()\"\n"
        "    subprocess.run([sys.executable, '-c', code], check=True)\n"
        "    with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "        pool.map(read, ['pool.csv'] * 4)\n"
    )
    assert done.code == 0, done.err
    assert input_names(ws, only_run(ws)) == [
        *("forked.csv", "imported.csv", "pool.csv", "process.csv", "spawned.csv")
    ]
    assert list(ws.locations.cache.glob("reads-*")) == []


def test_a_block_sees_the_children_that_it_starts(project: Project, ws: Workspace) -> None:
    project.write("raw.csv", "a\n")
    done = project.script(
        "import lineal, subprocess, sys\n"
        "code = \"import lineal; open('raw.csv'); lineal.save('raw.csv', 'kept')\"\n"
        "with lineal.open('.').run('outer'):\n"
        "    subprocess.run([sys.executable, '-c', code], check=True)\n"
    )
    assert done.code == 0, done.err
    run = only_run(ws, "lineal.run")
    read = {e.artifact_id for e in ws.store.events(execution_ids=[run.id or 0])}
    contents = {each.get("sha256") for each in ws.store.artifacts(ids=read)}
    assert ws.get("kept").artifact.get("sha256") in contents


def test_a_worker_that_calls_track_again_joins_the_run(project: Project, ws: Workspace) -> None:
    project.write("raw.csv", "a\n")
    done = project.script(
        "import lineal, multiprocessing\n"
        "run = lineal.track('study')\n"
        "def work():\n"
        "    open('raw.csv').read()\n"
        "    run.log(metrics={'auc': 0.5})\n"
        "if __name__ == '__main__':\n"
        "    child = multiprocessing.get_context('spawn').Process(target=work)\n"
        "    child.start(); child.join(); assert child.exitcode == 0\n"
    )
    assert done.code == 0, done.err
    run = only_run(ws)
    assert run.get("auc") == 0.5
    assert input_names(ws, run) == ["raw.csv"]
    assert done.err.count("run ") == 1


def test_what_goes_or_changes_right_after_it_was_read_is_kept(
    project: Project, ws: Workspace
) -> None:
    for name in ("removed", "moved", "replaced", "tree/deep", "outer", "new"):
        project.write(f"{name}.csv", f"{name}\n")
    done = project.script(
        "import lineal, os, shutil, subprocess; lineal.track()\n"
        "open('removed.csv').read(); os.remove('removed.csv')\n"
        "open('moved.csv').read(); shutil.move('moved.csv', 'there.csv')\n"
        "open('replaced.csv').read(); os.replace('new.csv', 'replaced.csv')\n"
        "open('tree/deep.csv').read(); shutil.rmtree('tree')\n"
        "open('outer.csv').read(); subprocess.run(['rm', 'outer.csv'])\n"
    )
    assert done.code == 0, done.err
    assert input_names(ws, only_run(ws)) == [
        *("deep.csv", "moved.csv", "outer.csv", "removed.csv", "replaced.csv")
    ]


def test_a_child_s_file_that_goes_before_it_could_be_kept_is_told(
    project: Project, ws: Workspace
) -> None:
    project.write("brief.csv", "a\n")
    done = project.script(
        "import lineal, os; lineal.track()\n"
        "if not os.fork():\n"
        "    open('brief.csv').read(); os.remove('brief.csv'); os._exit(0)\n"
        "os.wait()\n"
    )
    assert "0 inputs" in done.err
    assert "1 file gone before it could be kept: brief.csv" in done.err
    assert "brief.csv" in str(only_run(ws).get("lineal_gone_inputs"))


def test_files_elsewhere_are_named_and_a_setting_lets_their_folder_in(
    project: Project, ws: Workspace
) -> None:
    outside = project.root.parent / "outside"
    outside.mkdir()
    (outside / "a.csv").write_text("a\n")
    text = f"import lineal; lineal.track()\nopen({str(outside / 'a.csv')!r}).read()\n"
    done = project.script(text)
    assert (
        f"0 inputs · 0 outputs · 1 file outside the workspace not recorded: {outside}" in done.err
    )

    project.write("lineal.toml", 'format = 1\n[track]\nfolders = ["../outside"]\n')
    done = project.script(text)
    assert "1 input · 0 outputs\n" in done.err
    assert input_names(ws, ws.store.executions(type="lineal.track")[-1]) == ["a.csv"]


def test_what_opens_files_while_the_interpreter_ends_disturbs_nobody(project: Project) -> None:
    done = project.script(
        "import sys, types\n"
        "early = sys.modules['early'] = types.ModuleType('early')\n"
        "import lineal, lineal.workspace.tracking.watch as watch\n"
        "sys.kept = [early, watch]  # modules in use are emptied, the latest first\n"
        "class Late:\n"
        "    def __del__(self, look=open):\n"
        "        look('/dev/null').close()\n"
        "early.late = Late()\n"
        "lineal.track()\n"
    )

    assert done.err.endswith("0 inputs · 0 outputs\n")


def test_a_database_of_sqlite_is_an_input_as_it_was_when_it_was_opened(
    project: Project, ws: Workspace
) -> None:
    project.root.joinpath("s.db").unlink(missing_ok=True)
    with sqlite3.connect(project.root / "s.db") as connection:
        connection.execute("create table t (a)")
    connection.close()
    before = (project.root / "s.db").read_bytes()
    done = project.script(
        "import lineal, sqlite3; lineal.track()\n"
        "sqlite3.connect(':memory:').close()\n"
        "for name in ('s.db', 's.db', 'file:s.db?mode=ro', 'new.db', 'new.db'):\n"
        "    with sqlite3.connect(name, uri=True) as db:\n"
        "        if 'ro' not in name: db.execute('create table if not exists u (b)')\n"
        "    db.close()\n"
    )
    assert done.code == 0, done.err
    assert input_names(ws, only_run(ws)) == ["s.db"]
    (used,) = ws.store.artifacts(type="lineal.File")
    assert ws.objects.read(str(used.get("sha256"))) == before
    assert "2 files written but not saved: new.db, s.db" in done.err


def test_what_the_observer_could_not_do_is_told(project: Project, ws: Workspace) -> None:
    project.write("raw.csv", "a\n1\n")
    done = project.script(
        "import lineal, pyarrow.csv; lineal.track()\n"
        "from lineal.workspace.tracking import readers\n"
        "readers._paths = lambda given: 1 / 0\n"
        "print(pyarrow.csv.read_csv('raw.csv').num_rows)\n"
    )
    assert (done.code, done.out) == (0, "1\n")
    told = "1 file operation not seen, for ZeroDivisionError: division by zero"
    assert told in done.err
    kept = json.loads(str(only_run(ws).get("lineal_failed_observation")))
    assert kept == ["ZeroDivisionError: division by zero"]


@pytest.mark.parametrize("leaving", ["exit(3)", "quit(3)"])
def test_python_s_other_exits_decide_too(project: Project, ws: Workspace, leaving: str) -> None:
    done = project.script(f"import lineal; lineal.track()\n{leaving}\n")

    assert (done.code, only_run(ws).state) == (3, ExecutionState.FAILED)


def test_without_a_workspace_the_error_is_short_and_names_the_remedy(project: Project) -> None:
    done = project.python(
        "-c", "import os; os.chdir('/'); import lineal; lineal.track()", LINEAL_WORKSPACE=""
    )
    assert done.code == 1
    assert "workspace=lineal.open(DIR)" in done.err
    assert done.err.count("  File ") == 2


def test_a_read_is_kept_soon(project: Project, ws: Workspace) -> None:
    project.write("raw.csv", "a\n")
    project.script(
        "import lineal, os, time; lineal.track()\nopen('raw.csv').read()\n"
        "time.sleep(0.4)\nos._exit(1)\n"
    )
    assert input_names(ws, only_run(ws)) == ["raw.csv"]
