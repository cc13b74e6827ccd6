"""What holds for every command: help, exit codes, errors as one message."""

import inspect
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Lineal

from lineal.cli import app
from lineal.cli.lazily import subcommands
from lineal.errors import NotFound

ROOT = Path(__file__).resolve().parents[2]
STARTED = """
from lineal.cli import main
from lineal.workspace import Workspace
sql = Workspace.sql
def told(*arguments):
    print("started", flush=True)
    return sql(*arguments)
Workspace.sql = told
"""


def all_commands() -> dict[str, object]:
    """Return every command and subcommand by what one types."""
    found: dict[str, object] = {}
    for entry in app.COMMANDS:
        command = app.load(entry.name)
        parts = subcommands(command)
        if parts:
            found |= {f"{entry.name} {name}": part for name, part in parts.items()}
        else:
            found[entry.name] = command
    return found


@pytest.mark.parametrize("entry", app.COMMANDS, ids=lambda entry: entry.name)
def test_list_of_commands_shows_first_line_of_each_commands_help(entry: app.Command) -> None:
    assert inspect.cleandoc(app.load(entry.name).help or "").splitlines()[0] == entry.summary


@pytest.mark.parametrize("name", all_commands())
def test_command_and_each_of_its_parameters_has_help(name: str) -> None:
    command = all_commands()[name]

    assert command.help
    assert [param.name for param in command.params if not param.help] == []


# `init` makes a folder, the others run on: a script that prints what it likes, and servers.
WITHOUT_A_DOCUMENT = {"init", "track", "openlineage listen", "metadata serve"}


@pytest.mark.parametrize("name", [n for n in all_commands() if n not in WITHOUT_A_DOCUMENT])
def test_command_prints_json_when_asked(name: str) -> None:
    options = {way for param in all_commands()[name].params for way in param.opts}

    assert "--json" in options


def test_every_command_has_its_part_of_the_page() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")

    missing = [name for name in all_commands() if f" lineal {name}\n" not in page]

    assert missing == []


def test_the_page_is_what_the_commands_say() -> None:
    written = subprocess.run(
        [
            sys.executable,
            "-c",
            "import command_reference as r; print(r.reference() == r.PAGE.read_text())",
        ],
        cwd=ROOT / "docs",
        capture_output=True,
        text=True,
        check=True,
    )

    assert written.stdout.strip() == "True", "run `make docs` and commit docs/cli.md"


def test_help_names_every_command(lineal: Lineal) -> None:
    shown = lineal.ok("--help").out

    assert [entry.name for entry in app.COMMANDS if entry.name not in shown] == []


def test_misspelt_command_is_wrong_use_and_suggests_the_right_one(lineal: Lineal) -> None:
    done = lineal("lineag")

    assert done.code == 2
    assert "Did you mean 'lineage'" in done.err
    assert done.out == ""


def test_missing_argument_is_wrong_use(lineal: Lineal) -> None:
    done = lineal("show")

    assert done.code == 2
    assert done.err.startswith("error: Missing argument 'NAME'")


def test_version_is_shown(lineal: Lineal) -> None:
    assert lineal.ok("--version").out.startswith("lineal 0.")


def test_outside_a_workspace_the_error_says_what_to_do(lineal: Lineal) -> None:
    done = lineal("log")

    assert done.code == 2
    assert done.out == ""
    assert "lineal init" in done.err
    assert "Traceback" not in done.err


def test_workspace_is_found_from_a_folder_inside_it(workspace: Lineal) -> None:
    inside = workspace.directory / "deep" / "inside"
    inside.mkdir(parents=True)

    assert Lineal(inside).ok("log", "--json").json == []


def test_workspace_can_be_named_before_or_after_the_command(
    workspace: Lineal, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = Lineal(tmp_path_factory.mktemp("elsewhere"))
    named = ("--workspace", str(workspace.directory))

    assert elsewhere.ok(*named, "log", "--json").json == []
    assert elsewhere.ok("log", "--json", *named).json == []


def failing(error: BaseException) -> object:
    """Return something to stand for `load` that yields a command raising `error`."""

    class Failing:
        def main(self, *_: object, **__: object) -> None:
            raise error

    return lambda _: Failing()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (NotFound("nothing is called 'x' (lineal find lists all)"), 2, "error: nothing is called"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("division by zero"), 3, "a mistake in Lineal: ZeroDivisionError"),
    ],
)
def test_error_ends_as_one_message_and_its_exit_code(
    error: BaseException,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("LINEAL_DEBUG", raising=False)
    monkeypatch.setattr(app.typer.main, "get_command", failing(error))

    with pytest.raises(SystemExit) as leaving:
        app.main([])

    assert leaving.value.code == code
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err
    assert out == ""


def test_debugging_shows_the_traceback(lineal: Lineal) -> None:
    done = lineal("log", LINEAL_DEBUG="1")

    assert done.code != 0
    assert "Traceback" in done.err


def test_reader_who_stops_reading_hears_no_complaint(workspace: Lineal) -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            "lineal sql --json 'select * from range(300000)' | head -1; echo ${PIPESTATUS[0]}",
        ],
        cwd=workspace.directory,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stderr == ""
    assert done.stdout.split() == ["[", "141"]


def test_interrupt_ends_a_query_that_computes_outside_of_python(workspace: Lineal) -> None:
    # Each row waits on a sum over a billion numbers: no batch, and so no Python, for minutes.
    query = "select sum(a.range % (b.range + 1)) from range(1000000000) a, range(1000) b"
    running = subprocess.Popen(
        [sys.executable, "-c", f"{STARTED}main(['sql', {query!r}])"],
        cwd=workspace.directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "started\n"

    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)

    assert running.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said
