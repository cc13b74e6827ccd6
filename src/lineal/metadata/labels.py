"""Tell labels, which people set, from the custom properties that verbs write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.metadata.model import Artifact, Value

__all__ = ["LABEL_NAMES", "labels_of", "properties_of"]

LABEL_NAMES = "lineal_labels"
"""The custom property that holds the names of the labels, as a JSON list."""


def labels_of(artifact: Artifact) -> dict[str, Value]:
    """Return the labels of an artifact."""
    held = artifact.custom_properties
    names = json.loads(str(held.get(LABEL_NAMES, "[]")))
    return {name: held[name] for name in names if name in held}


def properties_of(artifact: Artifact) -> dict[str, Value]:
    """Return everything else that is kept of an artifact, the recorder's own notes apart."""
    labels = labels_of(artifact)
    custom = {
        name: value
        for name, value in artifact.custom_properties.items()
        if name not in labels and not name.startswith("lineal_")
    }
    return {**artifact.properties, **custom}
