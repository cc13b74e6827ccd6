"""ML Metadata's errors, one class for each status code.

    StatusError(message, error_code)
    ├── CancelledError           1    ├── FailedPreconditionError   9
    ├── UnknownError             2    ├── AbortedError             10
    ├── InvalidArgumentError     3    ├── OutOfRangeError          11
    ├── DeadlineExceededError    4    ├── UnimplementedError       12
    ├── NotFoundError            5    ├── InternalError            13
    ├── AlreadyExistsError       6    ├── UnavailableError         14
    ├── PermissionDeniedError    7    ├── DataLossError            15
    └── ResourceExhaustedError   8    └── UnauthenticatedError     16

Lineal's own errors become these where they leave a store that speaks ML Metadata's language.
"""

from __future__ import annotations

import logging

from lineal.errors import (
    AlreadyExists,
    Conflict,
    Corrupt,
    IncompatibleVersion,
    InvalidInput,
    LinealError,
    NotFound,
    Unavailable,
)
from lineal.metadata.faults import OutOfRange, Stale, Unsupported

__all__ = [
    "ABORTED",
    "ALREADY_EXISTS",
    "CANCELLED",
    "DATA_LOSS",
    "DEADLINE_EXCEEDED",
    "FAILED_PRECONDITION",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "OK",
    "OUT_OF_RANGE",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "UNIMPLEMENTED",
    "UNKNOWN",
    "AbortedError",
    "AlreadyExistsError",
    "CancelledError",
    "DataLossError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "InternalError",
    "InvalidArgumentError",
    "NotFoundError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "StatusError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
    "as_status",
    "code_of",
    "exception_type_from_error_code",
    "make_exception",
]

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class StatusError(LinealError):
    """What a call failed with: a message and the number of a status."""

    code = UNKNOWN

    def __init__(self, message: str, error_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = self.code if error_code is None else error_code


class CancelledError(StatusError):
    """The call was cancelled."""

    code = CANCELLED


class UnknownError(StatusError):
    """Nobody knows why the call failed."""

    code = UNKNOWN


class InvalidArgumentError(StatusError):
    """What was given cannot be right."""

    code = INVALID_ARGUMENT


class DeadlineExceededError(StatusError):
    """The time given for the call was over before it was done."""

    code = DEADLINE_EXCEEDED


class NotFoundError(StatusError):
    """What was asked for is not there."""

    code = NOT_FOUND


class AlreadyExistsError(StatusError):
    """What was to be made is there already, in another shape perhaps."""

    code = ALREADY_EXISTS


class PermissionDeniedError(StatusError):
    """The caller may not do this."""

    code = PERMISSION_DENIED


class ResourceExhaustedError(StatusError):
    """Something ran out: space, or the size that a message may have."""

    code = RESOURCE_EXHAUSTED


class FailedPreconditionError(StatusError):
    """The store is not in the state that the call counted on."""

    code = FAILED_PRECONDITION


class AbortedError(StatusError):
    """Somebody else was faster; the same call can be made again."""

    code = ABORTED


class OutOfRangeError(StatusError):
    """An index points past the end."""

    code = OUT_OF_RANGE


class UnimplementedError(StatusError):
    """The call, or an option of it, is not offered."""

    code = UNIMPLEMENTED


class InternalError(StatusError):
    """A mistake of the store's."""

    code = INTERNAL


class UnavailableError(StatusError):
    """The database or the server cannot be reached."""

    code = UNAVAILABLE


class DataLossError(StatusError):
    """What is stored is damaged."""

    code = DATA_LOSS


class UnauthenticatedError(StatusError):
    """The caller did not say, or not prove, who it is."""

    code = UNAUTHENTICATED


_CLASSES: dict[int, type[StatusError]] = {kind.code: kind for kind in StatusError.__subclasses__()}

# The finer classes first: the first that fits tells the code.
_CODES: tuple[tuple[type[LinealError], int], ...] = (
    (Stale, FAILED_PRECONDITION),
    (OutOfRange, OUT_OF_RANGE),
    (Unsupported, UNIMPLEMENTED),
    (InvalidInput, INVALID_ARGUMENT),
    (NotFound, NOT_FOUND),
    (AlreadyExists, ALREADY_EXISTS),
    (Conflict, ABORTED),
    (IncompatibleVersion, FAILED_PRECONDITION),
    (Unavailable, UNAVAILABLE),
    (Corrupt, DATA_LOSS),
)


def exception_type_from_error_code(error_code: int) -> type[StatusError]:
    """Return the class of errors with that code; raise `KeyError` if there is none."""
    return _CLASSES[error_code]


def make_exception(message: str, error_code: int) -> StatusError:
    """Return an error of the class for `error_code`; an `UnknownError` if there is none."""
    kind = _CLASSES.get(error_code, UnknownError)
    if kind is InternalError:
        logging.getLogger("lineal.mlmd").warning("%s: %s", kind.__name__, message)
    return kind(message)


def code_of(error: LinealError) -> int:
    """Return the status code that tells of `error`."""
    if isinstance(error, StatusError):
        return error.error_code
    return next((code for kind, code in _CODES if isinstance(error, kind)), UNKNOWN)


def as_status(error: LinealError) -> StatusError:
    """Return `error` in ML Metadata's words."""
    return error if isinstance(error, StatusError) else make_exception(str(error), code_of(error))
