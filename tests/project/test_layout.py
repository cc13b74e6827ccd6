"""What the project promises of its own files."""

import re
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+")
MOST_LINES = 600


def pins() -> dict[str, str]:
    """Return the pinned release of each distribution in the constraints file."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    parted = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): release for name, release in parted}


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def wanted() -> set[str]:
    """Return all distributions that an environment with every extra and tool holds."""
    settings = project()
    waiting = [
        Requirement(text)
        for texts in (
            settings["project"]["dependencies"],
            *settings["project"]["optional-dependencies"].values(),
            *settings["dependency-groups"].values(),
            settings["build-system"]["requires"],
        )
        for text in texts
    ]
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found.add(name)
        for text in requires(name) or []:
            further = Requirement(text)
            asked = [{"extra": extra} for extra in extras | {""}]
            if further.marker is None or any(further.marker.evaluate(one) for one in asked):
                waiting.append(further)
    return found


def test_constraints_are_exact_pins_without_addresses() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()

    assert [line for line in lines if not line.startswith("#") and not PIN.fullmatch(line)] == []
    assert "://" not in "\n".join(lines)


def test_everything_installed_is_pinned_to_what_is_installed() -> None:
    pinned = pins()

    assert {name: pinned.get(name) for name in wanted()} == {
        name: version(name) for name in wanted()
    }


def test_no_pin_is_left_over() -> None:
    builders = {"pip", "setuptools"}  # make .venv, and build the one package that has no wheel

    assert pins().keys() - wanted() - builders == set()


def test_source_files_are_of_readable_length() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in ROOT.glob("src/**/*.py")
        if "_pb2" not in path.name
    }

    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


def test_no_module_hides_behind_an_empty_name() -> None:
    names = {path.stem for path in ROOT.glob("src/**/*.py")}

    assert names & {"common", "helper", "helpers", "manager", "misc", "util", "utils"} == set()


def test_the_package_ships_its_types_and_licence() -> None:
    assert (ROOT / "src/lineal/py.typed").exists()
    assert project()["project"]["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_the_changelog_tells_of_this_version() -> None:
    number = project()["project"]["version"]

    told = (ROOT / "CHANGELOG.md").read_text().splitlines()
    assert any(line.split()[:2] == ["##", number] for line in told)
