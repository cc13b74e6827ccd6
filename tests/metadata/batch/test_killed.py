"""A process killed while it puts leaves whole calls, and every one that it told of."""

import subprocess
import sys

from lineal.metadata import Store, tables

PUTTING = """
import sys
from pathlib import Path
from lineal.metadata import Artifact, ArtifactType, Context, ContextType, Execution, ExecutionType
from lineal.metadata import PropertyType, Store
from lineal.metadata.graph import Graph

graph = Graph(Store(Path(sys.argv[1])))
graph.put_types([ArtifactType("Data", {"n": PropertyType.INT}), ExecutionType("Run")])
graph.put_types([ContextType("Group")])
made = [Artifact("Data", properties={"n": i}, custom_properties={"n": "x"}) for i in range(20)]
while True:
    put = graph.put_execution(
        Execution("Run"), outputs={"out": made}, contexts=[Context("Group", "g")],
        reuse_contexts=True,
    )
    print(put.execution, flush=True)
"""


def test_a_killed_process_leaves_whole_calls(tmp_path):
    path = tmp_path / "metadata.db"
    acknowledged = 0
    for told in (1, 3, 8, 20):
        with subprocess.Popen(
            [sys.executable, "-c", PUTTING, path], stdout=subprocess.PIPE, text=True
        ) as process:
            lines = [process.stdout.readline() for _ in range(told)]
            process.kill()
            lines += process.stdout.readlines()
        acknowledged += sum(line.endswith("\n") for line in lines)
    store = Store(path)
    with store.reading() as (connection, _):
        counts = {
            table.name: len(connection.execute(table.select()).all())
            for table in (
                tables.execution,
                tables.artifact,
                tables.artifact_property,
                tables.event,
                tables.event_path,
                tables.attribution,
                tables.association,
            )
        }
    store.close()
    calls = counts["Execution"]
    assert acknowledged <= calls <= acknowledged + 4
    assert counts == {
        "Execution": calls,
        "Artifact": 20 * calls,
        "ArtifactProperty": 40 * calls,
        "Event": 20 * calls,
        "EventPath": 40 * calls,
        "Attribution": 20 * calls,
        "Association": calls,
    }
