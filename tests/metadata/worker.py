"""What one process of several does with a store: `worker.py COMMAND STORE ARGUMENT...`."""

from __future__ import annotations

import sys
import time

from lineal.metadata import ArtifactType, ExecutionType, Made, Output, Recorder, Store

FILE = ArtifactType("test.File")


def make(recorder: Recorder, name: str, content: str) -> None:
    """Make `content` the next version of `name`."""
    source = recorder.store.artifacts()[:1]
    with recorder.run(
        ExecutionType("test.make"), inputs={"source": source}, outputs=[Output("out", FILE, name)]
    ) as running:
        running.made("out", Made(content, f"file:///{content}"))


def make_many(recorder: Recorder, name: str, count: str, who: str) -> None:
    """Make versions of `name`, each with a content of its own, and one that all make."""
    for number in range(int(count)):
        make(recorder, name, f"{who}-{number}")


def alias(recorder: Recorder, name: str, number: str) -> None:
    """Move the alias `best`."""
    recorder.set_alias(name, "best", int(number))


def hold(recorder: Recorder) -> None:
    """Keep an execution open until this process is ended."""
    with recorder.run(ExecutionType("test.hold")):
        sys.stdout.write("open\n")
        sys.stdout.flush()
        time.sleep(60)


if __name__ == "__main__":
    command = {"make": make, "make_many": make_many, "alias": alias, "hold": hold}[sys.argv[1]]
    command(Recorder(Store.open(sys.argv[2])), *sys.argv[3:])
