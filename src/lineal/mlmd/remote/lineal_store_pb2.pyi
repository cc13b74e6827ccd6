from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Greeting(_message.Message):
    __slots__ = ("protocol", "software")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    software: str
    def __init__(self, protocol: _Optional[int] = ..., software: _Optional[str] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("protocol", "software", "store")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    software: str
    store: str
    def __init__(self, protocol: _Optional[int] = ..., software: _Optional[str] = ..., store: _Optional[str] = ...) -> None: ...

class Moment(_message.Message):
    __slots__ = ("microseconds", "clock")
    MICROSECONDS_FIELD_NUMBER: _ClassVar[int]
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    microseconds: int
    clock: str
    def __init__(self, microseconds: _Optional[int] = ..., clock: _Optional[str] = ...) -> None: ...

class Call(_message.Message):
    __slots__ = ("protocol", "store", "function", "arguments", "as_of", "again")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    AGAIN_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    store: str
    function: str
    arguments: Values
    as_of: Moment
    again: bool
    def __init__(self, protocol: _Optional[int] = ..., store: _Optional[str] = ..., function: _Optional[str] = ..., arguments: _Optional[_Union[Values, _Mapping]] = ..., as_of: _Optional[_Union[Moment, _Mapping]] = ..., again: bool = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: Values
    def __init__(self, value: _Optional[_Union[Values, _Mapping]] = ...) -> None: ...

class Values(_message.Message):
    __slots__ = ("json", "attachments")
    JSON_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    json: bytes
    attachments: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, json: _Optional[bytes] = ..., attachments: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Lock(_message.Message):
    __slots__ = ("protocol", "store", "name")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    store: str
    name: str
    def __init__(self, protocol: _Optional[int] = ..., store: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class Held(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
