"""Print the schema of an SQLite file as JSON: what its pragmas say of every table.

Run as a program, by whichever Python: `schema_dump.py FILE [PREFIX TO LEAVE OUT]`.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys


def dump(path: str, *, leave_out: str = "lineal_") -> dict[str, object]:
    """Return columns, constraints and indexes of every table, and the rows of a fresh store."""
    connection = sqlite3.connect(path)
    tables = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    found: dict[str, object] = {}
    for name, sql in sorted(tables):
        if name.startswith(leave_out):
            continue
        found[name] = {
            "columns": [
                f"{column} {kind}{' NOT NULL' if required else ''}"
                f"{'' if default is None else f' DEFAULT {default}'}"
                f"{f' key {key}' if key else ''}"
                for _, column, kind, required, default, key in connection.execute(
                    f"PRAGMA table_info({name})"
                )
            ],
            "autoincrement": "AUTOINCREMENT" in sql.upper(),
            "indexes": _indexes(connection, name, leave_out),
        }
    others = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('view', 'trigger')")
    found["views and triggers"] = [name for (name,) in others]
    for table in {"Type", "ParentType", "MLMDEnv"} & found.keys():  # old versions lack some
        rows = connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
        found[f"rows of {table}"] = [" ".join(map(str, row)) for row in rows]
    connection.close()
    return found


def _indexes(connection: sqlite3.Connection, table: str, leave_out: str) -> list[str]:
    found = []
    for _, name, unique, origin, partial in connection.execute(f"PRAGMA index_list({table})"):
        if name.startswith(f"idx_{leave_out}"):
            continue
        columns = [row[2] for row in connection.execute(f"PRAGMA index_info({name})")]
        line = f"{'unique ' if unique else ''}{origin} ({', '.join(columns)})"
        if origin == "c":  # one that was made by its own statement, and so has a name of its own
            line = f"{name}: {line}"
        if partial:
            (sql,) = connection.execute(
                "SELECT sql FROM sqlite_master WHERE name = ?", (name,)
            ).fetchone()
            where = re.sub(r"[`\"]", "", sql.partition(" WHERE ")[2])
            line = f"{line} where {' '.join(where.split())}"
        found.append(line)
    return sorted(found)


if __name__ == "__main__":
    json.dump(dump(sys.argv[1]), sys.stdout, indent=1)
    sys.stdout.write("\n")
