"""What a pipeline needs of the workspace that it runs in; the real one stands above this part."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from lineal.environment import Environment
    from lineal.metadata import Recorder
    from lineal.pipeline.forms import Forms

__all__ = ["Workspace"]


class Workspace(Protocol):
    """A place to record in, the forms that values are kept in, the environment of the run."""

    __lineal_workspace__: ClassVar[bool]
    """True: a component whose first argument has this class gets the workspace."""

    @property
    def recorder(self) -> Recorder:
        """The one way to write."""
        ...

    @property
    def forms(self) -> Forms:
        """How values of each class are kept in the graph and read back."""
        ...

    @property
    def environment(self) -> Environment:
        """The interpreter and distributions that code runs in."""
        ...
