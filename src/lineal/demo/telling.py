"""Tell the story of a run: progress on stderr, what was found on stdout."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from lineal.demo.faults import FAULTS

if TYPE_CHECKING:
    from lineal.demo.outcome import Outcome
    from lineal.pipeline import NodeResult, RunResult
    from lineal.workspace import RecordedReport

__all__ = ["Teller"]

_NEXT = (
    ("lineal log", "what happened, newest first"),
    ("lineal show ops.flights", "all that is known of the table"),
    ('lineal sql "SELECT carrier, avg(dep_delay) FROM ops.flights GROUP BY 1"', "ask"),
    ("lineal sql --at 2013-03-15 'SELECT count(*) FROM ops.flights'", "ask the past"),
    ("lineal lineage delay.model", "where the model came from"),
    ("lineal schema show flights.schema", "what flights should look like"),
    ("lineal features list", "the features there are"),
)


class Teller:
    """Prints progress while the demo works, and its findings in the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._out = Console(highlight=False)
        self._errors = Console(stderr=True, highlight=False)
        self._live = sys.stderr.isatty()

    def working(self, on: str) -> None:
        """Say what is being done, on a terminal."""
        if self._live:
            self._errors.print(f"… {on}", style="dim")

    def node(self, node: NodeResult) -> None:
        """Say that a step begins or has ended, on a terminal."""
        if self._live:
            self._errors.print(
                f"  {node.id}: {node.state.value.lower()} {node.reason}"[:110], style="dim"
            )

    def tell(self, outcome: Outcome) -> None:
        """Print everything that was found."""
        if self._as_json:
            print(json.dumps(_plain(outcome), default=str, indent=2))
            return
        out = self._out
        out.rule("The journey")
        out.print(_runs(outcome.year))
        out.rule("The year, month by month, against the curated schema")
        out.print(_months(outcome.reports))
        out.rule("What goes wrong in real life")
        for fault in FAULTS:
            self._fault(outcome, fault.file, fault.story)
        self._serving(outcome)
        out.rule("January as it was known in March")
        out.print(_rows(outcome.known_in_march))
        out.rule("The model")
        out.print(outcome.metrics)
        out.rule("Its lineage")
        from lineal.metadata.drawing import tree

        out.print(tree(outcome.lineage))
        out.rule("One flight's features, read online")
        out.print(_online(outcome))
        lines = [f"[bold]{command}[/]  [dim]{what}[/]" for command, what in _NEXT]
        lines.append(f"[bold]open {outcome.page}[/]  [dim]distributions, month against month[/]")
        out.print(Panel("\n".join(lines), title=f"Next, in {outcome.workspace}"))

    def _fault(self, outcome: Outcome, file: str, story: str) -> None:
        key = _key(file)
        self._out.print(f"[bold]{story}[/] ({file})")
        load = outcome.faults.nodes.get(f"load-{key}")
        if load is not None and load.state.value == "FAILED":
            self._out.print(f"  refused: {load.reason}", markup=False)
        report = outcome.reports.get(key)
        for anomaly in [] if report is None else report.anomalies:
            self._out.print(f"  {anomaly.path}: {anomaly.description}", markup=False)

    def _serving(self, outcome: Outcome) -> None:
        training = outcome.reports["to-predict-training"].anomalies
        serving = outcome.reports["to-predict-serving"].anomalies
        self._out.print("[bold]flights to predict, whose delays nobody knows yet[/]")
        self._out.print(f"  checked for TRAINING: {len(training)} anomalies")
        self._out.print(f"  checked for SERVING: {len(serving)} anomalies")


def _key(file: str) -> str:
    return file.removesuffix(".csv").rpartition("-")[2]


def _runs(run: RunResult) -> str:
    states = [node.state.value for node in run.nodes.values()]
    counted = {state: states.count(state) for state in dict.fromkeys(states)}
    told = ", ".join(f"{number} {state.lower()}" for state, number in counted.items())
    seconds = sum(node.seconds for node in run.nodes.values())
    return f"{len(states)} steps in {seconds:.1f} s: {told}"


def _months(reports: dict[str, RecordedReport]) -> Table:
    table = Table("month", "anomalies", "what")
    for name, report in reports.items():
        if name.isdigit():
            found = "; ".join(f"{a.path}: {a.short}" for a in report.anomalies)
            table.add_row(f"2013-{name}", str(len(report.anomalies)), found or "none")
    return table


def _rows(rows: list[dict[str, object]]) -> Table:
    table = Table()
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _online(outcome: Outcome) -> Table:
    table = Table("feature", "value", "status")
    values = outcome.reply.to_dict()
    for name, status in outcome.reply.status.items():
        table.add_row(name, _cell(values[name][0]), status[0].name)
    return table


def _cell(value: object) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def _plain(outcome: Outcome) -> dict[str, object]:
    return {
        "workspace": str(outcome.workspace),
        "page": str(outcome.page),
        "year": outcome.year.to_dict(),
        "faults": outcome.faults.to_dict(),
        "findings": {
            name: [{"path": a.path, "what": a.description} for a in report.anomalies]
            for name, report in outcome.reports.items()
        },
        "known": outcome.known_in_march,
        "metrics": json.loads(outcome.metrics),
        "lineage": outcome.lineage.to_dict(),
        "online": outcome.reply.to_dict(),
    }
