"""The executor: reads a node's inputs, runs its function, and tells its outputs apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lineal.errors import InvalidInput
from lineal.metadata.version import Version
from lineal.pipeline.kinds import is_table, kind_name, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.metadata import Artifact
    from lineal.pipeline.graph import Node
    from lineal.pipeline.signature import OutputSlot
    from lineal.pipeline.workspace import Workspace

__all__ = ["Executor", "LocalExecutor"]


class Executor(Protocol):
    """Runs a node's function somewhere."""

    def execute(self, node: Node, inputs: Mapping[str, Sequence[Artifact]]) -> Mapping[str, object]:
        """Return the outputs by key; an optional one that was not made is left out."""
        ...


class LocalExecutor:
    """Runs the function here, in this process."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def execute(self, node: Node, inputs: Mapping[str, Sequence[Artifact]]) -> Mapping[str, object]:
        """Run the node's function on its inputs."""
        signature = node.component.signature
        arguments: dict[str, object] = dict(node.parameters)
        for key, artifacts in inputs.items():
            slot = signature.inputs[key]
            values = [self._read(artifact, slot.kind) for artifact in artifacts]
            arguments[key] = values if slot.many else next(iter(values), None)
        workspace = (self._workspace,) if signature.wants_workspace else ()
        made = node.component.function(*workspace, **arguments)
        return self._outputs(node, made)

    def _read(self, artifact: Artifact, kind: type) -> object:
        recorder = self._workspace.recorder
        row = recorder.store.version_of(artifact.id or 0)
        return self._workspace.forms.read(Version(recorder.store, recorder, artifact, row), kind)

    def _outputs(self, node: Node, made: object) -> dict[str, object]:
        signature = node.component.signature
        if signature.returns is None:
            values = dict.fromkeys(signature.outputs, made)
            if not signature.outputs and made is not None:
                raise InvalidInput(
                    f"{node.component.type_name} says it returns None, but returned {made!r}"
                )
        elif isinstance(made, signature.returns):
            values = {key: getattr(made, key) for key in signature.outputs}
        else:
            raise InvalidInput(
                f"{node.component.type_name} must return a {kind_name(signature.returns)}, "
                f"not {made!r}"
            )
        return {
            key: _checked(node, slot, values[key])
            for key, slot in signature.outputs.items()
            if not (values[key] is None and slot.optional)
        }


def _checked(node: Node, slot: OutputSlot, value: object) -> object:
    """Return an output if it is of the class that its annotation says."""
    kind = type(value)
    if isinstance(value, slot.kind) and not (kind is bool and slot.kind is not bool):
        return value
    if slot.kind is float and kind is int:
        return float(str(value))
    # A verb's table may stand for a frame: who takes it gets the frame.
    if is_table(slot.kind) and is_table(kind) and version_of(value) is not None:
        return value
    raise InvalidInput(
        f"{node.component.type_name} must return a {kind_name(slot.kind)} as output {slot.key!r}, "
        f"not {value!r}"
    )
