"""The documentation as a site: it builds strictly, needs no network, and leads nowhere wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
pytest.importorskip("mkdocs")
pytest.importorskip("material")

ROOT = Path(__file__).resolve().parents[2]


def build(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(directory)]
    return subprocess.run([*command, *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    done = build(directory)  # a link or an anchor that leads nowhere is a warning, and so an error
    assert done.returncode == 0, done.stderr
    return directory


def test_all_pages_are_there(site: Path) -> None:
    for page in (ROOT / "docs").glob("*.md"):
        assert (site / f"{page.stem}.html").is_file()
    for name in ("index", "CONTRIBUTING", "CHANGELOG", "riot_pkg/msfcnn/doc"):
        assert (site / "repo" / f"{name}.html").is_file()
    assert "msfcnn_push_row" in (site / "c-api.html").read_text()


URL = r"=[\"']?(https?:[^\"' >]+)"
FETCHING = (
    r"<(?:script|img|iframe)[^>]* src" + URL,
    r"<link[^>]* rel=[\"']?(?:stylesheet|preconnect|icon)[^>]* href" + URL,
)


def test_nothing_is_fetched(site: Path) -> None:
    for page in site.rglob("*.html"):
        found = [url for kind in FETCHING for url in re.findall(kind, page.read_text())]
        assert found == [], page.name


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    """Also to files beside the pages, which the strict build does not look at."""
    lost = []
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        for link in re.findall(r"<a[^>]* href=[\"']?([^\"'# >]+)", page.read_text()):
            if not re.match(r"[a-z]+:", link) and not (page.parent / link).exists():
                lost.append(f"{page.relative_to(site)}: {link}")
    assert lost == []


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("[nowhere](nowhere.md)\n")
    config = tmp_path / "mkdocs.yml"
    config.write_text("site_name: x\nvalidation: {links: {not_found: warn}}\n")
    done = build(tmp_path / "site", "-f", str(config))
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
