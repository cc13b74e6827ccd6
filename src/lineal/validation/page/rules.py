"""Say in a few words what a schema asks of a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.validation.page.text import cut

if TYPE_CHECKING:
    from lineal.validation.feature import Feature

__all__ = ["rules_of"]

_SHOWN = 30


def rules_of(feature: Feature) -> list[tuple[str, str]]:
    """Return what is asked, as pairs of a heading and a text."""
    found = [("type", feature.type)]
    if feature.deprecated:
        found.append(("lifecycle", "not checked"))
    found.append(("presence", _presence(feature)))
    if (count := feature.value_count) is not None:
        found.append(("values in a row", _range(*count)))
    domain = feature.domain
    if isinstance(domain, list):
        more = f", and {len(domain) - _SHOWN:,} more" if len(domain) > _SHOWN else ""
        found.append(("allowed", ", ".join(cut(str(each), 60) for each in domain[:_SHOWN]) + more))
    elif isinstance(domain, tuple):
        found.append(("allowed", _range(*domain)))
    elif domain is not None:
        found.append(("allowed", str(domain)))
    if feature.environments:
        found.append(("environments", ", ".join(feature.environments)))
    return found


def _presence(feature: Feature) -> str:
    if not feature.required:
        return "optional"
    share = feature.presence
    return "required" if share is None or share == 1 else f"in at least {share:.4%} of the rows"


def _range(low: float | None, high: float | None) -> str:
    if low == high:
        return "any" if low is None else f"exactly {low}"
    if low is None or high is None:
        return f"at most {high}" if low is None else f"at least {low}"
    return f"{low} to {high}"
