"""Show statistics, a comparison of several, and anomalies as one HTML page that needs nothing."""

from __future__ import annotations

from lineal.validation.page.comparison import Comparison, Difference
from lineal.validation.page.document import statistics_page
from lineal.validation.page.facets import facets, facets_base64
from lineal.validation.page.notebook import framed

__all__ = [
    "Comparison",
    "Difference",
    "facets",
    "facets_base64",
    "framed",
    "statistics_page",
]
