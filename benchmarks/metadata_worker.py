"""One side of the comparison with ML Metadata: the same calls, on its wheel or on Lineal.

    python benchmarks/metadata_worker.py PACKAGE FOLDER

`PACKAGE` is `ml_metadata` or `lineal.mlmd`. It reads the names of jobs from stdin, a line each,
and answers each with the seconds of the wall clock and of the processor that the job took, as
JSON. Every job prepares what it needs before the clock starts. It runs under both interpreters,
so it imports nothing else, and holds for Python 3.9.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

PROPERTIES = 10


class Worker:
    """A store on a file, filled for reading, and the jobs."""

    def __init__(self, package, folder):
        self.store_module = importlib.import_module(f"{package}.metadata_store.metadata_store")
        self.pb = importlib.import_module(f"{package}.proto.metadata_store_pb2")
        self.folder = folder
        self.opened = 0
        self.store = self.open(f"{folder}/writes.db")
        self.type_id = self.put_types(self.store)
        self.full = None
        self.count = 0

    def open(self, path):
        config = self.pb.ConnectionConfig()
        config.sqlite.filename_uri = path
        config.sqlite.connection_mode = self.pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        return self.store_module.MetadataStore(config)

    def put_types(self, store):
        pb = self.pb
        data = pb.ArtifactType(name="Data")
        for index in range(PROPERTIES):
            kind = (pb.INT, pb.DOUBLE, pb.STRING)[index % 3]
            data.properties[f"p{index}"] = kind
        self.artifact_type = store.put_artifact_type(data)
        self.execution_type = store.put_execution_type(pb.ExecutionType(name="Run"))
        self.context_type = store.put_context_type(pb.ContextType(name="Group"))
        return self.artifact_type

    def artifacts(self, count, properties=PROPERTIES):
        made = []
        for _ in range(count):
            self.count += 1
            one = self.pb.Artifact(
                type_id=self.artifact_type,
                uri=f"file:///data/{self.count}",
                name=f"a{self.count}",
                state=self.pb.Artifact.LIVE,
            )
            for index in range(properties):
                value = one.properties[f"p{index}"]
                if index % 3 == 0:
                    value.int_value = self.count
                elif index % 3 == 1:
                    value.double_value = self.count / 8
                else:
                    value.string_value = f"text {self.count}"
            made.append(one)
        return made

    def executions(self, count):
        made = []
        for _ in range(count):
            self.count += 1
            made.append(self.pb.Execution(type_id=self.execution_type, name=f"e{self.count}"))
        return made

    # Jobs: each returns (calls, what to time)

    def put_one_bare(self):
        batches = [self.artifacts(1, 0) for _ in range(100)]
        return 100, lambda: [self.store.put_artifacts(batch) for batch in batches]

    def put_one(self):
        batches = [self.artifacts(1) for _ in range(100)]
        return 100, lambda: [self.store.put_artifacts(batch) for batch in batches]

    def put_execution(self):
        calls = []
        for _ in range(20):
            pairs = [
                (artifact, self.pb.Event(type=self.pb.Event.OUTPUT))
                for artifact in self.artifacts(10, 3)
            ]
            calls.append((self.executions(1)[0], pairs))
        return 20, lambda: [self.store.put_execution(run, pairs, []) for run, pairs in calls]

    def put_1000(self):
        batch = self.artifacts(1000)
        return 1, lambda: self.store.put_artifacts(batch)

    def put_events(self):
        artifacts = self.store.put_artifacts(self.artifacts(1000, 0))
        run = self.store.put_executions(self.executions(1))[0]
        events = [
            self.pb.Event(artifact_id=number, execution_id=run, type=self.pb.Event.INPUT)
            for number in artifacts
        ]
        return 1, lambda: self.store.put_events(events)

    def put_attributions(self):
        self.count += 1
        group = self.pb.Context(type_id=self.context_type, name=f"c{self.count}")
        context = self.store.put_contexts([group])[0]
        artifacts = self.store.put_artifacts(self.artifacts(1500, 0))
        links = [self.pb.Attribution(context_id=context, artifact_id=n) for n in artifacts]
        return 1, lambda: self.store.put_attributions_and_associations(links, [])

    def put_associations(self):
        self.count += 1
        group = self.pb.Context(type_id=self.context_type, name=f"c{self.count}")
        context = self.store.put_contexts([group])[0]
        runs = self.store.put_executions(self.executions(1500))
        links = [self.pb.Association(context_id=context, execution_id=n) for n in runs]
        return 1, lambda: self.store.put_attributions_and_associations([], links)

    def filled(self):
        """A store of 10,000 artifacts, and 1,500 executions that each read and wrote some."""
        if self.full is not None:
            return self.full
        self.full = self.open(f"{self.folder}/reads.db")
        self.put_types(self.full)
        # The filters count on values from 1; the names in writes.db go on where they were.
        written, self.count = self.count, 0
        self.ids = []
        for _ in range(10):
            self.ids += self.full.put_artifacts(self.artifacts(1000))
        runs = self.full.put_executions(self.executions(1500))
        events = []
        # A ladder: run k reads artifacts k-1 and k-2 and makes artifact k; walked from the top.
        for step, run in enumerate(runs, start=2):
            reads = (self.ids[step - 1], self.ids[step - 2])
            events += [(read, run, self.pb.Event.INPUT) for read in reads]
            events.append((self.ids[step], run, self.pb.Event.OUTPUT))
        self.full.put_events(
            [self.pb.Event(artifact_id=a, execution_id=r, type=t) for a, r, t in events]
        )
        self.top = self.ids[len(runs) + 1]
        self.count = written
        return self.full

    def listed(self, text):
        options = self.store_module.ListOptions(filter_query=text)
        return self.filled().get_artifacts(list_options=options)

    def filter_few(self):
        self.filled()
        texts = [f"properties.p0.int_value = {number}" for number in range(10, 30)]
        return 20, lambda: [self.listed(text) for text in texts]

    def filter_many(self):
        self.filled()
        return 1, lambda: self.expect(self.listed("properties.p0.int_value > 2000"), 8000)

    def get_1000(self):
        store = self.filled()
        wanted = self.ids[2000:3000]
        return 1, lambda: self.expect(store.get_artifacts_by_id(wanted), 1000)

    def reopen(self):
        self.filled()
        path = f"{self.folder}/reads.db"
        return 5, lambda: [self.open(path) for _ in range(5)]

    def upstream(self):
        """100 hops is the wheel's limit: the walk starts at 101 artifacts all along the ladder."""
        store = self.filled()
        starts = ", ".join(str(number) for number in self.ids[15:1502:15])
        options = self.pb.LineageSubgraphQueryOptions(
            starting_artifacts=self.pb.LineageSubgraphQueryOptions.StartingNodes(
                filter_query=f"id IN ({starts})"
            ),
            max_num_hops=100,
            direction=self.pb.LineageSubgraphQueryOptions.UPSTREAM,
        )

        def walk():
            found = store.get_lineage_subgraph(options)
            self.expect(found.executions, 1500, least=1400)

        return 1, walk

    def bulk(self):
        """The wheel has no bulk call: 1,000 a put."""
        batches = [self.artifacts(1000, 5) for _ in range(10)]
        return 10_000, lambda: [self.store.put_artifacts(batch) for batch in batches]

    # Ours alone

    def arrow(self, count, properties=PROPERTIES):
        """Return the same artifacts as an Arrow table."""
        import pyarrow as pa

        first, self.count = self.count + 1, self.count + count
        numbers = range(first, self.count + 1)
        columns = {
            "uri": pa.array([f"file:///data/{n}" for n in numbers]),
            "name": pa.array([f"a{n}" for n in numbers]),
            "state": pa.array([2] * count),  # LIVE
        }
        for index in range(properties):
            columns[f"properties.p{index}"] = (
                pa.array(list(numbers))
                if index % 3 == 0
                else pa.array([n / 8 for n in numbers])
                if index % 3 == 1
                else pa.array([f"text {n}" for n in numbers])
            )
        return pa.table(columns)

    def graph(self, name):
        from pathlib import Path

        from lineal.metadata import Graph, Store

        return Graph(Store(Path(self.folder) / name))

    def put_1000_arrow(self):
        graph, table = self.graph("writes.db"), self.arrow(1000)
        return 1, lambda: graph.load("artifact", table, type="Data")

    def bulk_arrow(self):
        graph, table = self.graph("writes.db"), self.arrow(1_000_000, 5)
        return 1_000_000, lambda: graph.load("artifact", table, type="Data")

    def get_1000_arrow(self):
        self.filled()
        graph, wanted = self.graph("reads.db"), self.ids[2000:3000]
        return 1, lambda: self.expect(graph.table("artifact", ids=wanted), 1000)

    def upstream_ids(self):
        from lineal.metadata.batch.subgraph import lineage_subgraph

        self.filled()
        store = self.graph("reads.db").store
        starts = ", ".join(str(number) for number in self.ids[15:1502:15])

        def walk():
            with store.reading() as (connection, _):
                found = lineage_subgraph(
                    connection,
                    starting="artifact",
                    starting_filter=f"id IN ({starts})",
                    max_hops=100,
                    direction="upstream",
                )
            self.expect(found.execution_ids, 1500, least=1400)

        return 1, walk

    @staticmethod
    def expect(found, count, least=None):
        if not (least or count) <= len(found) <= count:
            raise AssertionError(f"{len(found)} found instead of {count}")


def main():
    """Answer the jobs named on stdin until it ends."""
    worker = Worker(sys.argv[1], sys.argv[2])
    for line in sys.stdin:
        calls, job = getattr(worker, line.strip())()
        wall, processor = time.perf_counter(), time.process_time()
        job()
        spent = {
            "seconds": (time.perf_counter() - wall) / calls,
            "cpu_seconds": (time.process_time() - processor) / calls,
        }
        print(json.dumps(spent), flush=True)


if __name__ == "__main__":
    main()
