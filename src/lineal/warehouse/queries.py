"""Give a query its tables: each opened when the engine asks for it, all as of one moment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lineal.errors import LinealError, NotFound
from lineal.metadata import parse
from lineal.warehouse.graph import TABLE
from lineal.warehouse.table import Table

if TYPE_CHECKING:
    from lineal.engine import Source
    from lineal.warehouse.table import TableVersion
    from lineal.warehouse.warehouse import Warehouse

__all__ = ["Sources", "quoted_references"]

_TOKEN = re.compile(r"""'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|"((?:[^"]|"")*)\"""", re.DOTALL)


class Sources(Mapping[str, "Source"]):
    """The tables by name, as they are at the moment this was made."""

    def __init__(self, warehouse: Warehouse, references: Mapping[str, str]) -> None:
        """Know all tables, and by their stand-in names those that are referred to at a version."""
        self._warehouse = warehouse
        self._references = references
        # One query: so all tables are seen at the same commit.
        rows = warehouse.store.newest_versions(type=TABLE.name)
        self._rows = {row.name: row for row in rows}

    def __getitem__(self, name: str) -> Source:
        """Open one; it becomes an input of the open run."""
        return self._version(name).source(provenance=True)

    def __iter__(self) -> Iterator[str]:
        return iter([*self._rows, *self._references])

    def __len__(self) -> int:
        return len(self._rows) + len(self._references)

    def _version(self, name: str) -> TableVersion:
        if name in self._references:
            found = self._warehouse[self._references[name]]
            return found.newest if isinstance(found, Table) else found
        if name not in self._rows:
            raise NotFound.among("there is no table", name, self._rows)
        return self._warehouse.version(self._rows[name])


def quoted_references(query: str) -> tuple[str, dict[str, str]]:
    """Return the query with stand-in names for `"ops.flights@3"`, and what each stands for.

    Only what stands whole in double quotes, holds a dot and parses as a name with or without a
    selector is taken; texts in single quotes and comments are left alone.
    """
    references: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        quoted = match[1]
        if quoted is None or not _is_reference(quoted.replace('""', '"')):
            return match[0]
        text = quoted.replace('""', '"')
        known = {reference: name for name, reference in references.items()}
        name = known.get(text, f"lineal_version_{len(references) + 1}")
        references[name] = text
        return name

    return _TOKEN.sub(stand_in, query), references


def _is_reference(text: str) -> bool:
    if "." not in text:
        return False
    try:
        found = parse(text)
    except LinealError:
        return False
    return found.name.count(".") == 1 and found.kind is None
