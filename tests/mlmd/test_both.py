"""The wheel and `lineal.mlmd` answer the same calls alike, but where Lineal is right on purpose."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUN = Path(__file__).parent / "both" / "run.py"

IA, EXISTS, INTERNAL = "InvalidArgumentError 3", "AlreadyExistsError 6", "InternalError 13"

# What the wheel answers, and what Lineal does; docs/mlmd.md says why.
DIFFERENCES: dict[str, tuple[Any, Any]] = {
    "types_of_two_kinds_with_one_external_id": (INTERNAL, EXISTS),
    "a_context_is_renamed_to_a_taken_name": (INTERNAL, EXISTS),
    "doubles_keep_all_their_digits": ([0.333333, 0.0], [1 / 3, 1e-9]),
    "infinity_is_a_value": (INTERNAL, [1]),
    "not_a_number_is_none": (INTERNAL, IA),
    "a_property_and_a_custom_one_of_the_same_name": ([5, 5], [5, 2]),
    "a_name_that_is_called_name": (["name", "x"], ["name"]),
    "text_behind_nul": ([1], IA),
    "text_that_stands_for_nothing": ([1], IA),
    "a_pair_of_nothing": ([1, [-1], []], [1, [], []]),
    "a_filter_with_a_state_that_is_newer": (IA, 1),
    "a_filter_with_a_function_that_sqlite_lacks": (INTERNAL, 1),
}


def answers(python: Path | str, package: str) -> dict[str, Any]:
    """Return what a package answers to every case, in a process of its own."""
    done = subprocess.run([python, RUN, package], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{package} does not answer:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def both(wheel_python: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return answers(wheel_python, "ml_metadata"), answers(sys.executable, "lineal.mlmd")


def values(answer: Any) -> Any:
    """Return the values alone of the artifacts in an answer."""
    if not (isinstance(answer, list) and answer and isinstance(answer[0], dict)):
        return answer
    held = [answer[0]["properties"], answer[0]["custom_properties"]]
    return [next(iter(next(iter(part.values())).values())) for part in held]


def test_both_answer_alike(both):
    wheel, ours = both
    alike = wheel.keys() - DIFFERENCES.keys()
    assert len(alike) > 130
    assert {name: ours[name] for name in alike} == {name: wheel[name] for name in alike}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_lineal_differs_as_told(both, name):
    wheel, ours = both
    assert (values(wheel[name]), values(ours[name])) == DIFFERENCES[name]
