"""Times as Lineal takes and keeps them: aware, UTC, to the microsecond."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from lineal.errors import InvalidInput

__all__ = ["Moment", "as_moment", "from_microseconds", "now", "to_microseconds"]

Moment = datetime | date | str
"""What a caller may give for a time: an aware datetime, a plain date, or ISO 8601 text."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(tz=UTC)


def to_microseconds(moment: datetime) -> int:
    """Return the microseconds of the aware `moment` since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    """Return the aware UTC time of `microseconds` since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def as_moment(given: Moment, *, what: str = "time") -> datetime:
    """Return `given` as an aware UTC datetime.

    A plain date, or its text, means its start in UTC. A time of day without a zone is refused
    with `InvalidInput`, since it would mean different instants on different machines.
    """
    if isinstance(given, str):
        given = _parse(given, what)
    if isinstance(given, datetime):
        if given.utcoffset() is None:
            raise InvalidInput(
                f"the {what} {given.isoformat(sep=' ')} has no time zone; "
                "add one (2013-06-30T12:00Z, or tzinfo=datetime.UTC), or give a plain date"
            )
        try:
            return given.astimezone(UTC)
        except OverflowError as error:
            raise InvalidInput(f"the {what} {given} lies outside the years 1 to 9999") from error
    if isinstance(given, date):
        return datetime(given.year, given.month, given.day, tzinfo=UTC)
    raise InvalidInput(
        f"a {type(given).__name__} is no {what}; give an aware datetime, a date, or ISO 8601 text"
    )


def _parse(text: str, what: str) -> datetime | date:
    try:
        if _DATE.fullmatch(text.strip()):
            return date.fromisoformat(text.strip())
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is no {what}; write 2013-06-30 or 2013-06-30T12:00Z"
        ) from error
