"""A store in memory to read from in batches, and short words to fill it."""

import pytest

from lineal.metadata import Store, tables


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
