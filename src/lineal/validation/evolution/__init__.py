"""How one schema follows another: what data of the one is valid under the other."""

from lineal.validation.evolution.compatibility import (
    Compatibility,
    compatibility,
    judged_changes,
)
from lineal.validation.evolution.proposals import Proposal, apply_proposals, proposals

__all__ = [
    "Compatibility",
    "Proposal",
    "apply_proposals",
    "compatibility",
    "judged_changes",
    "proposals",
]
