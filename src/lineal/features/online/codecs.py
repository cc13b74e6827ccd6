"""How one feature's values are written into a blob and read back, by Arrow type."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from lineal.errors import Corrupt, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

__all__ = ["Codec", "codec_for", "raw_bytes"]

_LENGTH = struct.Struct("<I")
_NULL_ITEM = 0xFFFFFFFF


@dataclass(frozen=True)
class Codec:
    """The two directions for one Arrow type."""

    code: str
    """How `struct` reads the fixed part: the value, or the length of what is variable."""
    write: Callable[[pa.Array], pa.Array]
    """From the column to the bytes of each value; null stays null."""
    build: Callable[[Sequence[object]], pa.Array]
    """From values as `struct` or `read` gave them, and None, to the column."""
    read: Callable[[bytes], object] | None = None
    """From the variable part to a value that `build` takes; None for a fixed width."""

    @property
    def width(self) -> int:
        """The bytes of the fixed part."""
        return struct.calcsize("<" + self.code)


def raw_bytes(column: pa.Array) -> pa.Array:
    """Return the little-endian bytes of each value of a column of fixed width."""
    import pyarrow as pa

    return column.view(pa.binary(column.type.bit_width // 8)).cast(pa.binary())


def codec_for(arrow: pa.DataType, *, owner: str) -> Codec:
    """Return the codec for a type; `owner` names the feature in messages."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(arrow):
        return codec_for(arrow.value_type, owner=owner)
    if types.is_list(arrow) or types.is_large_list(arrow) or types.is_fixed_size_list(arrow):
        return _list_codec(arrow, codec_for(arrow.value_type, owner=owner), owner)
    if types.is_boolean(arrow):
        return Codec(
            "?",
            lambda column: raw_bytes(column.cast(pa.uint8())),
            lambda values: pa.array(values, pa.bool_()),
        )
    if _is_text(arrow):
        return _text_codec(arrow)
    if types.is_fixed_size_binary(arrow) or types.is_decimal(arrow) or types.is_float16(arrow):
        return _opaque_codec(arrow)
    if types.is_floating(arrow) or types.is_integer(arrow):
        return Codec(_number_code(arrow), raw_bytes, lambda values: pa.array(values, arrow))
    if types.is_temporal(arrow) and not types.is_interval(arrow):
        return _count_codec(arrow)
    raise InvalidInput(
        f"{owner} is {arrow}, which can't be served online; numbers, texts, bytes, booleans, "
        "decimals, dates, times and lists of them can"
    )


def _number_code(arrow: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_floating(arrow):
        return {32: "f", 64: "d"}[arrow.bit_width]
    code = {8: "b", 16: "h", 32: "i", 64: "q"}[arrow.bit_width]
    return code if pa.types.is_signed_integer(arrow) else code.upper()


def _count_codec(arrow: pa.DataType) -> Codec:
    """Dates, times and durations are kept as the count that they are."""
    import pyarrow as pa

    count, code = {32: (pa.int32(), "i"), 64: (pa.int64(), "q")}[arrow.bit_width]
    return Codec(code, raw_bytes, lambda values: pa.array(values, count).view(arrow))


def _opaque_codec(arrow: pa.DataType) -> Codec:
    import pyarrow as pa

    width = arrow.bit_width // 8
    return Codec(
        f"{width}s", raw_bytes, lambda values: pa.array(values, pa.binary(width)).view(arrow)
    )


def _is_text(arrow: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    kinds = (
        types.is_string,
        types.is_large_string,
        types.is_string_view,
        types.is_binary,
        types.is_large_binary,
        types.is_binary_view,
    )
    return any(is_kind(arrow) for is_kind in kinds)


def _text_codec(arrow: pa.DataType) -> Codec:
    import pyarrow as pa

    return Codec(
        "I",
        lambda column: column.cast(pa.binary()),
        lambda values: pa.array(values, pa.binary()).cast(arrow),
        lambda data: data,
    )


def _list_codec(arrow: pa.DataType, item: Codec, owner: str) -> Codec:
    import pyarrow as pa

    if pa.types.is_nested(arrow.value_type):
        raise InvalidInput(f"{owner} is {arrow}; lists of lists can't be served online")

    def build(values: Sequence[object]) -> pa.Array:
        lists = [one if isinstance(one, list) else [] for one in values]
        ends = list(accumulate(map(len, lists), initial=0))
        starts = [None if one is None else start for one, start in zip(values, ends, strict=False)]
        offsets = pa.array([*starts, ends[-1]], pa.int32())
        items = item.build([value for one in lists for value in one])
        return pa.ListArray.from_arrays(offsets, items).cast(arrow)

    return Codec("I", lambda column: _write_list(column, item), build, _list_reader(item))


def _write_list(column: pa.Array, item: Codec) -> pa.Array:
    """Return each list as the bytes of its items, one after the other."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = column.flatten()
    data = pc.fill_null(item.write(values), b"" if item.read else bytes(item.width))
    if item.read:
        lengths = pc.if_else(values.is_null(), _NULL_ITEM, pc.binary_length(data))
        mark = raw_bytes(lengths.cast(pa.uint32()))
    else:
        mark = raw_bytes(values.is_valid().cast(pa.uint8()))
    items = pc.binary_join_element_wise(mark, data, pa.scalar(b"", pa.binary()))
    counts = pc.fill_null(pc.list_value_length(column).cast(pa.int64()), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(counts)])
    lists = pa.ListArray.from_arrays(offsets.cast(pa.int32()), items)
    joined = pc.binary_join(lists, b"")
    return pc.if_else(column.is_valid(), joined, pa.scalar(None, pa.binary()))


def _list_reader(item: Codec) -> Callable[[bytes], list[object]]:
    if item.read is None:
        one = struct.Struct("<?" + item.code)

        def read_fixed(data: bytes) -> list[object]:
            return [value if there else None for there, value in one.iter_unpack(data)]

        return read_fixed

    def read_texts(data: bytes) -> list[object]:
        values: list[object] = []
        offset = 0
        while offset < len(data):
            (length,) = _LENGTH.unpack_from(data, offset)
            offset += _LENGTH.size
            if length == _NULL_ITEM:
                values.append(None)
                continue
            values.append(data[offset : offset + length])
            offset += length
        if offset != len(data):
            raise Corrupt("a stored list of texts is cut off")
        return values

    return read_texts
