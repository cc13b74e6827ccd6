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


@pytest.mark.parametrize(
    "arguments", [("log",), ("show", "note"), ("find",), ("lineage", "note"), ("doctor",)]
)
def test_looking_back_loads_neither_arrow_nor_an_engine(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "note.txt").write_text("hello")
    for command in (["init", "."], ["add", "note.txt", "--name", "note"]):
        subprocess.run(
            [sys.executable, "-c", f"from lineal.cli import main; main({command!r})"],
            check=True,
            capture_output=True,
            cwd=tmp_path,
        )

    loaded = loaded_by_command(*arguments, directory=tmp_path)

    assert not loaded & HEAVY
