"""The list of what is installed is right, also when it comes from the cache."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from lineal.environment.distributions import Distribution, installed

if TYPE_CHECKING:
    from pathlib import Path

OLD = time.time_ns() - 3_600 * 10**9


def install(site: Path, name: str, version: str, record: str = "x.py,sha256=abc,3\n") -> None:
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "RECORD").write_text(record)


def age(site: Path, when: int = OLD) -> None:
    os.utime(site, ns=(when, when))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setattr("sys.path", [str(folder)])
    return folder


def test_names_are_normalised_and_sorted(site: Path) -> None:
    install(site, "Zope.Interface", "1.0")
    install(site, "a_b", "2.0rc1")

    assert [(one.name, one.version) for one in installed()] == [
        ("a-b", "2.0rc1"),
        ("zope-interface", "1.0"),
    ]


def test_the_first_on_the_path_wins(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = site.parent / "second"
    install(site, "numpy", "2.0")
    install(second, "numpy", "1.0")
    monkeypatch.setattr("sys.path", [str(site), str(second), str(site.parent / "absent")])

    assert [one.version for one in installed()] == ["2.0"]


def test_scripts_and_installer_notes_do_not_count_but_code_does(site: Path) -> None:
    record = "x.py,sha256=abc,3\n"
    install(site, "a", "1", record)
    install(site, "b", "1", record + "../../../bin/x,sha256=zzz,9\nb-1.dist-info/INSTALLER,,\n")
    install(site, "c", "1", "x.py,sha256=other,3\n")

    a, b, c = installed()

    assert a.record == b.record
    assert a.record != c.record


def test_a_new_version_is_seen_through_the_cache(site: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    install(site, "numpy", "2.0")
    age(site)
    before = installed(cache=cache)

    install(site, "pandas", "3.0")
    after = installed(cache=cache)

    assert [one.name for one in before] == ["numpy"]
    assert [one.name for one in after] == ["numpy", "pandas"]


def test_the_cache_answers_while_the_folder_is_unchanged(site: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    install(site, "numpy", "2.0")
    age(site)
    known = installed(cache=cache)

    # Behind the cache's back, which could only be seen by reading everything again.
    (site / "numpy-2.0.dist-info" / "METADATA").write_text("Name: numpy\nVersion: 9.9\n")
    age(site)

    assert installed(cache=cache) == known


def test_a_folder_that_changed_just_now_is_not_kept(site: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    install(site, "numpy", "2.0")
    # A time that stays recent however slow the machine is: another change may carry it too.
    age(site, time.time_ns() + 3_600 * 10**9)

    assert [one.name for one in installed(cache=cache)] == ["numpy"]
    assert not cache.exists()


@pytest.mark.parametrize("damage", ["", "{", '{"format": 1}', '{"format": 99, "folders": []}'])
def test_a_damaged_cache_is_made_anew(site: Path, tmp_path: Path, damage: str) -> None:
    cache = tmp_path / "cache"
    install(site, "numpy", "2.0")
    age(site)
    known = installed(cache=cache)
    (kept,) = cache.iterdir()
    kept.write_text(damage)

    assert installed(cache=cache) == known
    assert json.loads(kept.read_text())["folders"]
    assert list(cache.iterdir()) == [kept]


def test_a_cache_that_cannot_be_written_is_done_without(site: Path, tmp_path: Path) -> None:
    install(site, "numpy", "2.0")
    age(site)
    occupied = tmp_path / "cache"
    occupied.write_text("a file where the folder should be")

    assert [one.name for one in installed(cache=occupied)] == ["numpy"]


def test_a_distribution_without_a_name_is_left_out(site: Path) -> None:
    (site / "broken-1.0.dist-info").mkdir()
    install(site, "numpy", "2.0")

    assert [one.name for one in installed()] == ["numpy"]


def test_a_distribution_is_ordered_by_name_then_version() -> None:
    assert Distribution("a", "2") < Distribution("b", "1")
