"""How long the texts may be that MySQL and MariaDB hold, and take in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata.spellings import LongText, Proto, ValueText

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TEXT_BYTES", "VALUE_BYTES", "check_sizes"]

TEXT_BYTES, VALUE_BYTES = 2**16 - 1, 2**24 - 1  # TEXT; MEDIUMTEXT and MEDIUMBLOB
_SHORT = 10_000  # texts up to here are looked at no further
_VALUES = ("string_value", "proto_value")
_ESCAPED = "'\"\\\n\r\0\x1a"  # what the driver writes as two bytes


def check_sizes(
    table: sa.Table,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
    *,
    packet: int | None,
) -> None:
    """Raise `InvalidInput` naming the first text that is too long, or row too long to be sent.

    `packet` is how many bytes the server reads at once, if that is known: at more it ends the
    connection, without a word why.
    """
    texts = [
        (place, name, _most_bytes(table.c[name].type))
        for place, name in enumerate(columns)
        if isinstance(table.c[name].type, sa.Text | Proto)
    ]
    for row in rows if texts else ():
        whole, largest = 0, ("", 0)
        for place, column, limit in texts:
            value = row[place]
            if not isinstance(value, str | bytes) or len(value) < _SHORT:
                continue
            name = row[columns.index("name")] if column in _VALUES else None
            field = f"{table.name}.{column}" if name is None else f"the property {name!r}"
            size = len(value.encode(errors="replace") if isinstance(value, str) else value)
            if limit is not None and size > limit:
                raise InvalidInput(
                    f"{field} has {size} bytes; MySQL and MariaDB hold {limit} at most there. "
                    "Keep a longer one in a file, and its path here"
                )
            text = value if isinstance(value, str) else value.decode("latin-1")
            whole += size + sum(map(text.count, _ESCAPED))
            largest = max(largest, (field, size), key=lambda each: each[1])
        if packet is not None and whole + _SHORT > packet:
            raise InvalidInput(
                f"{largest[0]} has {largest[1]} bytes, which is more than this server takes in "
                f"one statement ({packet} bytes, its max_allowed_packet); raise that, or keep "
                "the text in a file"
            )


def _most_bytes(kind: sa.types.TypeEngine[Any]) -> int | None:
    """Return how many bytes a column of a kind of text holds; None where only the packet counts."""
    if isinstance(kind, ValueText | Proto):
        return VALUE_BYTES
    return None if isinstance(kind, LongText) else TEXT_BYTES
