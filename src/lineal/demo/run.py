"""Run the demonstration: deliver, load, check, join, train, serve, and tell what was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import lineal
from lineal.demo.data import deliver
from lineal.demo.faults import FAULTS, SERVING, deliver_faults
from lineal.demo.journey import DELAY, incoming, journey
from lineal.demo.outcome import Outcome
from lineal.demo.telling import Teller
from lineal.pipeline import NodeState
from lineal.workspace import FileVersion

if TYPE_CHECKING:
    from lineal.lake import LakeVersion
    from lineal.pipeline import RunResult
    from lineal.workspace import RecordedReport, Workspace

__all__ = ["run"]

_ASKED = {"origin": ["JFK"], "carrier": ["B6"], "tailnum": ["N503JB"]}
_ASKED_AT = "2013-12-31T00:00Z"  # the last hour that the weather is known for
_LOOK_BACK = "2013-03-15"


def run(directory: str | Path, *, as_json: bool = False) -> Outcome:
    """Take a year of real flights through the whole journey, in a workspace in `directory`.

    Run again there, it reuses what is unchanged. Prints what was found to stdout, or one JSON
    document; progress goes to stderr. Raises `Unavailable` if the demo's packages are missing.
    """
    teller = Teller(as_json=as_json)
    root = Path(directory)
    with lineal.open(root) as ws:
        outcome = _journey(ws, root, teller)
        teller.tell(outcome)
    return outcome


def _journey(ws: Workspace, root: Path, teller: Teller) -> Outcome:
    teller.working("delivering the raw files")
    delivery = deliver(root / "raw")
    spoiled = deliver_faults(delivery.flights[-1])
    teller.working("adding them to the lake")
    raw = {
        version.name or "": version
        for version in ws.lake.add_all([*delivery.files, *spoiled.values()])
    }
    _subjects(ws)
    year = ws.run(
        journey,
        {
            "flights": _of(raw, delivery.flights),
            "weather": _of(raw, delivery.weather),
            "airlines": raw["airlines.csv"],
            "airports": raw["airports.csv"],
            "planes": raw["planes.csv"],
        },
        on_progress=teller.node,
    ).check()
    faults = ws.run(
        incoming,
        {
            "files": [raw[fault.file] for fault in FAULTS],
            "to_predict": raw[SERVING.file],
            "schema": ws.read(year["curate"].output.ref),
            "november": ws.read(year["describe-11"].output.ref),
            "flights": ws.read(year["load-flights-12"].output.ref),
        },
        on_progress=teller.node,
    )
    _check_refused(faults)
    teller.working("materializing the features")
    ws.features.materialize(DELAY, now=_ASKED_AT)
    reply = ws.features.online(DELAY, _ASKED, now=_ASKED_AT)
    reports = _reports(ws, year, faults)
    teller.working("drawing the page")
    page = _page(ws, year, faults, reports)
    model = year["train"].output
    return Outcome(
        workspace=ws.root,
        page=page,
        year=year,
        faults=faults,
        reports=reports,
        lineage=ws.lineage(model),
        reply=reply,
        known_in_march=_look_back(ws),
        metrics=_metrics(ws, year),
    )


def _of(raw: dict[str, LakeVersion], paths: tuple[Path, ...]) -> list[LakeVersion]:
    return [raw[path.name] for path in paths]


def _subjects(ws: Workspace) -> None:
    """Say who answers for which tables."""
    ws.warehouse.subject(
        "ops", owner="operations@example.org", description="Flights and weather", tags=["daily"]
    )
    ws.warehouse.subject(
        "ref", owner="data@example.org", description="What changes slowly", tags=["reference"]
    )


def _reports(ws: Workspace, year: RunResult, faults: RunResult) -> dict[str, RecordedReport]:
    """Return every report by what it is about: the months, then what went wrong."""
    from lineal.workspace import RecordedReport

    found: dict[str, RecordedReport] = {}
    for result, prefix in ((year, "check-"), (faults, "check-")):
        for node in result.nodes.values():
            if node.id.startswith(prefix) and node.outputs:
                value = ws.read(node.output.ref)
                if isinstance(value, RecordedReport):
                    found[node.id.removeprefix(prefix)] = value
    return found


def _look_back(ws: Workspace) -> list[dict[str, object]]:
    """Ask the same question as of March and as of now."""
    query = """
        SELECT count(*) AS flights, max(month) AS to_month,
               count(*) FILTER (WHERE month = 1) AS january,
               avg(dep_delay) FILTER (WHERE month = 1) AS its_delay
        FROM ops.flights
    """
    answers = []
    for label, view in ((_LOOK_BACK, ws.at(_LOOK_BACK)), ("now", ws)):
        (row,) = view.sql(query).read_all().to_pylist()
        version = view.warehouse.newest("ops.flights")
        answers.append({"known": label, "version": version.ref, **row})
    return answers


def _check_refused(faults: RunResult) -> None:
    """Raise unless the renamed column was refused, and nothing else went wrong."""
    refused = faults["load-renamed"]
    if refused.state is not NodeState.FAILED or not isinstance(refused.error, lineal.InvalidInput):
        raise lineal.LinealError(
            f"the load with a renamed column ended {refused.state}, it should have been refused"
        ) from refused.error
    for node in faults.nodes.values():
        if node.error is not None and node is not refused:
            raise node.error


def _metrics(ws: Workspace, year: RunResult) -> str:
    metrics = ws.get(year["evaluate"].output.ref)
    if not isinstance(metrics, FileVersion):
        raise lineal.InvalidInput(f"{metrics.ref} holds no metrics")
    return metrics.read_bytes().decode()


def _page(
    ws: Workspace, year: RunResult, faults: RunResult, reports: dict[str, RecordedReport]
) -> Path:
    """Write the page that compares January, December, and December with its worst fault."""
    from lineal.validation import Statistics, statistics_page

    shown: dict[str, Statistics] = {}
    found: dict[str, RecordedReport] = {}
    for name, result, key in (
        ("January", year, "01"),
        ("December", year, "12"),
        ("December, in kilometres", faults, "kilometres"),
    ):
        value = ws.read(result[f"describe-{key}"].output.ref)
        if isinstance(value, Statistics):
            shown[name], found[name] = value, reports[key]
    page = ws.root / "report.html"
    content = statistics_page(shown, report=found, title="Flights from New York, 2013")
    temporary = page.with_name(".report.html.part")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(page)
    return page
