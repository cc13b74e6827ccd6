"""The page that the demo leaves, seen in a browser, without a server and without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Story

pytestmark = pytest.mark.timeout(900)  # the first test waits for three runs of the demo

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser() -> str:
    """The browser; one that is missing fails in CI, and is said how to get elsewhere."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        told = "no Chromium to see the page in (apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
    return found


@pytest.fixture
def seen(story: Story, browser: str, tmp_path: Path) -> tuple[str, str]:
    """Return the page as the browser has it once its script ran, and what the browser logged."""
    done = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={tmp_path}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--virtual-time-budget=5000",
            "--dump-dom",
            (Path(story.folder) / "report.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout, done.stderr


def test_the_page_opens_from_its_file_and_shows_its_charts(seen: tuple[str, str]) -> None:
    page, log = seen

    assert "CONSOLE" not in log, "the page's script must not complain"
    charts = re.findall(r"<svg[^>]*spark.*?</svg>", page, re.DOTALL)
    assert charts, "those in view are drawn"
    assert all("<path" in chart or "<rect" in chart for chart in charts)
    assert page.count('class="open"') == 19
    assert "19 features" in page, "the script has counted the rows"
    assert "kilometres" in page
    assert "above 5000" in page
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", page), "nothing is loaded from elsewhere"
    assert "https://" not in page.replace("http://www.w3.org", "")
