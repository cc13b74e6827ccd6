"""How an environment stands in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata.model import ArtifactType, PropertyType, Value

if TYPE_CHECKING:
    from lineal.environment.capture import Environment

__all__ = ["ENVIRONMENT", "properties_of"]

ENVIRONMENT = ArtifactType(
    "lineal.Environment",
    {
        "sha256": PropertyType.STRING,
        "fingerprint": PropertyType.STRING,
        "python": PropertyType.STRING,
        "system": PropertyType.STRING,
        "machine": PropertyType.STRING,
        "platform": PropertyType.STRING,
        "distributions": PropertyType.INT,
        "commit": PropertyType.STRING,
        "branch": PropertyType.STRING,
        "dirty": PropertyType.BOOLEAN,
    },
    description="What an execution ran in; the whole of it is the JSON under the URI",
)


def properties_of(environment: Environment) -> dict[str, Value]:
    """Return the properties that an artifact of type `ENVIRONMENT` has for `environment`."""
    interpreter = environment.interpreter
    found: dict[str, Value] = {
        "fingerprint": environment.fingerprint,
        "python": f"{interpreter.implementation} {interpreter.version}",
        "system": interpreter.system,
        "machine": interpreter.machine,
        "platform": environment.platform,
        "distributions": len(environment.distributions),
    }
    if environment.git is not None:
        git = environment.git
        found |= {"commit": git.commit, "branch": git.branch, "dirty": git.dirty}
    return found
