"""How commands speak: one JSON document, or tables and lines for people.

On a terminal tables have lines and colours and fit the window. Elsewhere they are plain columns,
never cut, so that `grep` and `awk` can use them; progress goes to stderr, on a terminal only.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, RenderableType

__all__ = [
    "Progress",
    "counted",
    "plain",
    "print_content",
    "print_fields",
    "print_json",
    "print_lines",
    "print_row_objects",
    "print_table",
    "show",
    "text",
    "working",
]

_UNCUT = 1_000_000
"""Columns of a page that nobody looks at through a window."""


def plain(value: object) -> object:
    """Return `value` as JSON has it: times as ISO 8601 text, what JSON lacks as null or text."""
    match value:
        case Enum():
            return value.value if isinstance(value.value, str) else value.name
        case None | bool() | str() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime() | date() | time() | timedelta() | Decimal() | PurePath():
            return text(value)
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case Sequence() | set() | frozenset():
            return [plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    return str(value)


def counted(count: int, things: str) -> str:
    """Return a number with what it counts, which is given in the plural."""
    return f"{count:,} {things.removesuffix('s') if count == 1 else things}"


def text(value: object) -> str:
    """Return `value` as people read it, in one line."""
    match value:
        case None:
            return ""
        case datetime():
            moment = value if value.tzinfo is None else value.astimezone(UTC)
            return moment.isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case bool():
            return "true" if value else "false"
        case Enum():
            return str(plain(value))
        case float():
            return f"{value:.6g}"
        case bytes():
            return value.hex()
        case Mapping() | list() | tuple() | set() | frozenset():
            return json.dumps(plain(value), ensure_ascii=False)
    if dataclasses.is_dataclass(value):
        return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


def print_json(document: object) -> None:
    """Print one JSON document to stdout."""
    print(json.dumps(plain(document), ensure_ascii=False, indent=2))


def print_row_objects(rows: Iterable[Mapping[str, object]]) -> None:
    """Print one JSON list of row objects, as the rows come, however many there are."""
    separator = "["
    for row in rows:
        print(separator, json.dumps(plain(row), ensure_ascii=False), sep="\n", end="")
        separator = ","
    print("[]" if separator == "[" else "\n]")


def print_table(
    rows: Iterable[Mapping[str, object]], columns: Sequence[str], *, title: str = ""
) -> None:
    """Print `rows` as a table of `columns`; what a row lacks stays empty."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = _console()
    kept = list(rows)
    table = Table(
        title=title or None,
        title_justify="left",
        box=box.SIMPLE_HEAD if console.is_terminal else None,
        pad_edge=False,
    )
    for column in columns:
        numeric = any(
            isinstance(row.get(column), int | float | Decimal)
            and not isinstance(row.get(column), bool | Enum)
            for row in kept
        )
        table.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
    for row in kept:
        table.add_row(*(Text(text(row.get(column))) for column in columns))
    console.print(table)


def print_fields(fields: Mapping[str, object]) -> None:
    """Print what is known of one thing, a line each; nested values are indented below."""
    width = max((len(key) for key in fields), default=0)
    for key, value in fields.items():
        if isinstance(value, Mapping) and value:
            print(f"{key}:")
            for inner, item in value.items():
                print(f"  {inner}: {text(item)}")
        else:
            print(f"{key + ':':<{width + 1}} {text(value)}".rstrip())


def print_lines(*lines: str) -> None:
    """Print lines of text to stdout."""
    print(*lines, sep="\n")


def print_content(name: str, content: bytes, *, as_json: bool) -> None:
    """Print bytes as they are; in JSON as text, with a mark where they are none."""
    if as_json:
        print_json({"ref": name, "content": content.decode("utf-8", "replace")})
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def show(thing: RenderableType) -> None:
    """Print something that rich can draw, such as a tree."""
    _console().print(thing)


def _console() -> Console:
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=_UNCUT, soft_wrap=True)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on stderr that `what` is going on, if somebody looks at it."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


class Progress:
    """Says on stderr what is done, a line each, if somebody looks at it."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()

    def __call__(self, line: str) -> None:
        """Say one thing."""
        if self._watched:
            print(line, file=sys.stderr)
