"""Convert columns to stored types, without losing a digit unless that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from lineal.warehouse.types import describe, is_list, storage

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RefusedValueError", "compatible", "convert"]


@dataclass
class RefusedValueError(Exception):
    """A value that the stored type can't hold: where in the array, which, and why."""

    index: int
    value: object
    reason: str


def compatible(given: pa.DataType, stored: pa.DataType, *, lossy: bool = False) -> bool:
    """Whether columns of the type `given` may go into a column of the type `stored`.

    If so, their values are still checked one by one. Text goes into text alone: the engine parses
    what a text file holds.
    """
    if pa.types.is_null(given):
        return True
    source = storage(given, column="").type
    pairs = (*_LOSSLESS, *_COMPARED, *(_LOSSY if lossy else ()))
    return (
        source.equals(stored)
        or _compatible_inside(source, stored)
        or any(test(source) and target(stored) for test, target in pairs)
    )


def _compatible_inside(source: pa.DataType, stored: pa.DataType) -> bool:
    if is_list(source) and is_list(stored):
        return _inner(source.value_type, stored.value_type)
    if pa.types.is_map(source) and pa.types.is_map(stored):
        return _inner(source.key_type, stored.key_type) and _inner(
            source.item_type, stored.item_type
        )
    if pa.types.is_struct(source) and pa.types.is_struct(stored):
        names = [field.name for field in stored]
        return sorted(names) == sorted(field.name for field in source) and all(
            _inner(source.field(name).type, stored.field(name).type) for name in names
        )
    return False


def _inner(source: pa.DataType, stored: pa.DataType) -> bool:
    """As `compatible`, without what Arrow does not check inside other types."""
    return (
        source.equals(stored)
        or _compatible_inside(source, stored)
        or any(test(source) and target(stored) for test, target in _LOSSLESS)
    )


def convert(array: pa.Array, stored: pa.DataType, *, lossy: bool = False) -> tuple[pa.Array, int]:
    """Return `array` as an array of the type `stored`, and how many values lost something.

    Raises `RefusedValueError` at the first value that would lose something, or with `lossy` only
    where nothing sensible would be left.
    """
    plain = _plain(array)
    if plain.type.equals(stored):
        return plain, 0
    step = _step(plain.type, stored)
    try:
        return step(plain), 0
    except (pa.ArrowInvalid, _NotExactError) as error:
        if lossy and (losing := _losing(plain.type, stored)):
            result = losing(plain)
            return result, _differing(plain, result)
        index = _first_failing(plain, step)
        raise RefusedValueError(index, _value(plain, index), _reason(plain, stored)) from error


class _NotExactError(ValueError):
    """A cast that Arrow calls safe changed a value."""


