"""A store in memory to read from in batches, and short words to fill it."""

import pytest

from lineal.metadata import Store, tables
from lineal.metadata.batch import nodes, types
from lineal.metadata.batch.catalog import catalog_of
from lineal.metadata.batch.forms import NodeForm, TypeForm
from lineal.metadata.batch.shapes import SHAPES, fetch_nodes


class Filled:
    """A store, and rows put into it as another client of the same tables would."""

    def __init__(self):
        self.store = Store()
        with self.store._database.write() as connection:
            for type_id, name, kind in ((10, "Data", 1), (11, "Run", 0), (12, "Group", 2)):
                row = {"id": type_id, "name": name, "type_kind": kind}
                connection.execute(tables.type_.insert(), row)

    def put(self, table, *rows):
        """Insert rows, each a dictionary of columns."""
        with self.store._database.write() as connection:
            for row in rows:
                connection.execute(table.insert(), row)

    def artifacts(self, count, **columns):
        """Insert artifacts of the type Data with ids from 1 on."""
        self.put(tables.artifact, *({"id": i + 1, "type_id": 10, **columns} for i in range(count)))

    def executions(self, count):
        """Insert executions of the type Run with ids from 1 on."""
        rows = ({"id": i + 1, "type_id": 11, "last_known_state": 3} for i in range(count))
        self.put(tables.execution, *rows)

    def events(self, *events):
        """Insert events, each (artifact id, execution id, type)."""
        names = ("artifact_id", "execution_id", "type")
        self.put(tables.event, *(dict(zip(names, event, strict=True)) for event in events))

    def properties(self, artifact_id, *, custom=False, **values):
        """Give an artifact properties."""
        columns = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}
        self.put(
            tables.artifact_property,
            *(
                {
                    "artifact_id": artifact_id,
                    "name": name,
                    "is_custom_property": custom,
                    columns[type(value)]: value,
                }
                for name, value in values.items()
            ),
        )

    def read(self, function, *given, **named):
        """Return what a function of a connection returns."""
        with self.store.reading() as (connection, _):
            return function(connection, *given, **named)


@pytest.fixture
def filled():
    return Filled()


class Putting:
    """A store to put batches into, with a type of each kind, and short words to look at it."""

    def __init__(self, store):
        self.store = store
        self.data = self.put_types("artifact", TypeForm("Data", properties=EVERY_KIND))[0]
        self.run = self.put_types("execution", TypeForm("Run", properties={"n": 1}))[0]
        self.group = self.put_types("context", TypeForm("Group", properties={"n": 1}))[0]

    def put_types(self, kind, *forms, **options):
        """Put types in one commit; return their ids."""
        with self.store.write() as transaction:
            return types.put_types(transaction, kind, forms, **options)

    def put(self, kind, *forms, **options):
        """Put nodes in one commit; return their ids."""
        with self.store.write() as transaction:
            return nodes.put_nodes(transaction, kind, forms, **options)

    def call(self, function, *given, **named):
        """Return what a function of a transaction returns, in one commit."""
        with self.store.write() as transaction:
            return function(transaction, *given, **named)

    def artifact(self, **fields):
        """Return the form of an artifact of the type Data."""
        return NodeForm(type_id=self.data, **fields)

    def execution(self, **fields):
        """Return the form of an execution of the type Run."""
        return NodeForm(type_id=self.run, **fields)

    def context(self, name, **fields):
        """Return the form of a context of the type Group."""
        return NodeForm(type_id=self.group, name=name, **fields)

    def get(self, kind, *ids):
        """Return the stored nodes with these ids."""
        with self.store.write() as transaction:
            commit = transaction.commit
            found = fetch_nodes(commit, SHAPES[kind], catalog_of(commit), ids)
        return [found[node_id] for node_id in ids]

    def rows(self, table):
        """Return all rows of a table, as dictionaries."""
        with self.store.reading() as (connection, _):
            query = table.select().order_by(*table.primary_key.columns)
            return [dict(row) for row in connection.execute(query).mappings()]


EVERY_KIND = {"n": 1, "x": 2, "s": 3, "t": 4, "p": 5, "b": 6}


@pytest.fixture
def puts(store):
    """A store with types, to put batches into."""
    return Putting(store)
