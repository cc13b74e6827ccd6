"""Say which script or notebook this process runs, by its file alone: arguments hold secrets."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path

__all__ = ["program", "program_folder"]

# How notebooks tell their file: VS Code as a name in the main module, Jupyter by environment.
_NOTEBOOK_NAME = "__vsc_ipynb_file__"
_NOTEBOOK_VARIABLE = "JPY_SESSION_NAME"


def program() -> str:
    """Return the file of the script, module or notebook that runs; else how Python was started.

    That is `-c` for a line of Python, and empty in a session at the prompt.
    """
    main = sys.modules.get("__main__")
    notebook = getattr(main, _NOTEBOOK_NAME, None) or os.environ.get(_NOTEBOOK_VARIABLE)
    return str(notebook or getattr(main, "__file__", None) or next(iter(sys.argv), ""))


def program_folder() -> Path:
    """Return the folder whose git state tells the version of the code that runs.

    It is the program's own folder; for what is installed, such as the `lineal` command, and for
    what is no file it is the folder one works in.
    """
    path = Path(program())
    installed = (sys.prefix, sys.base_prefix, site.getuserbase())
    is_own = path.is_absolute() and path.is_file()
    if is_own and not any(path.is_relative_to(folder) for folder in installed):
        return path.parent
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was removed meanwhile; no repository holds it
        return Path(path.anchor or os.sep)
