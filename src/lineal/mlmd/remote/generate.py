"""Write `lineal_store_pb2.py` and its types anew from the source: `make protos`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAME = "lineal_store.proto"


def main() -> None:
    """Compile the source; the service's own stub is not needed."""
    out = [f"--{kind}_out={HERE}" for kind in ("python", "pyi")]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{HERE}", *out, NAME]
    subprocess.run(command, check=True, cwd=HERE)


if __name__ == "__main__":
    main()
