"""How two environments differ, in words."""

from __future__ import annotations

from dataclasses import replace

from lineal.environment import Change, Distribution, Environment, GitState, Interpreter, diff

BASE = Environment(
    interpreter=Interpreter("cpython", "3.11.7", "cpython-311", "linux", "x86_64"),
    platform="Linux 6.1, glibc 2.36",
    distributions=(Distribution("numpy", "2.0", "a"), Distribution("pandas", "3.0", "b")),
    git=None,
)


def test_equal_environments_do_not_differ() -> None:
    assert diff(BASE, BASE) == ()


def test_each_kind_of_change_is_told() -> None:
    after = replace(
        BASE,
        interpreter=replace(BASE.interpreter, version="3.12.1"),
        platform="Linux 6.2, glibc 2.36",
        distributions=(
            Distribution("numpy", "2.1", "c"),
            Distribution("polars", "2.0", "d"),
        ),
        git=GitState("0123456789abcdef" + "0" * 24, "main", dirty=True),
    )

    assert [str(change) for change in diff(BASE, after)] == [
        "interpreter version 3.11.7 → 3.12.1",
        "numpy 2.0 → 2.1",
        "pandas 3.0 removed",
        "polars 2.0 added",
        "platform Linux 6.1, glibc 2.36 → Linux 6.2, glibc 2.36",
        "git 0123456789ab with changes added",
    ]


def test_the_same_version_of_other_files_is_told_as_built_anew() -> None:
    after = replace(BASE, distributions=(BASE.distributions[0], Distribution("pandas", "3.0", "z")))

    assert diff(BASE, after) == (Change("pandas", "3.0", "3.0"),)
    assert str(diff(BASE, after)[0]) == "pandas 3.0 built anew"


def test_of_a_content_the_beginning_is_told():
    before, after = "0a" * 32, "b1" * 32
    assert str(Change("input x.csv", before, after)) == "input x.csv 0a0a0a0a0a0a → b1b1b1b1b1b1"
    assert str(Change("input x.csv", None, after)) == "input x.csv b1b1b1b1b1b1 added"
    assert str(Change("input x.csv", before, None)) == "input x.csv 0a0a0a0a0a0a removed"
