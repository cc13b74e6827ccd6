"""Pack the features of one row into one blob, and read it back exactly.

A blob is: one byte for the format, a bitmap of nulls, the values of fixed width side by side
(of a text or list, its length in bytes), then the texts and lists. Packing joins whole Arrow
columns, without a loop over values; unpacking is one `struct` call a row, since a request asks
for few rows. Bits are kept: NaN, -0.0, every digit of a decimal, every Arrow type's unit.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING

from lineal.errors import Corrupt, IncompatibleVersion
from lineal.features.online.codecs import Codec, codec_for, raw_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

__all__ = ["Layout"]

_FORMAT = 1


class Layout:
    """The features of a blob, in order, with their Arrow types."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema

    @cached_property
    def codecs(self) -> tuple[Codec, ...]:
        """How each feature is written and read."""
        return tuple(codec_for(one.type, owner=f"feature {one.name!r}") for one in self.schema)

    @cached_property
    def head(self) -> struct.Struct:
        """The part of fixed size: format, bitmap of nulls, values or lengths."""
        bitmap = (len(self.codecs) + 7) // 8
        return struct.Struct(f"<B{bitmap}s" + "".join(codec.code for codec in self.codecs))

    def pack(self, batch: pa.RecordBatch) -> pa.Array:
        """Return the blob of each row as a `binary` array; `batch` has the layout's columns."""
        import pyarrow as pa
        import pyarrow.compute as pc

        columns = [batch.column(name) for name in self.schema.names]
        fixed, variable = _bitmap(columns), []
        for column, codec in zip(columns, self.codecs, strict=True):
            data = codec.write(column)
            if codec.read is not None:
                variable.append(pc.fill_null(data, b""))
                data = raw_bytes(pc.binary_length(data).cast(pa.uint32()))
            fixed.append(pc.fill_null(data, bytes(codec.width)))
        mark, nothing = pa.scalar(bytes([_FORMAT]), pa.binary()), pa.scalar(b"", pa.binary())
        return pc.binary_join_element_wise(mark, *fixed, *variable, nothing)

    def unpack(self, blobs: Sequence[bytes | None]) -> list[pa.Array]:
        """Return the features' columns, with nulls where there is no blob."""
        absent: list[object] = [None] * len(self.codecs)
        rows = [absent if blob is None else self._row(blob) for blob in blobs]
        columns = zip(*rows, strict=True) if rows else [[] for _ in self.codecs]
        return [codec.build(list(one)) for codec, one in zip(self.codecs, columns, strict=True)]

    def _row(self, blob: bytes) -> list[object]:
        if blob[:1] != bytes([_FORMAT]):
            raise IncompatibleVersion(
                f"a stored row of features begins with {blob[:1]!r}; this Lineal reads {_FORMAT}"
            )
        if len(blob) < self.head.size:
            raise Corrupt(f"a stored row of features is cut off after {len(blob)} bytes")
        _, bitmap, *values = self.head.unpack_from(blob)
        nulls, offset = int.from_bytes(bitmap, "little"), self.head.size
        for index, codec in enumerate(self.codecs):
            if codec.read is not None:
                start, offset = offset, offset + values[index]
                values[index] = codec.read(blob[start:offset])
            if nulls >> index & 1:
                values[index] = None
        if offset != len(blob):
            raise Corrupt(f"a stored row of features has {len(blob)} bytes, not {offset}")
        return values


def _bitmap(columns: Sequence[pa.Array]) -> list[pa.Array]:
    """Return the bytes of the bitmap, eight columns in each: a bit is set for a null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = []
    for start in range(0, len(columns), 8):
        byte: pa.Array = None
        for index, column in enumerate(columns[start : start + 8]):
            weight = pa.scalar(1 << index, pa.uint8())
            bit = pc.multiply(column.is_null().cast(pa.uint8()), weight)
            byte = bit if byte is None else pc.bit_wise_or(byte, bit)
        parts.append(raw_bytes(byte))
    return parts
