"""`lineal.track()` in scripts that run as processes of their own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from lineal.metadata import ExecutionState

from .conftest import Project, input_names, only_run, records

if TYPE_CHECKING:
    from lineal.workspace import Workspace


def test_plain_reads_are_inputs_and_saves_outputs_and_one_line_tells(
    project: Project, ws: Workspace
) -> None:
    project.write("data/raw.csv", "a,b\n1,2\n")
    done = project.script(
        "import lineal; lineal.track(params={'depth': 6})\n"
        "text = open('data/raw.csv').read()\n"
        "open('clean.csv', 'w').write(text.upper())\n"
        "open('tmp.png', 'w').write('x')\n"
        "lineal.save('clean.csv', 'clean')\n"
    )

    assert done.code == 0, done.err
    run = only_run(ws)
    assert run.state == ExecutionState.COMPLETE
    assert run.get("depth") == 6
    assert input_names(ws, run) == ["raw.csv"]
    assert re.fullmatch(
        rf"run {(run.name or '')[:4]} · 1 input · 1 output · 1 file written but not saved: "
        r"tmp\.png \(lineal save tmp\.png NAME\)\n",
        done.err,
    )
    assert done.out == ""
    upstream = ws.lineage("clean").artifacts.values()
    assert str(project.root / "data/raw.csv") in [each.get("source") for each in upstream]


def test_the_source_is_kept_without_secrets_with_the_arguments(
    project: Project, ws: Workspace
) -> None:
    source = "import lineal; lineal.track()\npassword = 'hunter2'\n"
    project.script(source, "--token", "abc", "-v", "--api-key=xyz", "https://me:pw@host/x")

    run = only_run(ws)
    assert records(ws, run, "source") == [source.replace("hunter2", "***")]
    assert json.loads(str(run.get("lineal_arguments"))) == [
        *("--token", "***", "-v", "--api-key=***", "https://me:***@host/x")
    ]


def test_an_uncaught_exception_fails_the_run_and_its_traceback_is_kept(
    project: Project, ws: Workspace
) -> None:
    done = project.script(
        "import lineal; lineal.track()\n"
        "raise ValueError('postgresql://me:s3cr3tpw@db/x token=abc123 Bearer eyJhbGciOi')\n"
    )

    run = only_run(ws)
    assert done.code == 1
    assert "s3cr3tpw" in done.err
    assert "FAILED" in done.err
    assert run.state == ExecutionState.FAILED
    kept = str(run.get("lineal_traceback"))
    assert kept.startswith('Traceback (most recent call last):\n  File "')
    assert "script.py" in kept.splitlines()[1]
    for text in (kept, str(run.get("lineal_error"))):
        assert "postgresql://me:***@db/x token=*** Bearer ***" in text
        assert "s3cr3tpw" not in text


@pytest.mark.parametrize(
    ("leaving", "code", "state"),
    [
        ("sys.exit(3)", 3, ExecutionState.FAILED),
        ("sys.exit('no data')", 1, ExecutionState.FAILED),
        ("sys.exit(0)", 0, ExecutionState.COMPLETE),
        ("sys.exit()", 0, ExecutionState.COMPLETE),
    ],
)
def test_the_exit_code_passes_and_decides(
    project: Project, ws: Workspace, leaving: str, code: int, state: ExecutionState
) -> None:
    done = project.script(f"import lineal, sys; lineal.track(quiet=True)\n{leaving}\n")

    assert done.code == code
    assert only_run(ws).state == state
    assert "run " not in done.err


@pytest.mark.parametrize(
    ("ending", "code"), [("os._exit(5)", 5), ("os.kill(os.getpid(), 9)", -signal.SIGKILL)]
)
def test_a_run_whose_process_is_gone_keeps_its_inputs_until_doctor_settles_it(
    project: Project, ws: Workspace, ending: str, code: int
) -> None:
    project.write("raw.csv", "a\n1\n")
    done = project.script(
        "import lineal, os, time; lineal.track()\n"
        "open('raw.csv').read()\n"
        "time.sleep(2)\n"  # longer than a read waits to be recorded
        f"{ending}\n"
    )

    assert done.code == code
    assert only_run(ws).state == ExecutionState.RUNNING
    assert ws.log()[-1]["state"] == "ABANDONED"
    assert [finding.what for finding in ws.doctor()] == ["crashed execution"]
    assert only_run(ws).state == ExecutionState.CANCELED
    assert input_names(ws, only_run(ws)) == ["raw.csv"]


def test_a_file_that_the_lake_knows_is_that_version(project: Project, ws: Workspace) -> None:
    raw = project.write("raw.csv", "a\n1\n")
    ws.lake.add(raw)
    project.write("copy.csv", "a\n1\n")
    project.script("import lineal; lineal.track()\nopen('copy.csv').read()\n")

    assert input_names(ws, only_run(ws)) == ["raw.csv@1"]


def test_what_a_script_wrote_itself_is_no_input_when_it_reads_it(
    project: Project, ws: Workspace
) -> None:
    project.script(
        "import lineal; lineal.track()\nopen('mine.csv', 'w').write('a')\nopen('mine.csv').read()\n"
    )
    assert input_names(ws, only_run(ws)) == []


def test_an_input_is_what_it_was_when_it_was_read(project: Project, ws: Workspace) -> None:
    project.write("state.txt", "before")
    project.script(
        "import lineal; lineal.track()\n"
        "open('state.txt').read()\n"
        "open('state.txt', 'w').write('after')\n"
    )
    (used,) = ws.store.artifacts(type="lineal.File")
    assert ws.objects.read(str(used.get("sha256"))) == b"before"


def test_what_python_and_tools_keep_is_no_data(project: Project, ws: Workspace) -> None:
    for name in (".env", "module.py", "lineal.toml", ".git/config"):
        if not (project.root / name).exists():
            project.write(name, "x = 1")
    project.script(
        "import lineal; lineal.track()\n"
        "import module\n"
        "for name in ('.env', 'module.py', 'lineal.toml', '.git/config', '/etc/hostname'):\n"
        "    open(name).read()\n"
    )
    assert input_names(ws, only_run(ws)) == []


@pytest.mark.parametrize(
    "reading",
    [
        "import pandas; pandas.read_csv('x.csv')",
        "import pandas; pandas.read_parquet('x.parquet')",
        "import pyarrow.csv as c; c.read_csv('x.csv')",
        "import pyarrow.parquet as p; p.read_table('x.parquet')",
        "import pyarrow.parquet as p; p.ParquetFile('x.parquet').read()",
        "import pyarrow.dataset as d; d.dataset('x.parquet').to_table()",
        "import polars; polars.read_csv('x.csv')",
        "import polars; polars.scan_parquet('*.parquet').collect()",
        "import duckdb; duckdb.sql(\"select * from 'x.csv'\").fetchall()",
        "import duckdb; duckdb.connect().read_parquet('x.parquet').fetchall()",
    ],
)
def test_native_readers_are_seen(project: Project, ws: Workspace, reading: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    project.write("x.csv", "a,b\n1,2\n")
    pq.write_table(pa.table({"a": [1]}), project.root / "x.parquet")
    done = project.script(f"import lineal; lineal.track()\n{reading}\n")

    assert done.code == 0, done.err
    assert input_names(ws, only_run(ws)) == ["x.csv" if "csv" in reading else "x.parquet"]


def test_native_writes_are_named_as_unsaved(project: Project) -> None:
    done = project.script(
        "import lineal; lineal.track()\n"
        "import polars, pandas\n"
        "polars.DataFrame({'a': [1]}).write_parquet('p.parquet')\n"
        "pandas.DataFrame({'a': [2]}).to_parquet('q.parquet')\n"
    )
    assert "2 files written but not saved: p.parquet, q.parquet" in done.err


def test_a_renamed_script_is_the_same_code(project: Project, ws: Workspace) -> None:
    text = "import lineal; lineal.track()\n"
    project.script(text, name="one.py")
    project.script(text, name="two.py")
    project.script(text + "x = 1\n", name="two.py")

    one, two, edited = ws.store.executions(type="lineal.track")
    assert one.get("lineal_code") == two.get("lineal_code") != edited.get("lineal_code")
    assert [each.get("lineal_run") for each in (one, two)] == ["one.py", "two.py"]
    assert len(ws.store.artifacts(type="lineal.Source")) == 2


def test_variables_are_kept_by_name_and_outer_runs_of_other_tools_noted(
    project: Project, ws: Workspace
) -> None:
    project.write("lineal.toml", 'format = 1\n[track]\nenvironment = ["REGION"]\n')
    project.script(
        "import lineal; lineal.track(environment=['STAGE', 'HF_TOKEN', 'MISSING'])\n",
        REGION="eu",
        STAGE="test",
        HF_TOKEN="hf_secret",  # noqa: S106 -- it is to be masked
        OTHER="never",
        OPENLINEAGE_PARENT_ID="ns/job/0190",
    )
    run = only_run(ws)
    assert json.loads(str(run.get("lineal_variables"))) == {
        "HF_TOKEN": "***",
        "REGION": "eu",
        "STAGE": "test",
    }
    assert run.get("lineal_external_parent") == "openlineage:ns/job/0190"


def test_a_dirty_tree_keeps_its_difference_from_the_commit(project: Project, ws: Workspace) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    project.write("script.py", "import lineal; lineal.track()\n")
    project.write(".gitignore", ".lineal\n")
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=project.root, check=True)
    project.python("script.py")
    project.script("import lineal; lineal.track()\napi_key = 'abc'\n")

    clean, dirty = ws.store.executions(type="lineal.track")
    assert records(ws, clean, "changes") == []
    (patch,) = records(ws, dirty, "changes")
    assert "+api_key = '***'" in patch


def test_finish_ends_early_and_what_comes_after_is_not_seen(
    project: Project, ws: Workspace
) -> None:
    project.write("late.csv", "a\n")
    project.script(
        "import lineal; run = lineal.track()\n"
        "assert lineal.track() is run\n"
        "run.log(metrics={'auc': 0.9})\n"
        "lineal.finish()\nlineal.finish()\n"
        "open('late.csv').read()\n1/0\n"
    )
    run = only_run(ws)
    assert run.state == ExecutionState.COMPLETE
    assert run.get("auc") == 0.9
    assert input_names(ws, run) == []


def test_two_tracked_scripts_at_once_keep_to_themselves(project: Project, ws: Workspace) -> None:
    for name in ("a", "b"):
        project.write(f"{name}.csv", name)
        project.write(
            f"{name}.py",
            "import lineal, time; lineal.track()\n"
            f"open('{name}.csv').read()\ntime.sleep(0.5)\nlineal.save('{name}.csv', '{name}')\n",
        )
    code = (
        "import subprocess, sys\n"
        "both = [subprocess.Popen([sys.executable, f'{n}.py']) for n in 'ab']\n"
        "sys.exit(sum(each.wait() for each in both))\n"
    )
    assert project.python("-c", code).code == 0

    found = {str(e.get("lineal_run")): e for e in ws.store.executions(type="lineal.track")}
    assert found.keys() == {"a.py", "b.py"}
    # Saved under its name after it was read: the file that was read has the version's content.
    assert input_names(ws, found["a.py"]) in (["a.csv"], ["a@1"], [])
    assert {str(ws.get(name).artifact.get("sha256")) for name in "ab"} <= {
        str(each.get("sha256")) for each in ws.store.artifacts(type="lineal.File")
    }


def test_a_crash_while_it_closes_leaves_a_run_that_doctor_settles(
    project: Project, ws: Workspace
) -> None:
    done = project.script("import lineal; lineal.track()\n", LINEAL_KILL_AT="recorder.numbered")

    assert done.code == -signal.SIGKILL
    assert [finding.what for finding in ws.doctor()] == ["crashed execution"]
    assert only_run(ws).state == ExecutionState.CANCELED


def test_without_track_nothing_is_seen(project: Project, ws: Workspace) -> None:
    project.write("raw.csv", "a\n")
    done = project.script("import lineal\nopen('raw.csv').read()\n")

    assert (done.code, done.err) == (0, "")
    assert ws.store.executions() == []
