"""What a verb says about its outputs: before they are made, and once they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lineal.metadata.model import Artifact, ArtifactType, Value

__all__ = ["PINNED", "EnvironmentRecord", "Made", "Output", "Pending"]

PINNED = "lineal_pinned"
"""The property of an execution that lists the ids of what it read by number, content or id."""


@dataclass(frozen=True)
class Output:
    """An output that a verb is going to make.

    `key` is the first step of its event's path. Without a `name` the artifact has no versions
    and is addressed by its id.
    """

    key: str
    type: ArtifactType
    name: str | None = None


@dataclass(frozen=True)
class Made:
    """What an output turned out to be, once its bytes are in place.

    `content` is the SHA-256 that equality of versions is judged by; an empty one equals nothing.
    With `skip_equal`, content equal to the newest version of that name makes no new version;
    `discard` is then called to remove what was put in place for this one alone.
    """

    content: str
    uri: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    skip_equal: bool = True
    discard: Callable[[], None] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class EnvironmentRecord:
    """What an execution runs in or from: an artifact, one for each distinct content.

    `key` is the first step of its event's path. With `is_output` it is not what the execution
    ran with but what it left on its way, such as a log.
    """

    type: ArtifactType
    content: str
    uri: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    key: str = "environment"
    is_output: bool = False


@dataclass
class Pending:
    """An announced output: its PENDING rows, and what became of it once that is `settled`."""

    output: Output
    artifact_id: int
    event_id: int
    result: Made | Artifact | None = None
    settled: bool = False
