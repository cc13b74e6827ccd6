"""What starting up loads, told by module names: seconds depend on the machine, names don't."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "duckdb",
    "google.protobuf",
    "ibis",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pyiceberg",
    "sklearn",
    "sqlglot",
    "tensorflow_metadata",
}
FACES = {"rich", "typer"}
STORE = {"sqlalchemy"}


def loaded_after(code: str, directory: Path) -> set[str]:
    """Return the names of all modules that a fresh interpreter has loaded after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys, json\nprint(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        cwd=directory,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def loaded_by_command(*arguments: str, directory: Path) -> set[str]:
    """Return the names of all modules loaded once the command has run to its end."""
    return loaded_after(
        f"from lineal.cli import main\ntry:\n    main({list(arguments)!r})\n"
        "except SystemExit as leaving:\n    assert not leaving.code, leaving.code",
        directory,
    )


def test_import_lineal_loads_the_standard_library_only(tmp_path: Path) -> None:
    loaded = loaded_after("import lineal", tmp_path)

    assert not loaded & (HEAVY | FACES | STORE)


def test_help_loads_no_more_than_typer_and_rich(tmp_path: Path) -> None:
    loaded = loaded_by_command("--help", directory=tmp_path)

    assert not loaded & (HEAVY | STORE)
    assert not any(name.startswith("lineal.metadata") for name in loaded)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a file, a table, a schema and a feature view."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "flights.csv").write_text("time,origin,delay\n2013-01-01T10:00:00Z,JFK,2\n")
    (folder / "features.py").write_text(
        "from lineal.features import entity, feature_view\n"
        "origin = entity('origin', key='origin')\n"
        "delays = feature_view('delays', of=origin, table='ops.flights', columns=['delay'],"
        " event_time='time')\n"
    )
    commands = [
        ["init", "."],
        ["add", "flights.csv"],
        ["ingest", "ops.flights", "flights.csv@1", "--event-time", "time"],
        ["schema", "infer", "ops.flights", "--name", "expected"],
        ["features", "define", "features.py"],
        ["lineage", "ops.flights"],
    ]
    for command in commands:
        loaded_by_command(*command, directory=folder)
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("log",),
        ("log", "ops.flights"),
        ("find", "type=lineal.Table"),
        ("show", "flights.csv"),
        ("show", "ops.flights"),
        ("show", "expected"),
        ("show", "delays"),
        ("show", "execution/1"),
        ("lineage", "ops.flights"),
        ("alias", "ops.flights", "best", "1"),
    ],
    ids=" ".join,
)
def test_looking_back_loads_neither_arrow_nor_an_engine(
    arguments: tuple[str, ...], workspace: Path
) -> None:
    loaded = loaded_by_command(*arguments, directory=workspace)

    assert not loaded & (HEAVY - {"google.protobuf"})  # properties may be protobuf's structs
