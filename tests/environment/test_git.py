"""The git state of a folder, read by the real git."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from lineal.environment.git import git_state

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a.py").write_text("1\n")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_clean_repository_gives_commit_and_branch(repository: Path) -> None:
    state = git_state(repository)

    assert state is not None
    assert state.commit == git(repository, "rev-parse", "HEAD")
    assert (state.branch, state.dirty) == ("main", False)


def test_a_folder_deep_inside_belongs_to_the_repository(repository: Path) -> None:
    inside = repository / "deep" / "er"
    inside.mkdir(parents=True)

    assert git_state(inside) == git_state(repository)


def test_a_changed_file_makes_it_dirty_and_an_untracked_one_does_not(repository: Path) -> None:
    (repository / "data.csv").write_text("x\n")
    untracked = git_state(repository)
    (repository / "a.py").write_text("2\n")
    changed = git_state(repository)

    assert untracked is not None
    assert changed is not None
    assert not untracked.dirty
    assert changed.dirty


def test_no_commit_yet_and_no_branch_are_told_apart(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    before = git_state(tmp_path)
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    git(tmp_path, "checkout", "-q", "--detach")
    detached = git_state(tmp_path)

    assert before is not None
    assert detached is not None
    assert (before.commit, before.branch) == ("", "main")
    assert (len(detached.commit), detached.branch) == (40, "")


def test_outside_a_repository_there_is_none(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None


def test_a_broken_repository_and_a_missing_git_stop_nothing(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / ".git" / "HEAD").write_text("nonsense")
    broken = git_state(repository)
    monkeypatch.setenv("PATH", "")
    missing = git_state(repository)

    assert broken is None
    assert missing is None


def test_a_variable_that_points_git_elsewhere_is_not_followed(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = git_state(repository)
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "-q", "-b", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))

    assert git_state(repository) == wanted


def test_a_monitor_named_by_the_repository_is_not_started(repository: Path) -> None:
    trap = repository / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {repository}/sprung\n")
    trap.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(trap))

    state = git_state(repository)

    assert state is not None
    assert not (repository / "sprung").exists()
