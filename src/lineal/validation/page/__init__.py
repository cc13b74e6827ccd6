"""Show statistics, a comparison of several, and anomalies as one HTML page that needs nothing."""

from __future__ import annotations

from lineal.validation.page.document import statistics_page

__all__ = ["statistics_page"]
