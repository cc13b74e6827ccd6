"""Every block of README.md and of the pages under docs/ runs, in order, and says what it says.

    ```python            runs; blocks of a page share their names
    ```text              what the Python block before it prints
    ```console           `$` lines run in the shell, the other lines are what they print;
                         `# exits 1` at a command's end tells its exit code
    ```csv flights.csv   a file of that name is written; so with any block that names a file

`...` in an expected line stands for anything, alone on a line for any lines. Blocks of another
language (mermaid, toml without a file name) are for reading only.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lineal import Workspace
from lineal.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
PLAIN = re.compile(r"lineal [^|;&<>$`]*$")
IDS = re.compile(r"\b(artifact|execution)/\d+")
EXITS = re.compile(r"\s+# exits (\d+)$")


@dataclass(frozen=True)
class Block:
    language: str
    file: str
    body: str
    line: int


@dataclass(frozen=True)
class Done:
    code: int
    said: str


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of `page`, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        language, _, file = match["info"].strip().partition(" ")
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(language, file.strip(), match["body"], line))
    return found


def matches(expected: str, printed: str) -> bool:
    """Return whether `printed` is what `expected` says; widths of spaces and ids don't count."""
    expected, printed = IDS.sub(r"\1/N", expected), IDS.sub(r"\1/N", printed)
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line.strip() == "..." else rf"[ ]*{_words(line)}[ ]*\n"
        for line in expected.strip("\n").splitlines()
    )
    return re.fullmatch(pattern, printed.strip("\n") + "\n") is not None


def _words(line: str) -> str:
    return "[ ]+".join(map(re.escape, line.split())).replace(r"\.\.\.", r"[^\n]*")


def runs(page: Path) -> bool:
    return any(block.language in {"python", "console"} for block in blocks(page))


def commands(body: str) -> list[tuple[str, int, str]]:
    """Return each command of a console block, its exit code, and what it should print."""
    found = []
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, *rest = part.split("\n")
        while command.endswith("\\"):
            command = command[:-1] + rest.pop(0).lstrip("> ")
        ends = EXITS.search(command)
        code = int(ends[1]) if ends else 0
        found.append((EXITS.sub("", command), code, "\n".join(rest)))
    return found


def run_console(block: Block, where: str) -> None:
    for command, code, expected in commands(block.body):
        done = in_process(command) if PLAIN.match(command) else in_shell(command)
        told = f"{where}: {command}\n{done.said}"
        assert done.code == code, told
        if expected.strip():
            assert matches(expected, done.said), f"{told}\nexpected:\n{expected}"


def in_process(command: str) -> Done:
    """Run a plain `lineal` command here, which saves starting Python for each."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main(shlex.split(command)[1:])
        except SystemExit as leaving:
            return Done(int(leaving.code or 0), said.getvalue())
    raise AssertionError(f"{command} did not end")


def in_shell(command: str) -> Done:
    done = subprocess.run(
        ["bash", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
    )
    return Done(done.returncode, done.stdout)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if runs(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_every_block_of_the_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("NO_COLOR", "1")
    names: dict[str, object] = {"__name__": "__main__"}
    try:
        run_blocks(page, names)
    finally:
        for value in names.values():
            if isinstance(value, Workspace):  # pages leave that to the end of the script
                value.close()


def run_blocks(page: Path, names: dict[str, object]) -> None:
    printed = ""
    for block in blocks(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.file:
            Path(block.file).write_text(block.body, encoding="utf-8")
        elif block.language == "python":
            output = io.StringIO()
            code = compile("\n" * block.line + block.body, str(page), "exec")
            with contextlib.redirect_stdout(output):
                exec(code, names)  # noqa: S102  (the page is ours)
            printed = output.getvalue()
        elif block.language == "text" and names.keys() - {"__name__"}:
            assert matches(block.body, printed), f"{where}: printed\n{printed}"
        elif block.language == "console":
            run_console(block, where)


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a  b", "a  b   \n", True),
        ("a ... c", "a b c", True),
        ("a\n...\nd", "a\nb\nc\nd", True),
        ("a\n...", "a\nb", True),
        ("a ... c", "a b\nc", False),
        ("a", "b", False),
        ("artifact/1", "artifact/2", True),
        ("artifact/1", "execution/1", False),
    ],
)
def test_dots_stand_for_anything(expected: str, printed: str, same: bool) -> None:
    assert matches(expected, printed) is same
