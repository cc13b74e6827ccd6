"""The texts that a page ends with: ML Metadata's own page tokens, read and written.

A token is the web-safe base64, unpadded, of a `ListOperationNextPageToken`: where the page ended
(`id_offset`, `field_offset`, or for the time of the last update the page's ids with that time),
and the options that the page was asked for with. So a client may go on at the official server
with a token of ours, and the other way round. The few fields are written here by hand, since
the store itself does without ML Metadata's messages.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lineal.metadata.batch.forms import OrderBy, PageRequest

__all__ = ["Place", "read_token", "write_token"]

_ORDERS: dict[OrderBy, int] = {"create_time": 1, "last_update_time": 2, "id": 3}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WEB_SAFE = re.compile(r"[A-Za-z0-9_-]+={0,2}")

# ListOperationNextPageToken
_ID_OFFSET, _FIELD_OFFSET, _SET_OPTIONS, _LISTED_IDS = 1, 2, 3, 4
# ListOperationOptions
_MAX_RESULT_SIZE, _ORDER_BY_FIELD, _FILTER_QUERY = 1, 2, 4
# ListOperationOptions.OrderByField
_FIELD, _IS_ASC = 1, 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: its last node's id and the value that the pages are ordered by."""

    value: int
    id: int


def write_token(request: PageRequest, last: Place, ties: Sequence[int]) -> str:
    """Return the token to go on with after `last`.

    `ties` are the page's ids whose value equals the last one's, in the page's order.
    """
    parts = []
    if request.order_by != "last_update_time":
        parts.append(_number(_ID_OFFSET, last.id))
    parts.append(_number(_FIELD_OFFSET, last.value))
    options = request.sent or _options(request)
    parts.append(_field(_SET_OPTIONS, _BYTES) + _varint(len(options)) + options)
    if request.order_by == "last_update_time":
        parts += [_number(_LISTED_IDS, listed) for listed in reversed(ties)]
    return base64.urlsafe_b64encode(b"".join(parts)).rstrip(b"=").decode()


def read_token(request: PageRequest) -> Place | None:
    """Return the place that the request's token stands for; None if it has none.

    Raises `InvalidInput` for a token that can't be read, or that belongs to another order. Another
    limit or filter is no error: the pages go on from the place.
    """
    if not request.token:
        return None
    fields = _decoded(request.token)
    order, ascending = _order_of(fields, request.token)
    if (order, ascending) != (_ORDERS[request.order_by], request.ascending):
        raise InvalidInput(
            f"the page token {_short(request.token)} belongs to a list in another order; go on "
            "with the order_by and direction of the first page, or begin without a token"
        )
    value = _last_number(fields, _FIELD_OFFSET)
    listed = [held for number, held in fields if number == _LISTED_IDS and isinstance(held, int)]
    if request.order_by != "last_update_time":
        return Place(value, _last_number(fields, _ID_OFFSET))
    if not listed:
        raise _unreadable(request.token)
    return Place(value, max(listed) if ascending else min(listed))


def _options(request: PageRequest) -> bytes:
    """Return the options of a request that did not come as a message."""
    parts = [_number(_MAX_RESULT_SIZE, request.limit or 0)]
    order = b""
    if request.order_by != "id":
        order += _number(_FIELD, _ORDERS[request.order_by])
    if not request.ascending:
        order += _number(_IS_ASC, 0)
    if order:
        parts.append(_field(_ORDER_BY_FIELD, _BYTES) + _varint(len(order)) + order)
    if request.filter:
        text = request.filter.encode(errors="replace")
        parts.append(_field(_FILTER_QUERY, _BYTES) + _varint(len(text)) + text)
    return b"".join(parts)


def _order_of(fields: list[tuple[int, int | bytes]], token: str) -> tuple[int, bool]:
    """Return the order field's number and whether it ascends, by default the id's upwards."""
    order, ascending = _ORDERS["id"], True
    for number, options in fields:
        if number != _SET_OPTIONS or not isinstance(options, bytes):
            continue
        for inner, order_by in _fields(options, token):
            if inner != _ORDER_BY_FIELD or not isinstance(order_by, bytes):
                continue
            for last, value in _fields(order_by, token):
                if last == _FIELD and isinstance(value, int):
                    order = value
                elif last == _IS_ASC:
                    ascending = bool(value)
    return order, ascending


def _decoded(token: str) -> list[tuple[int, int | bytes]]:
    if not _WEB_SAFE.fullmatch(token):
        raise _unreadable(token)
    text = token.rstrip("=")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as error:
        raise _unreadable(token) from error
    return list(_fields(data, token))


def _last_number(fields: list[tuple[int, int | bytes]], wanted: int) -> int:
    found = [held for number, held in fields if number == wanted and isinstance(held, int)]
    return found[-1] if found else 0


def _unreadable(token: str) -> InvalidInput:
    return InvalidInput(
        f"the page token {_short(token)} can't be read; give the one that the page before ended "
        "with, unchanged"
    )


def _short(token: str) -> str:
    return repr(token if len(token) <= 60 else f"{token[:60]}…")


# Protobuf's wire format


def _field(number: int, wire_type: int) -> bytes:
    return bytes([number << 3 | wire_type])


def _number(number: int, value: int) -> bytes:
    return _field(number, _VARINT) + _varint(value)


def _varint(value: int) -> bytes:
    value &= 2**64 - 1  # a negative one is written as its two's complement
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _fields(data: bytes, token: str) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field of a message: a number, or what stands in it.

    Raises `InvalidInput`, naming the token, for bytes that are no message.
    """
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at, token)
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            value, at = _read_varint(data, at, token)
            yield number, value - 2**64 if value >= 2**63 else value
            continue
        sizes = {_FIXED64: 8, _FIXED32: 4}
        if wire_type == _BYTES:
            size, at = _read_varint(data, at, token)
        elif wire_type in sizes:
            size = sizes[wire_type]
        else:
            raise _unreadable(token)
        if number == 0 or at + size > len(data):
            raise _unreadable(token)
        yield number, data[at : at + size]
        at += size


def _read_varint(data: bytes, at: int, token: str) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value & (2**64 - 1), at
        shift += 7
    raise _unreadable(token)
