"""Takes the picture of the lecture net's page that the README shows: python tools/page_image.py. Needs Chromium."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import chainrule as cr

IMAGE = Path(__file__).parent.parent / "docs" / "images" / "page.png"


def explanation():
    """The lecture's net with random numbers."""
    cr.manual_seed(0)
    x, y = cr.randn(64, 3), cr.randn(64, 1)
    w1, w2 = cr.randn(3, 2, requires_grad=True), cr.randn(2, 1, requires_grad=True)
    h_1 = x.mm(w1)
    h_relu = h_1.clamp(min=0)
    out = h_relu.mm(w2)
    loss = (out - y).pow(2).sum()
    return cr.explain(loss)


def main():
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        explanation().save(file)
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        shown = chromium.new_page(viewport={"width": 1280, "height": 800})
        shown.goto(file.as_uri())
        shown.keyboard.press("End")  # ∂loss/∂w1
        shown.hover(".flow.target .cell >> nth=1")
        shown.wait_for_timeout(300)  # colours fade in
        IMAGE.parent.mkdir(exist_ok=True)
        shown.screenshot(path=IMAGE)
        chromium.close()


if __name__ == "__main__":
    main()
