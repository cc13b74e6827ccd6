"""Say which parts of the data get statistics of their own."""

from __future__ import annotations

from dataclasses import dataclass

from lineal.errors import InvalidInput, NotFound

__all__ = ["Slice"]


@dataclass(frozen=True)
class Slice:
    """One way to part the rows; each part is named by its values: `carrier_UA`, `origin_JFK_...`.

    Make it by `Slice.by("carrier")`, by several features for their cross, or from SQL. A row
    with several values of a feature is in several parts, one that misses a feature is in none.
    """

    features: tuple[str, ...] = ()
    values: tuple[tuple[str, tuple[str | int, ...]], ...] = ()
    """For some of the features, the only values that get a part."""
    condition: tuple[str, str] | None = None
    """The part's name, and SQL over the columns that is true for its rows."""
    keys: str | None = None
    """A column of texts, or lists of texts: the names of the parts that a row belongs to."""

    @classmethod
    def by(cls, *features: str, values: dict[str, list[str | int]] | None = None) -> Slice:
        """Part by the values of a feature, or of several; only these `values` if given."""
        if not features:
            raise InvalidInput("Slice.by needs the name of at least one feature")
        for name in values or {}:
            if name not in features:
                raise NotFound.among("Slice.by: values are given for", name, features)
        chosen = sorted((values or {}).items())
        return cls(
            features=tuple(sorted(features)),
            values=tuple((name, tuple(kept)) for name, kept in chosen),
        )

    @classmethod
    def where(cls, name: str, sql: str) -> Slice:
        """Take the rows for which a condition in SQL is true: `where("late", "arr_delay > 15")`."""
        if not name or not sql.strip():
            raise InvalidInput("Slice.where needs a name and a condition, such as 'arr_delay > 15'")
        return cls(condition=(name, sql))

    @classmethod
    def named_by(cls, column: str) -> Slice:
        """Take the parts' names from a column; it gets no statistics itself."""
        return cls(keys=column)

    @classmethod
    def parse(cls, text: str) -> Slice:
        """Read `carrier`, `carrier,origin` for a cross, or `late: arr_delay > 15` for SQL."""
        name, colon, condition = text.partition(":")
        if colon:
            return cls.where(name.strip(), condition)
        return cls.by(*(part.strip() for part in text.split(",") if part.strip()))
