"""`lineal exec`, `lineal rerun`, `lineal track`: any program, recorded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import ExecutionState

from .conftest import Project, only_run, records

if TYPE_CHECKING:
    from lineal.workspace import Workspace

UPPER = """\
import sys
print('working', file=sys.stderr)
print('done')
open('clean.txt', 'w').write(open('raw.txt').read().upper())
"""


@pytest.fixture
def upper(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(project.root)
    project.write("upper.py", UPPER)
    project.write("raw.txt", "abc")
    return [sys.executable, "upper.py"]


def test_a_program_is_recorded_with_its_files_source_and_log(
    ws: Workspace, project: Project, upper: list[str]
) -> None:
    options = ("exec", "-i", "raw.txt", "-o", "clean.txt", "--name", "clean")
    done = project.lineal(*options, "--", *upper)

    assert (done.code, done.out) == (0, "done\n")
    assert "working\n" in done.err
    assert "made clean.txt@1" in done.err
    run = only_run(ws, "lineal.exec")
    assert (run.state, run.get("lineal_exit_code")) == (ExecutionState.COMPLETE, 0)
    assert records(ws, run, "source") == [UPPER]
    (log,) = records(ws, run, "log")
    assert sorted(log.split()) == ["done", "working"]
    assert ws.get("clean.txt").read_bytes() == b"ABC"
    upstream = ws.lineage("clean.txt").artifacts.values()
    assert str(project.root / "raw.txt") in [each.get("source") for each in upstream]


def test_a_failing_program_passes_its_code_and_publishes_nothing(
    ws: Workspace, project: Project
) -> None:
    script = "echo half > out.txt; echo oops >&2; exit 7"
    done = project.lineal("exec", "-o", "out.txt", "--json", "--", "sh", "-c", script)

    told = json.loads(done.out)
    assert (done.code, told["code"], told["outputs"]) == (7, 7, {})
    run = only_run(ws, "lineal.exec")
    assert run.state == ExecutionState.FAILED
    assert records(ws, run, "log") == ["oops\n"]
    assert ws.store.newest("out.txt") is None


def test_what_is_wrong_is_told_before_or_after(
    ws: Workspace, project: Project, upper: list[str]
) -> None:
    with pytest.raises(NotFound, match=r"no input missing\.txt"):
        ws.exec(upper, inputs=["missing.txt"])
    with pytest.raises(NotFound, match="no file fits the pattern"):
        ws.exec(upper, inputs=["*.nothing"])
    with pytest.raises(InvalidInput, match=r"two of the outputs are called 'x'"):
        ws.exec(upper, outputs=["a/x", "b/x"])
    with pytest.raises(InvalidInput, match="a list of words"):
        ws.exec("ls")  # type: ignore[arg-type]
    assert ws.store.executions(type="lineal.exec") == []
    with pytest.raises(NotFound, match="no program 'no-such-program'"):
        ws.exec(["no-such-program"])
    with pytest.raises(InvalidInput, match=r"there is no other\.txt"):
        ws.exec(upper, outputs=["other.txt"])
    states = [each.state for each in ws.store.executions(type="lineal.exec")]
    assert states == [ExecutionState.FAILED] * 2


def test_a_signal_is_forwarded_and_told_as_a_shell_tells_it(
    ws: Workspace, project: Project
) -> None:
    command = "from lineal.cli import main; main()"
    script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "exec", "--", "sh", "-c", script],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    process.communicate()

    assert process.returncode == 9
    assert only_run(ws, "lineal.exec").state == ExecutionState.FAILED


def test_a_killed_recorder_leaves_a_run_that_doctor_settles(
    ws: Workspace, project: Project, upper: list[str]
) -> None:
    options = ("exec", "-o", "clean.txt", "--", *upper)
    done = project.lineal(*options, LINEAL_KILL_AT="recorder.closing")

    assert done.code == -signal.SIGKILL
    assert ws.store.newest("clean.txt") is None
    ws.doctor()
    assert only_run(ws, "lineal.exec").state == ExecutionState.CANCELED
    assert project.lineal(*options).code == 0
    assert ws.get("clean.txt").number == 1


def test_a_rerun_tells_what_went_in_and_came_out_different(
    ws: Workspace, project: Project, upper: list[str]
) -> None:
    first = ws.exec(upper, inputs=["raw.txt"], outputs=["clean.txt"], name="clean").check()
    assert ws.rerun("clean", changed_only=True).run is None

    project.write("raw.txt", "xyz")
    again = ws.rerun(first.uuid[:6], changed_only=True)

    assert again.of == first.ref
    assert [change.what for change in again.causes] == ["input raw.txt"]
    assert [change.what for change in again.different] == ["output clean.txt"]
    assert ws.get("clean.txt").read_bytes() == b"XYZ"

    project.write("upper.py", UPPER.replace("upper()", "title()"))
    edited = ws.rerun("clean")
    assert [change.what for change in edited.causes] == ["code upper.py"]
    assert ws.get("clean.txt").read_bytes() == b"Xyz"


def test_a_rerun_finds_the_run_by_what_it_made(
    ws: Workspace, upper: list[str], project: Project
) -> None:
    first = ws.exec(upper, inputs=["raw.txt"], outputs=["clean.txt"], name="clean")
    project.script("import lineal; lineal.track(); lineal.save('raw.txt', 'kept')\n")
    ws.lake.add(project.write("by-hand.txt", "x"), "by-hand")
    script = f"execution/{only_run(ws).id}"

    assert ws.rerun("clean.txt").of == first.ref
    assert ws.rerun("kept").of == script
    with pytest.raises(NotFound, match="by-hand was made by no command"):
        ws.rerun("by-hand")


def test_a_rerun_on_the_same_inputs_touches_nothing(
    ws: Workspace, project: Project, upper: list[str]
) -> None:
    first = ws.exec(upper, inputs=["raw.txt"], outputs=["clean.txt"], name="clean").check()
    project.write("raw.txt", "xyz")

    same = ws.rerun("clean", same_inputs=True)

    assert (same.causes, same.different, same.same) == ((), (), ("clean.txt",))
    assert (project.root / "clean.txt").read_text() == "ABC"
    assert (project.root / "raw.txt").read_text() == "xyz"
    assert len(ws.get("clean.txt").versions) == 1
    assert ws.rerun("clean").of == first.ref  # a check is not the newest run of the name


def test_a_tracked_script_is_run_again(ws: Workspace, project: Project) -> None:
    project.write("raw.txt", "abc")
    project.script(
        "import lineal; lineal.track()\n"
        "open('out.txt', 'w').write(open('raw.txt').read() * 2)\n"
        "lineal.save('out.txt', 'out')\n",
        name="double.py",
    )
    assert project.lineal("rerun", "double.py", "--changed-only").code == 0
    project.write("raw.txt", "xyz")
    done = project.lineal("rerun", "double.py", "--changed-only", "--json")

    told = json.loads(done.out)
    assert [each["what"] for each in told["causes"]] == ["input raw.txt"]
    assert [each["what"] for each in told["different"]] == ["output out"]
    assert ws.get("out").read_bytes() == b"xyzxyz"


def test_a_script_that_knows_nothing_of_lineal_is_tracked(ws: Workspace, project: Project) -> None:
    project.write("raw.txt", "abc")
    project.write("other.py", "VALUE = 3\n")
    project.write(
        "plain.py",
        "import sys, other\n"
        "if __name__ == '__main__':\n"
        "    print(open('raw.txt').read(), sys.argv[1:], other.VALUE)\n"
        "    raise SystemExit(4)\n",
    )
    done = project.lineal("track", "--param", "depth=6", "plain.py", "-v", "--deep")

    assert (done.code, done.out) == (4, "abc ['-v', '--deep'] 3\n")
    run = only_run(ws)
    assert (run.state, run.get("depth")) == (ExecutionState.FAILED, 6)
    assert str(run.get("lineal_command")).endswith("plain.py")
    again = project.lineal("rerun", "plain.py")
    assert again.code == 4
    assert len(ws.store.executions(type="lineal.track")) == 2

    failing = project.lineal("track", str(project.write("bad.py", "def f():\n    1/0\nf()\n")))
    assert failing.code == 1
    assert failing.err.startswith('Traceback (most recent call last):\n  File "')
    assert "runpy" not in failing.err


def test_secrets_of_a_command_are_not_kept_and_a_rerun_says_so(
    ws: Workspace, project: Project
) -> None:
    ws.exec(["true", "--token", "abc"], name="secret").check()

    assert "abc" not in str(only_run(ws, "lineal.exec").custom_properties)
    with pytest.raises(InvalidInput, match="held a secret"):
        ws.rerun("secret")
    with pytest.raises(NotFound, match="did you mean 'secret'"):
        ws.rerun("secre")


def test_a_long_log_keeps_its_beginning_and_its_end(ws: Workspace, project: Project) -> None:
    code = "print('first'); print('x' * 3_000_000); print('last')"
    began = time.monotonic()
    ws.exec([sys.executable, "-c", code], name="long").check()

    (log,) = records(ws, only_run(ws, "lineal.exec"), "log")
    assert log.startswith("first\n")
    assert log.endswith("last\n")
    assert "bytes left out]" in log
    assert len(log) < 1_200_000
    assert time.monotonic() - began < 60
    assert os.environ.get("LINEAL_PARENT_RUN") is None
