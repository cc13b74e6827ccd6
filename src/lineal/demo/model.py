"""A small model of the departure delay: gradient-boosted trees on the joined features."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

from lineal.errors import Unavailable

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["COLUMNS", "fit", "measure", "predict"]

COLUMNS = (
    "hour",
    "distance",
    "weather.temp",
    "weather.wind_speed",
    "weather.visib",
    "weather.precip",
    "aircraft.year",
    "aircraft.seats",
    "carrier_delays.delay",
    "carrier_delays.arrival",
)
_LABEL = "dep_delay"
_TRAINED_UNTIL = "2013-10-01"


def fit(training: pa.Table, *, depth: int) -> bytes:
    """Train on the flights before October that left; return the model, pickled."""
    rows = _rows(training, before=True)
    model = _regressor(depth)
    model.fit(_matrix(rows), rows.column(_LABEL).to_numpy())
    return pickle.dumps(model)


def measure(training: pa.Table, model: bytes) -> bytes:
    """Return the model's errors on October to December as JSON, beside those of the mean."""
    import numpy as np

    rows = _rows(training, before=False)
    truth = rows.column(_LABEL).to_numpy()
    guessed = predict(rows, model)
    mean = _rows(training, before=True).column(_LABEL).to_numpy().mean()
    errors = {
        "rows": len(truth),
        "mean_absolute_error_minutes": round(float(np.abs(truth - guessed).mean()), 3),
        "of_the_mean_minutes": round(float(np.abs(truth - mean).mean()), 3),
    }
    return json.dumps(errors, sort_keys=True).encode()


def predict(rows: pa.Table, model: bytes) -> np.ndarray:
    """Return the expected delay of each row in minutes."""
    guessed: np.ndarray = pickle.loads(model).predict(_matrix(rows))  # noqa: S301 -- our own
    return guessed


def _regressor(depth: int):  # type: ignore[no-untyped-def]
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
    except ImportError as error:
        raise Unavailable(
            "the demo's model needs scikit-learn: pip install 'lineal[demo]'"
        ) from error
    return HistGradientBoostingRegressor(
        loss="absolute_error", max_depth=depth, max_iter=60, random_state=0
    )


def _rows(training: pa.Table, *, before: bool) -> pa.Table:
    """Return the flights that left before October, or from then on."""
    from datetime import UTC, datetime

    import pyarrow as pa
    import pyarrow.compute as pc

    border = pa.scalar(
        datetime.fromisoformat(_TRAINED_UNTIL).replace(tzinfo=UTC), pa.timestamp("us", "UTC")
    )
    time = training.column("time_hour")
    chosen = pc.less(time, border) if before else pc.greater_equal(time, border)
    return training.filter(pc.and_(chosen, pc.is_valid(training.column(_LABEL))))


def _matrix(rows: pa.Table) -> np.ndarray:
    """Return the model's columns as numbers; what is missing is NaN, which trees can use."""
    import numpy as np
    import pyarrow as pa

    return np.column_stack(
        [rows.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False) for name in COLUMNS]
    )
