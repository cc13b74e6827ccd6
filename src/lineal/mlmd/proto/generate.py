"""Write the generated modules beside the sources anew: `make protos`.

Needs `grpcio-tools` 1.74, whose modules run with every protobuf from 6.31.1 on. What is generated
imports from here, while the descriptors keep ML Metadata's own file names: two packages that
register the same file with the same content share its classes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
IMPORT = re.compile(r"^from [a-z_.]+ import (\w+_pb2)", re.MULTILINE)


def main() -> None:
    """Compile every source below this folder."""
    sources = sorted(path.relative_to(HERE) for path in HERE.glob("*/**/*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        out = [f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")]
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{HERE}", *out]
        subprocess.run([*command, *map(str, sources)], check=True, cwd=HERE)
        for made in sorted(Path(folder).rglob("*_pb2*.py*")):
            write(made)


def write(made: Path) -> None:
    """Put a generated file here; drop a service's module where there is no service."""
    text = made.read_text(encoding="utf-8")
    if made.name.endswith("_pb2_grpc.py") and "Stub(object)" not in text:
        return
    ours = {source.stem for source in HERE.glob("*/**/*.proto")}

    def here(found: re.Match[str]) -> str:
        name = found[1]
        known = name.removesuffix("_pb2") in ours
        return f"from lineal.mlmd.proto import {name}" if known else found[0]

    (HERE / made.name).write_text(IMPORT.sub(here, text), encoding="utf-8")


if __name__ == "__main__":
    main()