def _step(given: pa.DataType, stored: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    if pa.types.is_duration(given):
        return lambda a: a.cast(pa.duration("us")).cast(stored)
    if pa.types.is_integer(given) and pa.types.is_decimal(stored):
        wide = pa.decimal128(38, stored.scale)  # Arrow asks for room for any 64-bit number
        return lambda a: a.cast(wide).cast(stored)
    narrowing = pa.types.is_float64(given) and pa.types.is_float32(stored)
    if narrowing or (pa.types.is_timestamp(given) and pa.types.is_date32(stored)):
        return lambda a: _exact(a, stored)
    return lambda a: a.cast(stored)


def _exact(array: pa.Array, stored: pa.DataType) -> pa.Array:
    """Cast where Arrow drops digits without a word, and compare."""
    result = array.cast(stored)
    if _differing(array, result):
        raise _NotExactError
    return result


def _differing(array: pa.Array, result: pa.Array) -> int:
    """Return how many values of `array` are others after the way to `result` and back."""
    if pa.types.is_duration(array.type):
        back = result.cast(pa.duration("us")).cast(array.type, safe=False)
    else:
        back = result.cast(array.type, safe=False)
    same = pc.equal(array, back)
    if pa.types.is_floating(array.type):
        same = pc.or_kleene(same, pc.and_(pc.is_nan(array), pc.is_nan(back)))
    same = pc.if_else(pc.is_null(array), pc.is_null(back), pc.fill_null(same, False))
    return len(array) - (pc.sum(pc.cast(same, pa.int64())).as_py() or 0)


def _losing(given: pa.DataType, stored: pa.DataType) -> Callable[[pa.Array], pa.Array] | None:
    """Return what to do where digits may be lost; None where nothing sensible would be left."""
    if pa.types.is_uint64(given) and pa.types.is_integer(stored):
        top = pa.scalar(2**63 - 1 if pa.types.is_int64(stored) else 2**31 - 1, pa.uint64())
        return lambda a: pc.if_else(pc.less_equal(a, top), a, pa.scalar(None, a.type)).cast(stored)
    if pa.types.is_duration(given):
        return lambda a: a.cast(pa.duration("us"), safe=False).cast(stored)
    temporal = pa.types.is_temporal(given) and pa.types.is_temporal(stored)
    number = (
        pa.types.is_integer(given) or pa.types.is_decimal(given) or pa.types.is_floating(given)
    ) and pa.types.is_floating(stored)
    return (lambda a: a.cast(stored, safe=False)) if temporal or number else None


def _first_failing(array: pa.Array, step: Callable[[pa.Array], pa.Array]) -> int:
    """Return the index of the first value that `step` refuses, by halving."""
    start, count = 0, len(array)
    while count > 1:
        half = count // 2
        try:
            step(array.slice(start, half))
        except (pa.ArrowInvalid, _NotExactError):
            count = half
        else:
            start, count = start + half, count - half
    return start


def _value(array: pa.Array, index: int) -> object:
    """Return a value to show; times as text, since Python has no nanoseconds."""
    kind = array.type
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        return array.slice(index, 1).cast(pa.string())[0].as_py()
    if pa.types.is_duration(kind):
        return f"{array.slice(index, 1).cast(pa.int64())[0].as_py()} {kind.unit}"
    return array[index].as_py()


def _reason(array: pa.Array, stored: pa.DataType) -> str:
    if pa.types.is_temporal(array.type) and pa.types.is_temporal(stored):
        if pa.types.is_date(stored):
            return "is not the start of a day"
        return "has digits beyond the microsecond, or lies outside the years that fit"
    if pa.types.is_duration(array.type):
        return "has digits beyond the microsecond"
    return f"does not fit {describe(stored)} without loss"


def _plain(array: pa.Array) -> pa.Array:
    """Return the same values in a layout that Arrow casts from without mistakes.

    Arrow 26 can't cast from run-end encoding, and casts list views to empty lists.
    """
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(array.storage)
    if pa.types.is_run_end_encoded(kind):
        return _plain(pc.run_end_decode(array))
    if pa.types.is_dictionary(kind):
        return _plain(_decoded(array))
    if not _odd_inside(kind):
        return array
    if pa.types.is_struct(kind):
        children = [_plain(child) for child in array.flatten()]
        fields = [pa.field(f.name, c.type) for f, c in zip(kind, children, strict=True)]
        return pa.StructArray.from_arrays(children, fields=fields, mask=array.is_null())
    if pa.types.is_map(kind):
        whole = array.take(pa.array(range(len(array)), pa.int64()))  # without a slice's offset
        return pa.MapArray.from_arrays(
            whole.offsets, _plain(whole.keys), _plain(whole.items), mask=whole.is_null()
        )
    lengths = pc.fill_null(pc.list_value_length(array), 0).cast(pa.int64())
    ends = pc.cumulative_sum(lengths)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends])
    return pa.LargeListArray.from_arrays(offsets, _plain(array.flatten()), mask=array.is_null())


def _decoded(array: pa.DictionaryArray) -> pa.Array:
    """Return the values of a dictionary's array; Arrow can't look up views by index."""
    kind = array.type.value_type
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        values = array.dictionary.cast(
            pa.string() if pa.types.is_string_view(kind) else pa.binary()
        )
        array = pa.DictionaryArray.from_arrays(array.indices, values)
    return array.dictionary_decode()


def _odd_inside(kind: pa.DataType) -> bool:
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        return True
    if isinstance(kind, pa.BaseExtensionType) or pa.types.is_run_end_encoded(kind):
        return True
    if pa.types.is_dictionary(kind):
        return _odd_inside(kind.value_type)
    return any(_odd_inside(kind.field(i).type) for i in range(kind.num_fields))


_Pairs = tuple[tuple["Callable[[pa.DataType], bool]", "Callable[[pa.DataType], bool]"], ...]
_LOSSLESS: _Pairs = (
    (pa.types.is_integer, pa.types.is_integer),
    (pa.types.is_integer, pa.types.is_floating),
    (pa.types.is_integer, pa.types.is_decimal),
    (pa.types.is_float32, pa.types.is_float64),
    (pa.types.is_floating, pa.types.is_integer),
    (pa.types.is_decimal, pa.types.is_decimal),
    (pa.types.is_decimal, pa.types.is_integer),
    (pa.types.is_date, pa.types.is_timestamp),
    (pa.types.is_timestamp, pa.types.is_timestamp),
    (pa.types.is_fixed_size_binary, pa.types.is_binary),
)
_COMPARED: _Pairs = (
    (pa.types.is_float64, pa.types.is_float32),
    (pa.types.is_timestamp, pa.types.is_date),
)
_LOSSY = ((pa.types.is_decimal, pa.types.is_floating),)
