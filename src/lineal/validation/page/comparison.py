"""Compare two or more data sets by their statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.validation.page.differences import difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.validation.report import Report
    from lineal.validation.results import Statistics

__all__ = ["Comparison", "Difference"]


@dataclass(frozen=True)
class Difference:
    """How differently a feature is spread in a data set and in the first one."""

    feature: str
    data: str
    value: float
    """0 is equal, 1 has nothing in common or is only in one of both."""


class Comparison:
    """Statistics of several data sets side by side; the first is what the others are held to."""

    def __init__(
        self, statistics: Mapping[str, Statistics], *, report: Report | None = None
    ) -> None:
        """Compare data sets by their names; `report` is about the last one, with its drift."""
        if len(statistics) < 2:
            raise InvalidInput("a comparison needs the statistics of at least two data sets")
        self.statistics = dict(statistics)
        self.report = report

    @property
    def differences(self) -> list[Difference]:
        """Every feature of every data set but the first, the most different first."""
        (_, base), *others = self.statistics.items()
        found = []
        for data, each in others:
            for name in dict.fromkeys((*base, *each)):
                both = name in base and name in each
                value = difference(base[name], each[name]) if both else 1.0
                found.append(Difference(name, data, value))
        return sorted(found, key=lambda each: -each.value)

    def to_html(self, *, title: str = "Comparison") -> str:
        """Return the page that shows it."""
        from lineal.validation.page.document import statistics_page

        last = list(self.statistics)[-1]
        reports = {} if self.report is None else {last: self.report}
        return statistics_page(self.statistics, report=reports, title=title)

    def to_facets(self) -> bytes:
        """Return all data sets in the form that Facets Overview reads."""
        from lineal.validation.page.facets import facets

        return facets(self.statistics)

    def _repr_html_(self) -> str:
        from lineal.validation.page.notebook import framed

        return framed(self.to_html())
