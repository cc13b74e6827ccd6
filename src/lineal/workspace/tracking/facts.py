"""What is noted of a run beside its inputs and outputs: arguments, variables, who started it."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.properties import storable
from lineal.workspace.tracking.secrets import MASK, is_secret, mask, mask_arguments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lineal.metadata import Value

__all__ = [
    "EXTERNAL_PARENT",
    "FOLDER",
    "RERUN_OF",
    "RERUN_VARIABLE",
    "as_json",
    "as_parameters",
    "as_value",
    "external_parent",
    "facts",
]

EXTERNAL_PARENT = "lineal_external_parent"
FOLDER = "lineal_folder"
RERUN_OF = "lineal_rerun_of"
RERUN_VARIABLE = "LINEAL_RERUN_OF"
"""The environment variable that tells a tracked script which run it repeats."""
_LONGEST = 10_000
_AIRFLOW = ("AIRFLOW_CTX_DAG_ID", "AIRFLOW_CTX_TASK_ID", "AIRFLOW_CTX_DAG_RUN_ID")
_INT64 = range(-(2**63), 2**63)


def facts(
    *, arguments: Iterable[str] | None = None, environment: Iterable[str] = ()
) -> dict[str, Value]:
    """Return what is noted of a run that begins now; `environment` names variables to keep."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    found: dict[str, Value] = {FOLDER: storable(os.getcwd())}  # noqa: PTH109
    again = os.environ.get(RERUN_VARIABLE, "")
    if again.isdecimal():
        found[RERUN_OF] = int(again)
    if given:
        found["lineal_arguments"] = storable(json.dumps(mask_arguments(given), ensure_ascii=False))[
            :_LONGEST
        ]
    chosen = {name: os.environ[name] for name in environment if name in os.environ}
    if chosen:
        shown = {name: MASK if is_secret(name) else mask(held) for name, held in chosen.items()}
        found["lineal_variables"] = storable(json.dumps(shown, sort_keys=True, ensure_ascii=False))[
            :_LONGEST
        ]
    outside = external_parent()
    if outside:
        found[EXTERNAL_PARENT] = outside
    return found


def external_parent() -> str:
    """Return the run of another tool that this process belongs to, as that tool names it.

    `openlineage:<namespace>/<job>/<run>`, or `airflow:<dag>/<task>/<dag run>`; else empty.
    """
    told = os.environ.get("OPENLINEAGE_PARENT_ID", "").strip()
    if told:
        return storable(f"openlineage:{told}")[:_LONGEST]
    parts = [os.environ.get(name, "") for name in _AIRFLOW]
    return storable(f"airflow:{'/'.join(parts)}")[:_LONGEST] if all(parts) else ""


def as_parameters(given: Mapping[str, object] | None) -> dict[str, Value]:
    """Return parameters as properties of an execution; those of secrets are masked."""
    return {
        _name(name): MASK if is_secret(name) else as_value(value)
        for name, value in (given or {}).items()
        if value is not None
    }


def as_value(value: object) -> Value:
    """Return a value as a property holds it: numbers, text and bools as they are, else as text."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():  # a number of numpy's
        value = item()
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in _INT64:
        return int(value)
    if isinstance(value, float) and value == value:  # NaN can't be stored
        return float(value)
    if isinstance(value, str):
        return storable(mask(value))[:_LONGEST]
    if isinstance(value, dict | list | tuple):
        return storable(mask(json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)))[
            :_LONGEST
        ]
    return storable(mask(str(value)))[:_LONGEST]


def as_json(value: object) -> str:
    """Return a value as text that people can read in the graph."""
    return storable(json.dumps(value, ensure_ascii=False))


def _name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidInput(f"a parameter's name must be text, not {name!r}")
    if name.startswith("lineal_"):
        raise InvalidInput(f"a parameter can't be called {name!r}; 'lineal_' is the recorder's own")
    return name
