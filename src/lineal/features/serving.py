"""Read features online: encode the keys, read the rows, decode them, say what each value is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from lineal.errors import InvalidInput, NotFound
from lineal.features.online.keys import KeyKind, arrow_type, encode_values, parse_key
from lineal.features.online.protocol import Status
from lineal.metadata.moments import from_microseconds, to_microseconds

if TYPE_CHECKING:
    import pyarrow as pa

    from lineal.features.online.keys import Key
    from lineal.features.online.protocol import OnlineStore, Snapshot, StoredRow, StoredView
    from lineal.features.registry import Chosen, Reading

__all__ = ["OnlineReply", "parse_keys", "read_online"]

_Value = TypeVar("_Value")
_MICROSECOND = timedelta(microseconds=1)


class ByFeature(Mapping[str, _Value], Generic[_Value]):
    """Something for each feature, by `view.feature`, or by `feature` where that is unique."""

    def __init__(self, found: Mapping[str, _Value]) -> None:
        self._found = dict(found)

    def __getitem__(self, name: str) -> _Value:
        """Return what is there for the feature; raise `NotFound`, or `InvalidInput` for two."""
        if name in self._found:
            return self._found[name]
        fits = [full for full in self._found if full.partition(".")[2] == name]
        if len(fits) > 1:
            raise InvalidInput(f"{name!r} is a feature of several views: {', '.join(fits)}")
        if not fits:
            raise NotFound.among("the reply has no feature", name, self._found)
        return self._found[fits[0]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


@dataclass(frozen=True)
class OnlineReply:
    """Features of the entities asked for, one row each, in the order asked."""

    keys: Mapping[str, pa.Array]
    """The keys that were asked for, by the name of their column."""
    columns: Mapping[str, pa.Array]
    """By `view.feature`; null unless the status is PRESENT."""
    status: ByFeature[list[Status]]
    """By feature, what each row's value is."""
    age: Mapping[str, list[timedelta | None]]
    """By view, how old each row's values are, from their event time; None where there are none."""
    now: datetime
    """The moment that the reply is for."""

    def to_arrow(self) -> pa.Table:
        """Return keys and features as an Arrow table."""
        import pyarrow as pa

        return pa.table({**self.keys, **self.columns})

    def to_dict(self) -> dict[str, list[object]]:
        """Return keys and features as lists of Python values."""
        return {name: one.to_pylist() for name, one in {**self.keys, **self.columns}.items()}


def read_online(
    reading: Reading,
    keys: Mapping[str, object],
    *,
    store: OnlineStore,
    now: datetime | None,
) -> OnlineReply:
    """Return what the store has for `keys`; expired by `now`, the present unless given."""
    asked, rows = _request(reading, keys)
    present = now or datetime.now(tz=UTC)
    with store.snapshot() as snapshot:
        stored = [_stored(snapshot, view) for view in reading.views]
        encoded = [
            _encoded(view, one, asked, rows)
            for view, one in zip(reading.views, stored, strict=True)
        ]
        found = snapshot.rows(
            [
                (one, [key for key in some if key is not None])
                for one, some in zip(stored, encoded, strict=True)
            ]
        )
    columns: dict[str, pa.Array] = {}
    status: dict[str, list[Status]] = {}
    age: dict[str, list[timedelta | None]] = {}
    for view, one, some, by_key in zip(reading.views, stored, encoded, found, strict=True):
        hits = [None if key is None else by_key.get(key) for key in some]
        if now is not None:
            _check_known(view, hits, now)
        answer = _Answer(view, one, hits, present)
        age[view.name] = answer.ages
        for name, values, statuses in answer.features():
            columns[f"{view.name}.{name}"] = values
            status[f"{view.name}.{name}"] = list(statuses)
    keys_asked = _key_columns(reading, stored, asked)
    return OnlineReply(keys_asked, columns, ByFeature(status), age, present)


def parse_keys(
    reading: Reading, texts: Mapping[str, Sequence[str]], *, store: OnlineStore
) -> dict[str, list[object]]:
    """Return keys given as text (on a command line) as values of the kinds that they are."""
    kinds: dict[str, KeyKind] = {}
    with store.snapshot() as snapshot:
        for view in reading.views:
            layout = _stored(snapshot, view).keys
            for key, kind in zip(layout.names, layout.kinds, strict=True):
                kinds.setdefault(view.column_of(key), kind)
    _check_names(reading, texts)
    return {
        name: [parse_key(kinds[name], text, name=name) for text in values]
        for name, values in texts.items()
    }


