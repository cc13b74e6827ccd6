"""The official ML Metadata wheel in a virtual environment of its own, made on first use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["wheel_python"]

PLACE = Path(__file__).parents[1] / ".peers" / "mlmd"


def wheel_python() -> Path:
    """Return the interpreter that can import `ml_metadata`; make its environment if need be.

    The wheel needs CPython 3.11 or older and a protobuf below 5, so it can't share ours.
    """
    python = PLACE / "bin" / "python"
    if not (PLACE / "ready").exists():
        if sys.version_info >= (3, 12):
            sys.exit("the ML Metadata wheel needs CPython 3.11: make bench PYTHON=python3.11")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", PLACE], check=True)
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q"]
        subprocess.run([*pip, "--only-binary=:all:", "ml-metadata==1.17.1"], check=True)
        (PLACE / "ready").touch()
    return python
