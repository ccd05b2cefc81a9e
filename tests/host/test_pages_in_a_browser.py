"""Pages in headless Chromium: axe finds nothing serious, nothing is wider than a phone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nightly_runs import fake, three_boards

import msfcnn
from msfcnn.nightly.campaign import run_all
from msfcnn.nightly.history import History
from msfcnn.nightly.page import html_page
from msfcnn.options import Options
from msfcnn.page import report_page

pytestmark = pytest.mark.long
sync_api = pytest.importorskip("playwright.sync_api", reason="pip install 'msfcnn[browser]'")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
SIZES = (1280, 390)
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module", params=["report", "nightly"])
def page_file(request: pytest.FixtureRequest, tmp_path_factory: Any, repo_root: Path) -> Path:
    directory = tmp_path_factory.mktemp(request.param)
    file = directory / "page.html"
    if request.param == "report":
        model = repo_root / "apps" / "digits" / "digits.onnx"
        boards = ["nucleo-f767zi", "hifive1b", "nrf52840dk", "rpi-pico", "esp32-wroom-32"]
        found = msfcnn.board_report(
            model,
            boards,
            Options(),
            builds=directory,
            dataset=model.with_name("digits_test.npz"),
            with_fronts=True,
        )
        file.write_text(report_page(found, "msfcnn report"))
    else:
        settings = three_boards(directory)
        run_all(settings, execute=fake(host={"accuracy": 0.99}))
        broken = {"state": "failed", "reason": "did not end: `make` " + "is-long" * 30}
        report = run_all(settings, execute=fake(host=broken, native64={"time_us": 9000.0}))
        file.write_text(html_page(report, History(settings.keep)))
    return file


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", SIZES)
def test_axe_and_width(browser: Any, page_file: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(page_file.as_uri())
    for details in page.locator("details").all():
        details.evaluate("element => element.open = true")
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(over) == 0  # tables scroll, not the page
    found = axe_api.Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    page.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: Any, repo_root: Path) -> Path:
    pytest.importorskip("material")
    directory = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(directory)]
    subprocess.run(command, cwd=repo_root, check=True)
    return directory


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("name", ["index", "plan", "kernels", "ops", "c-api", "repo/index"])
def test_the_site(browser: Any, site: Path, name: str, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_function("!document.querySelector('.md-typeset__scrollwrap:not([tabindex])')")
    assert [url for url in asked if not url.startswith("file:")] == []
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(over) == 0
    found = axe_api.Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    page.close()


@pytest.fixture
def report_file(tmp_path: Path, repo_root: Path) -> Path:
    model = repo_root / "apps" / "digits" / "digits.onnx"
    found = msfcnn.board_report(model, ["hifive1b"], builds=tmp_path, with_fronts=True)
    file = tmp_path / "page.html"
    file.write_text(report_page(found, "msfcnn report"))
    return file


def test_layers_sort_and_stages_step(browser: Any, report_file: Path) -> None:
    page = browser.new_page()
    page.goto(report_file.as_uri())
    table = page.locator("table.sortable")
    column = table.locator("tbody tr td:nth-child(5)")
    macs = [int(text.replace(",", "")) for text in column.all_inner_texts()]
    head = table.locator("th button", has_text="MACs")
    for order in (sorted(macs, reverse=True), sorted(macs)):
        head.click()
        assert [int(text.replace(",", "")) for text in column.all_inner_texts()] == order
    page.locator("details:has(.motion)").first.evaluate("element => element.open = true")
    stage = page.locator(".motion").first
    assert stage.locator("figure").count() == 1
    before = stage.locator("rect.part").evaluate_all("all => all.map(r => r.outerHTML)")
    stage.locator("button[data-by='1']").click()
    after = stage.locator("rect.part").evaluate_all("all => all.map(r => r.outerHTML)")
    assert before != after
    stage.locator("input").focus()
    page.keyboard.press("End")
    assert "after row" in stage.locator("figcaption").inner_text()
    page.close()


def test_it_reads_without_javascript_and_in_print(browser: Any, report_file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report_file.as_uri())
    assert not page.locator(".control").first.is_visible()
    assert page.locator(".motion").first.locator("figure").count() == 3
    assert page.locator("table.sortable tbody tr").count() > 10
    page.emulate_media(media="print")
    assert page.locator(".motion figure").first.is_visible()  # though its details are closed
    context.close()


def test_a_fault_would_be_found(browser: Any) -> None:
    page = browser.new_page()
    page.set_content("<html><body><img src=x><p style='color:#eee'>pale</p></body></html>")
    found = axe_api.Axe().run(page).response["violations"]
    assert {"image-alt", "color-contrast"} <= {v["id"] for v in found}
    page.close()
