"""What makes two executions equal, and how two that are not differ.

The key has four ingredients: the component's code, its parameters, the content of its inputs, and
the environment. They are kept with the execution, each by name, so that a later run can say which
of them changed. An input counts by what a component can see of it: its content, its type, its name
and the properties that its type declares, such as a table's event time. What tells only how and
when it was made (number, id, times, labels) does not count, so that equal results are reused.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.names import format_name
from lineal.pipeline.content import Code, describe, digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.metadata import Artifact, Store, Value
    from lineal.pipeline.code import CodeIdentity

__all__ = ["Ingredients", "as_property", "content_of", "parameter_ingredient", "reference_of"]

# Declared properties that tell of the making of a version, or that follow from its content.
_OF_THE_MAKING = frozenset(
    {
        *("sha256", "size", "source", "modified", "span"),
        *("snapshot_id", "schema_id", "plan", "load", "operation", "rows", "added_rows"),
        *("views", "moment"),
    }
)
_SHORT = 16
_SHOWN = 60


@dataclass(frozen=True)
class Ingredients:
    """Everything that an execution's result depends on, by name, as short texts."""

    code: Mapping[str, str]
    parameters: Mapping[str, str]
    inputs: Mapping[str, Sequence[tuple[str, str]]]
    """For each input the reference and the content of each artifact in it."""
    outputs: Mapping[str, str]
    environment: str
    fingerprint: str = field(default="", compare=False)
    """The SHA-256 over all of it in full, which equal executions share; the rest is shortened."""

    def to_text(self) -> str:
        """Return it as the execution's property keeps it."""
        return json.dumps(
            {
                "code": dict(self.code),
                "parameters": dict(self.parameters),
                "inputs": {key: [list(each) for each in many] for key, many in self.inputs.items()},
                "outputs": dict(self.outputs),
                "environment": self.environment,
            },
            sort_keys=True,
        )

    @classmethod
    def from_text(cls, text: str) -> Ingredients:
        """Read back what `to_text` wrote."""
        read = json.loads(text)
        return cls(
            code=read["code"],
            parameters=read["parameters"],
            inputs={
                key: [(ref, content) for ref, content in many]
                for key, many in read["inputs"].items()
            },
            outputs=read["outputs"],
            environment=read["environment"],
        )

    @classmethod
    def gather(
        cls,
        *,
        code: CodeIdentity,
        parameters: Mapping[str, object],
        inputs: Mapping[str, Sequence[tuple[str, str]]],
        outputs: Mapping[str, str],
        environment: str,
    ) -> Ingredients:
        """Make the ingredients from their full values; `inputs` gives reference and content."""
        told = {name: parameter_ingredient(value) for name, value in parameters.items()}
        fingerprint = digest(
            [
                code.fingerprint,
                sorted(told.items()),
                sorted((key, [content for _, content in many]) for key, many in inputs.items()),
                sorted(outputs.items()),
                environment,
            ]
        )
        return cls(
            code={name: part[:_SHORT] for name, part in code.parts.items()},
            parameters={name: _shown(text) for name, text in told.items()},
            inputs={
                key: [(ref, _short(content)) for ref, content in many]
                for key, many in inputs.items()
            },
            outputs=outputs,
            environment=environment,
            fingerprint=fingerprint,
        )

    def changes(self, earlier: Ingredients) -> list[str]:
        """Say what differs from an earlier execution, in words; the environment left out."""
        said = [
            *_changed(earlier.code, self.code, "{}", shown=False),
            *_changed(earlier.parameters, self.parameters, "parameter {}", shown=True),
            *_changed(earlier.outputs, self.outputs, "the type or name of output {}", shown=False),
        ]
        for key in sorted(earlier.inputs.keys() | self.inputs.keys()):
            before, after = earlier.inputs.get(key, ()), self.inputs.get(key, ())
            if [content for _, content in before] != [content for _, content in after]:
                said.append(f"input {key}: {_refs(before)} → {_refs(after)}")
        return said


def parameter_ingredient(value: object) -> str:
    """Return a text that is equal for equal parameters; a path brings the content it leads to."""
    described = describe(value, _no_code)
    text = value if isinstance(value, str) else None
    told = repr(text) if text is not None else json.dumps(as_property(value), ensure_ascii=False)
    if type(value) in (int, float, bool, str, type(None)):
        return told
    contents = [_path_content(path) for path in _paths(value)]
    return f"{told} #{digest([described, contents])}"


def as_property(value: object) -> Value:
    """Return a parameter as a property of an execution holds it: plain, else as text."""
    if isinstance(value, (bool, float, str)):
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    return str(value)


def content_of(store: Store, artifact: Artifact) -> str:
    """Return what an artifact is judged by; one without content equals only itself."""
    row = store.version_of(artifact.id or 0)
    content = row.content if row is not None else str(artifact.get("sha256", ""))
    seen = {
        "type": artifact.type,
        "name": "" if row is None else row.name,
        "content": content or f"{store.uuid}/artifact/{artifact.id}",
        **{k: v for k, v in sorted(artifact.properties.items()) if k not in _OF_THE_MAKING},
    }
    return json.dumps(seen, default=str)


def reference_of(store: Store, artifact: Artifact) -> str:
    """Return the name by which a reader finds an artifact."""
    row = store.version_of(artifact.id or 0)
    return f"artifact/{artifact.id}" if row is None else format_name(row.name, row.number)


def _changed(
    before: Mapping[str, str], after: Mapping[str, str], what: str, *, shown: bool
) -> list[str]:
    said = []
    for name in sorted(before.keys() | after.keys()):
        old, new, told = before.get(name), after.get(name), what.format(name)
        if old is None:
            said.append(f"{told} is new")
        elif new is None:
            said.append(f"{told} is gone")
        elif old != new:
            said.append(_difference(told, old, new) if shown else f"{told} changed")
    return said


def _difference(told: str, old: str, new: str) -> str:
    old, new = (text.partition(" #")[0] for text in (old, new))
    return f"the content of {told} changed" if old == new else f"{told}: {old} → {new}"


def _refs(many: Sequence[tuple[str, str]]) -> str:
    if not many:
        return "nothing"
    first = ", ".join(ref for ref, _ in many[:3])
    return first if len(many) <= 3 else f"{first} and {len(many) - 3} more"


def _shown(text: str) -> str:
    """Shorten a parameter's text, but keep what tells two long ones apart."""
    told, mark, exact = text.partition(" #")
    if len(told) > _SHOWN:
        mark, exact = " #", exact or _short(told)
        told = told[: _SHOWN - 1] + "…"
    return f"{told}{mark}{exact[:_SHORT]}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_SHORT]


def _paths(value: object) -> list[Path]:
    if isinstance(value, Path):
        return [value]
    if isinstance(value, dict):
        return [path for pair in value.items() for each in pair for path in _paths(each)]
    if isinstance(value, (list, tuple, set, frozenset)):
        return sorted(path for each in value for path in _paths(each))
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is not None:
        return [path for name in fields for path in _paths(getattr(value, name))]
    return []


def _path_content(path: Path) -> list[str]:
    """Return the hashes of what a path leads to: a file, all files of a folder, or nothing."""
    try:
        if path.is_dir():
            files = sorted(each for each in path.rglob("*") if each.is_file())
            return [f"{each.relative_to(path)} {_sha256(each)}" for each in files]
        return [_sha256(path)] if path.exists() else []
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _no_code(code: Code) -> str:
    """Name an enum or a dataclass among the parameters; their code is the component's business."""
    return f"{code.__module__}.{code.__qualname__}" if isinstance(code, type) else repr(code)
