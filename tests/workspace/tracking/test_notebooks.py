"""Cells of a notebook, run in bits and out of order, through IPython's own shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata import ExecutionState

from .conftest import Project, input_names, only_run, records

if TYPE_CHECKING:
    from lineal.workspace import Workspace

KERNEL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.history_manager.enabled = False
for cell in json.load(open(sys.argv[1])):
    shell.run_cell(cell, store_history=True)
"""


def run_cells(project: Project, *cells: str) -> None:
    import json

    project.write("kernel.py", KERNEL)
    done = project.python(
        "kernel.py",
        str(project.write("cells.json", json.dumps(cells))),
        IPYTHONDIR=str(project.root.parent / "ipython"),
    )
    assert done.code == 0, done.err


def test_cells_are_told_as_they_ran(project: Project, ws: Workspace) -> None:
    project.write("raw.csv", "a\n1\n")
    run_cells(
        project,
        "x = 1",
        "import lineal; run = lineal.track('study')",
        "1/0",
        "text = open('raw.csv').read()",
        "x = 1",
        "lineal.save('raw.csv', 'kept')",
        "y = 2",
    )

    run = only_run(ws)
    assert run.state == ExecutionState.COMPLETE
    assert input_names(ws, run) == ["raw.csv"]
    first, last = sorted(records(ws, run, "source"), key=len)
    assert first == (
        "# %% In[1]\nx = 1\n\n# %% In[2], running\nimport lineal; run = lineal.track('study')\n"
    )
    assert last == (
        "# %% In[1]\nx = 1\n\n"
        "# %% In[2]\nimport lineal; run = lineal.track('study')\n\n"
        "# %% In[3], failed with ZeroDivisionError: division by zero\n1/0\n\n"
        "# %% In[4]\ntext = open('raw.csv').read()\n\n"
        "# %% In[5], the same as In[1]\nx = 1\n\n"
        "# %% In[6]\nlineal.save('raw.csv', 'kept')\n\n"
        "# %% In[7]\ny = 2\n"
    )
    (add,) = [each for each in ws.store.executions(type="lineal.add") if each.get("lineal_parent")]
    (at_save,) = records(ws, add, "source")
    assert at_save.endswith("# %% In[6], running\nlineal.save('raw.csv', 'kept')\n")


def test_a_notebook_whose_last_cell_failed_is_failed(project: Project, ws: Workspace) -> None:
    run_cells(
        project,
        "import lineal; lineal.track()",
        "import lineal; lineal.track()",
        "raise ZeroDivisionError('no password=zzz')",
    )

    run = only_run(ws)
    assert (
        run.get("lineal_failed_cells") == '["In[3] failed with ZeroDivisionError: no password=***"]'
    )
    assert run.state == ExecutionState.FAILED
    assert "ZeroDivisionError" in str(run.get("lineal_traceback"))
