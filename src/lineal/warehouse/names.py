"""Names of tables: SUBJECT.TABLE, and the columns that Lineal adds to each."""

from __future__ import annotations

from dataclasses import dataclass

from lineal.errors import InvalidInput
from lineal.metadata.names import check_name, parse_target

__all__ = ["ARTIFACT", "LOADED_AT", "PROVENANCE", "TableName", "check_columns", "subject_name"]

ARTIFACT = "_artifact"
"""The column with the id of the artifact that brought a row."""
LOADED_AT = "_loaded_at"
"""The column with the time at which a row was loaded."""
PROVENANCE = (ARTIFACT, LOADED_AT)


@dataclass(frozen=True)
class TableName:
    """A table's name in its two parts."""

    subject: str
    table: str

    @classmethod
    def of(cls, text: str) -> TableName:
        """Cut `text` at its one dot; raise `InvalidInput` that says why it is no table's name."""
        parts = text.split(".")
        if len(parts) != 2:
            raise InvalidInput(
                f"{text!r} names no table: write SUBJECT.TABLE, with one dot (ops.flights)"
            )
        for part in parts:
            _check_part(part, text)
        check_name(text)
        return cls(*parts)

    @classmethod
    def to_write(cls, text: str) -> TableName:
        """Return the table that `text` gives as a target: quotes go, selectors are refused."""
        return cls.of(parse_target(text))

    def __str__(self) -> str:
        return f"{self.subject}.{self.table}"


def subject_name(text: str) -> str:
    """Return `text` if a subject may be called so; raise `InvalidInput` that says why not."""
    _check_part(text, text)
    if "." in text:
        raise InvalidInput(f"{text!r} can't be a subject: the dot separates subject from table")
    return check_name(text)


def check_columns(names: list[str], *, where: str) -> None:
    """Raise `InvalidInput` if these can't be the columns of one table, naming them and `where`."""
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise InvalidInput(
                f"{where}: column {position} of {len(names)} has no name; give it one"
            )
        if name.lower() in PROVENANCE:
            raise InvalidInput(
                f"{where}: the column name {name!r} is taken, Lineal keeps there which artifact "
                "brought a row, and when; rename the column (or leave it out: a table read with "
                "provenance=True has it)"
            )
        if any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in name):
            raise InvalidInput(
                f"{where}: the name of column {position}, {name!r}, holds control characters"
            )
    _check_distinct(names, where)


def _check_distinct(names: list[str], where: str) -> None:
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        first = seen.setdefault(name.lower(), position)
        if first != position:
            other = names[first - 1]
            how = "have the same name" if other == name else "differ in case alone"
            raise InvalidInput(
                f"{where}: columns {first} and {position} {how} ({other!r}, {name!r}); "
                "rename one of them"
            )


def _check_part(part: str, text: str) -> None:
    if not part or part != part.strip():
        raise InvalidInput(
            f"{text!r} can't name a table or subject: a part of it is empty or has blanks at its "
            "ends; write SUBJECT.TABLE (ops.flights)"
        )
    if "/" in part or "\\" in part:
        raise InvalidInput(
            f"{text!r} can't name a table or subject: it holds a slash; write SUBJECT.TABLE"
        )
