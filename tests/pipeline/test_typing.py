"""mypy understands components: what they take, what they give, that the workspace is handed in."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
    from typing import Annotated, NamedTuple
    from lineal.pipeline import File, Input, Model, Named, Workspace, component, pipeline

    class Split(NamedTuple):
        train: File
        test: File

    @component
    def load(ws: Workspace, month: int) -> File:
        return File(b"x")

    @component(cache=False)
    def split(rows: File, share: float = 0.2) -> Split:
        return Split(rows, rows)

    @component
    def train(rows: File, *, depth: int = 3) -> Annotated[Model, Named("m")]:
        return Model(b"")

    @component(id="x")
    def gather(ws: Workspace, models: list[Model], best: Input[float] | None = None) -> float:
        return 1.0

    @pipeline
    def flights(month: int, deep: bool = False) -> None:
        some, rest = split(load(month), share=0.1)
        gather.with_id("y")([train(some), train.with_id("b")(rest, depth=2)])

    def go(ws: Workspace) -> bool:
        load(ws, 3)
        return flights.run(ws, month=3).ok
    """

BAD = """
    train(3)
    load("x")
    load()
    split(load(1)).tain
    def stop(ws: Workspace) -> None:
        flights.run(ws, mnth=3)
    """


def test_mypy_accepts_what_is_right_and_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(textwrap.dedent(GOOD))
    (tmp_path / "bad.py").write_text(textwrap.dedent(GOOD) + textwrap.dedent(BAD))
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
    command += ["--cache-dir", str(tmp_path / "cache"), "--hide-error-context"]

    good = subprocess.run(
        [*command, "good.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert good.stdout == ""
    bad = subprocess.run(
        [*command, "bad.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    first = len(textwrap.dedent(GOOD).splitlines()) + 2
    found = {int(line.split(":")[1]) for line in bad.stdout.splitlines() if ": error:" in line}
    assert found == {first, first + 1, first + 2, first + 3, first + 5}
