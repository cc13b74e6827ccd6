"""Answer every case by the package named on the command line, as JSON.

Runs with the interpreter that has the package: ML Metadata's wheel needs another one than ours.
"""

from __future__ import annotations

import importlib
import json
import sys

from bench import answers

if __name__ == "__main__":
    for part in ("kinds", "nodes", "edges", "lineage", "requests", "differing"):
        importlib.import_module(part)
    sys.stdout.write(json.dumps(answers(sys.argv[1])))