@dataclass(frozen=True)
class _Answer:
    """What was found of one view."""

    view: Chosen
    stored: StoredView
    hits: Sequence[StoredRow | None]
    now: datetime

    @property
    def ages(self) -> list[timedelta | None]:
        """Return how old each row is; None for one that is not there, or timeless."""
        if self.view.spec.event_time is None:
            return [None] * len(self.hits)
        now = to_microseconds(self.now)
        return [None if hit is None else (now - hit.event) * _MICROSECOND for hit in self.hits]

    def features(self) -> Iterator[tuple[str, pa.Array, list[Status]]]:
        """Give name, values and statuses of each feature, in the order of its definition."""
        without = self._without_value()
        blobs = [
            None if status is not None or hit is None else hit.blob
            for hit, status in zip(self.hits, without, strict=True)
        ]
        all_there = [status or Status.PRESENT for status in without]
        absent = len(without) - without.count(None)
        schema = self.stored.layout.schema
        for name, values in zip(schema.names, self.stored.layout.unpack(blobs), strict=True):
            statuses = all_there
            if values.null_count > absent:
                statuses = [
                    status or (Status.PRESENT if there else Status.NULL)
                    for status, there in zip(without, values.is_valid().to_pylist(), strict=True)
                ]
            yield name, values, statuses

    def _without_value(self) -> list[Status | None]:
        """Return why a row as a whole has no values, or None."""
        limit = self.view.spec.max_age or timedelta.max
        return [
            Status.MISSING
            if hit is None
            else (Status.EXPIRED if age is not None and age > limit else None)
            for hit, age in zip(self.hits, self.ages, strict=True)
        ]


def _request(
    reading: Reading, keys: Mapping[str, object]
) -> tuple[dict[str, Sequence[object]], int]:
    """Return the keys as lists of one length, and the number of rows; one row for single values."""
    _check_names(reading, keys)
    asked = {name: _values(value) for name, value in keys.items()}
    lengths = {name: len(values) for name, values in asked.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {count}" for name, count in lengths.items())
        raise InvalidInput(f"every key needs a value for each row, but {told}")
    return asked, next(iter(lengths.values()), 1)


def _check_names(reading: Reading, keys: Mapping[str, object]) -> None:
    wanted = list(dict.fromkeys(name for view in reading.views for name in view.asked))
    missing = [name for name in wanted if name not in keys]
    if missing:
        raise InvalidInput(
            f"{reading.ref} is looked up by {', '.join(wanted)}; no values are given for "
            f"{', '.join(missing)}"
        )
    for name in keys:
        if name not in wanted:
            told = ", ".join(wanted) or "no key"
            raise InvalidInput(f"{reading.ref} has no key {name!r}; it is looked up by {told}")


def _values(value: object) -> Sequence[object]:
    """Return a column of a request as a list; a single value is a list of one."""
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        return [value]
    to_list = getattr(value, "to_pylist", None) or getattr(value, "tolist", None)
    return list(to_list() if to_list is not None else value)


def _stored(snapshot: Snapshot, view: Chosen) -> StoredView:
    found = snapshot.view(view.spec.values_id)
    if found is None:
        raise NotFound(
            f"view {view.definition.ref} is not in the online store; bring it there first: "
            f"ws.features.materialize({view.definition.ref!r})"
        )
    return found


def _key_columns(
    reading: Reading, stored: Sequence[StoredView], asked: Mapping[str, Sequence[object]]
) -> dict[str, pa.Array]:
    """Return the keys of a request as columns of their type."""
    import pyarrow as pa

    kinds = {
        view.column_of(key): kind
        for view, one in zip(reading.views, stored, strict=True)
        for key, kind in zip(one.keys.names, one.keys.kinds, strict=True)
    }
    return {name: pa.array(values, arrow_type(kinds[name])) for name, values in asked.items()}


def _encoded(
    view: Chosen, stored: StoredView, asked: Mapping[str, Sequence[object]], rows: int
) -> list[Key | None]:
    if not stored.keys.names:
        return [b""] * rows
    columns = {key: asked[view.column_of(key)] for key in stored.keys.names}
    return encode_values(stored.keys, columns)


def _check_known(view: Chosen, hits: Sequence[StoredRow | None], now: datetime) -> None:
    """Refuse a moment of the past for which the store has only something newer."""
    newest = max((hit.known for hit in hits if hit is not None), default=None)
    if newest is not None and newest > to_microseconds(now):
        raise InvalidInput(
            f"the online store holds view {view.name!r} as known at "
            f"{from_microseconds(newest).isoformat()}, not at now={now.isoformat()}; "
            "a training set answers for the past"
        )
