"""The page in a real browser: what it shows is what autograd computed, and it can be used by everybody."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.page import page, page_data

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")


def lecture():
    """The lecture's net, its loss explained and then gone through backward."""
    cr.manual_seed(0)
    x, y = cr.randn(64, 3), cr.randn(64, 1)
    w1, w2 = cr.randn(3, 2, requires_grad=True), cr.randn(2, 1, requires_grad=True)
    h_1 = x.mm(w1)
    h_relu = h_1.clamp(min=0)
    out = h_relu.mm(w2)
    loss = (out - y).pow(2).sum()
    for tensor in (h_1, h_relu, out):
        tensor.retain_grad()
    explanation = cr.explain(loss)
    data = page_data(explanation)
    loss.backward()
    return data, {"w1": w1.grad, "w2": w2.grad, "h_1": h_1.grad, "h_relu": h_relu.grad, "out": out.grad}


@pytest.fixture(scope="module")
def data():
    return lecture()[0]


@pytest.fixture(scope="module")
def browser():
    driver = pytest.importorskip("playwright.sync_api")
    with driver.sync_playwright() as playwright:
        # as root, in a container, Chromium starts without its sandbox only
        started = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def show(browser, tmp_path):
    """Opens a page from a file. At the end nothing may have been asked for, said on the console, or raised."""
    seen, opened = [], []

    def open_page(data, lang="en", **options):
        file = tmp_path / f"page{len(opened)}.html"
        file.write_text(page(data, lang), encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        shown = context.new_page()
        shown.on("console", lambda message: seen.append(f"{message.type}: {message.text}"))
        shown.on("pageerror", lambda error: seen.append(f"error: {error}"))
        shown.on("dialog", lambda dialog: seen.append(f"dialog: {dialog.message}"))
        shown.on("request", lambda request: None if request.url == file.as_uri() else seen.append(request.url))
        shown.goto(file.as_uri())
        opened.append(context)
        return shown

    yield open_page
    for context in opened:
        context.close()
    assert seen == []


def number(text):
    return float(text.replace("−", "-").replace("∞", "inf"))


def cells(shown, symbol):
    """The numbers of a matrix as they stand on the page."""
    rows = shown.locator(f".grid:has([data-symbol='{symbol}']) [role=row]").all()
    return np.array([[number(text) for text in row.locator(".cell").all_inner_texts()] for row in rows])


def steps_of(shown):
    return int(shown.get_attribute("#slider", "max"))


# ── the file ────────────────────────────────────────────────────────────────────────────────────


def test_the_lecture_page_is_small(data):
    assert len(page(data).encode()) < 150_000


def test_the_page_names_nothing_outside_of_it(data):
    text = page(data)
    assert set(re.findall(r"https?://[^\s\"'<]*", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1998/Math/MathML",
    }
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import)\s*\(|<link|<img|<iframe|@import|url\((?!#)", text)


def test_the_policy_allows_the_page_s_own_style_and_script_and_nothing_else(data):
    text = page(data)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    digest = lambda part: base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
    style, script = (
        re.search("<style>(.*?)</style>", text, re.S)[1],
        re.findall("<script>(.*?)</script>", text, re.S)[-1],
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_data_cannot_end_its_element(data):
    text = page({**data, "source": "</script><!-- <script>"})
    inside = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1]
    assert "<" not in inside
    assert json.loads(inside)["source"] == "</script><!-- <script>"


def test_large_arrays_are_summarised():
    x, w = cr.randn(100, 100), cr.randn(100, 100, requires_grad=True)
    loss = x.mm(w).sum()
    symbols = page_data(cr.explain(loss))["symbols"]
    value = symbols["w"]["value"]
    assert set(value) == {"summary", "corner"}
    assert value["summary"]["max"] == pytest.approx(w.max().item())
    corner = np.frombuffer(base64.b64decode(value["corner"]["base64"]), "<f4").reshape(32, 32)
    assert np.array_equal(corner, w.detach().numpy()[:32, :32])


def test_a_number_that_float32_cannot_say_is_kept():
    x = cr.tensor([1e300, 1e-300], dtype=cr.float64, requires_grad=True)
    loss = (x * 2).sum()
    value = page_data(cr.explain(loss))["symbols"]["x"]["value"]
    assert np.frombuffer(base64.b64decode(value["base64"]), "<f8").tolist() == [1e300, 1e-300]


def test_save_writes_the_page_in_the_language_of_the_explanation(tmp_path):
    w = cr.randn(2, 2, requires_grad=True)
    explanation = cr.explain(w.exp().sum(), lang="ru")
    explanation.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    assert text == page(page_data(explanation), "ru")
    assert '<html lang="ru">' in text


# ── the browser ─────────────────────────────────────────────────────────────────────────────────


@needs_browser
def test_every_step_is_reached_by_keyboard(show, data):
    shown = show(data)
    total = len(data["steps"])
    shown.keyboard.press("Home")
    for n, step in enumerate(data["steps"], 1):
        assert shown.inner_text("#position") == f"Step {n} of {total}"
        assert step["formula"]["text"] in shown.inner_text("#description")
        assert shown.inner_text("#phase") == step["phase"]
        assert shown.locator("#formula math").count() == 1
        marked = [text.strip() for text in shown.locator("#source .now").all_inner_texts()]
        assert marked == step["numpy"].split("\n")
        assert shown.inner_text("#line code") == step["code"]
        shown.keyboard.press("ArrowRight")
    assert shown.inner_text("#position") == f"Step {total} of {total}"  # there is nothing behind the last one
    shown.keyboard.press("ArrowLeft")
    assert shown.inner_text("#position") == f"Step {total - 1} of {total}"
    shown.keyboard.press("End")
    assert shown.inner_text("#position") == f"Step {total} of {total}"


@needs_browser
def test_buttons_and_slider_step_too(show, data):
    shown = show(data)
    for button, n in [("first", 1), ("next", 2), ("next", 3), ("previous", 2), ("last", 9)]:
        shown.click(f"#{button}")
        assert shown.inner_text("#position") == f"Step {n} of 9"
    shown.focus("#slider")
    shown.keyboard.press("ArrowLeft")
    assert shown.inner_text("#position") == "Step 8 of 9"
    shown.keyboard.press("Home")
    assert shown.inner_text("#position") == "Step 1 of 9"
    assert shown.is_disabled("#first") and shown.is_disabled("#previous") and shown.is_enabled("#next")


@needs_browser
def test_the_numbers_are_those_of_autograd(show):
    data, gradients = lecture()
    shown = show(data)
    compared = []
    for i, step in enumerate(data["steps"], 1):
        shown.evaluate(
            "n => { const s = document.getElementById('slider'); s.value = n; s.dispatchEvent(new Event('input')); }", i
        )
        of = data["symbols"][step["target"]]["of"]
        if step["phase"] == "backward":
            np.testing.assert_allclose(cells(shown, step["target"]), gradients[of].numpy(), rtol=6e-4, atol=1e-12)
            norm = np.linalg.norm(gradients[of].numpy())
            shown_norm = re.search(r"‖·‖ (\S+)", shown.inner_text(".flow.target"))[1]
            assert number(shown_norm) == pytest.approx(norm, rel=6e-4)
            compared.append(of)
    assert sorted(compared) == sorted(gradients)


@needs_browser
def test_the_chain_rule_of_an_entry_sums_to_its_gradient(show):
    data, gradients = lecture()
    shown = show(data)
    shown.keyboard.press("End")
    expected = gradients["w1"].numpy()
    shown.focus(".flow.target .cell")
    for i in range(3):
        for j in range(2):
            lines = shown.locator("#chain .rule").all_inner_texts()
            assert lines[0] == f"∂loss/∂w1[{i},{j}] = Σₖ x[k,{i}] · ∂loss/∂h_1[k,{j}]"
            assert lines[1].endswith("(64 terms)") and "…" in lines[1]
            assert number(lines[2].removeprefix("= ")) == pytest.approx(expected[i, j], rel=6e-4)
            assert float(shown.get_attribute("#chain", "data-value")) == pytest.approx(expected[i, j], rel=1e-4)
            assert shown.locator(".cell.read").count() == 128  # the columns that it is made of
            shown.keyboard.press("ArrowRight")
        shown.keyboard.press("ArrowDown")
        shown.keyboard.press("ArrowLeft")
    assert shown.inner_text("#position") == "Step 9 of 9"  # arrows inside of a matrix leave the step alone


@needs_browser
def test_pointing_at_an_entry_shows_its_chain_rule(show, data):
    shown = show(data)
    shown.hover(".flow.target .cell >> nth=3")
    assert shown.inner_text("#chain .rule >> nth=0").startswith("∂loss/∂out[3,0] = ")


class Cube(cr.autograd.Function):
    """A user's own operation: it is named, not opened."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


def models():
    """Graphs with the words that the page works out entries for, and with some that it does not."""
    cr.manual_seed(1)
    x, w, b = cr.randn(4, 3), cr.randn(3, 2, requires_grad=True), cr.randn(2, requires_grad=True)
    z = x @ w + b
    labels = cr.tensor([0, 1, 1, 0])
    q, k = cr.randn(2, 3, 4, requires_grad=True), cr.randn(2, 3, 4, requires_grad=True)
    v, u = cr.randn(3, requires_grad=True), cr.randn(3, requires_grad=True)
    changed = v * 2
    changed.add_(1)
    changed[0] = 5
    (slope,) = cr.autograd.grad((u**3).sum(), u, create_graph=True)
    losses = {
        "a Function": Cube.apply(v).sum(),
        "in place": changed.sum(),
        "second derivative": slope.pow(2).sum(),
        "copied, repeated, divided": (v.clone() / u.repeat(2, 1)).sum(),
        "clamped, rounded": (v.clamp(-1, 1) * u.detach().round()).sum(),
        "several": [v.exp(), v.sin()],
        "scalars": v[0].sin() * v[1],
        "mean of squares": (z**2).mean(),
        "ReLU": (z.clamp(min=0) @ w.t()).pow(2).sum(),
        "tanh, sigmoid": (z.tanh() * z.sigmoid()).sum(),
        "cross-entropy": cr.nn.functional.cross_entropy(z, labels),
        "layer norm": ((z - z.mean(1, keepdim=True)) / (z.var(1, keepdim=True) + 1e-5).sqrt()).pow(3).sum(),
        "attention": ((q @ k.transpose(1, 2)).softmax(-1) @ k).sum(),
        "views": (w.t().reshape(2, 3)[1:, ::2] * 3).exp().sum(),
        "view of views": (w.view(6)[1:5].view(2, 2) @ w[:2]).pow(2).sum(),
        "where": cr.where(z > 0, z, z.abs().log()).sum(),
        "vectors": (v @ u) * (x @ v).sum() / v.norm(),
        "running sum": z.cumsum(0).pow(2).sum(),
        "extremes": z.max() + z.amin(0).sum() + z.maximum(cr.zeros(2)).sum(),
        "joined": cr.cat([z, z * 2], 1).sin().sum(),
        "sorted": z.flatten().sort()[0][:3].sum(),
        "not finite": (z.detach() * cr.tensor([float("inf"), float("nan")]) * w.sum()).sum(),
        "whole numbers, empty": (x[:0] @ w).sum() + (w * cr.arange(6).view(3, 2)).sum() + w[x[:3, 0] > 0].sum(),
    }
    return losses, (w, b, q, k, v, u)  # parameters live as long as somebody holds them


SWEEP = """() => {
    const found = [];
    const slider = document.getElementById("slider"), chain = document.getElementById("chain");
    for (let n = 1; n <= Number(slider.max); n++) {
        slider.value = n;
        slider.dispatchEvent(new Event("input"));
        for (const cell of document.querySelectorAll(".flow.target .cell")) {
            cell.focus();
            const stored = cell.textContent, lines = [...chain.querySelectorAll(".rule")].map(p => p.textContent);
            const remark = Boolean(chain.querySelector(".muted"));
            found.push([cell.dataset.symbol, stored, chain.dataset.value, lines, remark]);
        }
    }
    return found;
}"""


@needs_browser
@pytest.mark.parametrize("name", models()[0])
def test_the_chain_rule_of_every_entry_of_every_step_comes_to_the_number_that_is_there(show, name):
    losses, _parameters = models()
    shown = show(page_data(cr.explain(losses[name])))
    checked = 0
    for symbol, stored, value, lines, remark in shown.evaluate(SWEEP):
        assert " = " in lines[0]
        assert value or remark, (symbol, lines)  # what the page does not work out it says so
        if value and np.isfinite(float(value)):
            assert number(stored) == pytest.approx(float(value), rel=1e-3, abs=1e-5), (symbol, lines)
        elif value:
            assert repr(number(stored)) == repr(float(value)), (symbol, lines)
        checked += bool(value)
    assert checked


@needs_browser
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page_speaks_its_language(show, data, lang):
    shown = show(data, lang)
    assert shown.get_attribute("html", "lang") == lang
    heading = {"en": "Backprop of loss", "ru": "Обратное распространение для loss"}[lang]
    assert shown.inner_text("h1") == shown.title() == heading
    if lang == "ru":
        spoken = shown.evaluate(
            "[...document.querySelectorAll('h2, h3, button, #phase, .muted')].map(e => e.textContent).join(' ')"
        )
        assert not re.findall(r"\b(?:[Ss]tep|[Gg]radient|[Ff]orward|backward|values?|terms|input|result)\b", spoken)


def test_the_words_in_the_graph_are_translated():
    explanation, _net = deep("ru")
    lines = [
        text
        for level in page_data(explanation)["graph"].values()
        for box in level["boxes"]
        for text in [*box["lines"], *(foot["text"] for foot in box["feet"])]
    ]
    assert any(text.startswith("операций: ") for text in lines)
    assert any(text.endswith(" скаляр") for text in lines)
    assert not any(re.search("operations|scalar", text) for text in lines)


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_have_enough_contrast(show, data, scheme):
    shown = show(data, color_scheme=scheme)
    brightness = lambda: shown.evaluate(f"({CONTRAST})('body', true)")
    assert (brightness() > 0.9) == (scheme == "light")
    for _ in range(2):  # as the system says, then the other one by the button
        for step in ("Home", "End"):
            shown.keyboard.press(step)
            assert shown.evaluate(f"({CONTRAST})('body *', false)") == []
        shown.click("#theme")
    assert (brightness() > 0.9) == (scheme == "light")
    shown.click("#theme")
    assert (brightness() > 0.9) != (scheme == "light")


# The texts with a contrast below 4.5, or the brightness of the background of the first element.
CONTRAST = """(selector, background) => {
    for (const animation of document.getAnimations()) animation.finish();
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgb = color => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data];
    };
    const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
    const behind = element => {
        for (let e = element; e; e = e.parentElement) {
            const color = rgb(getComputedStyle(e).backgroundColor);
            if (color[3] === 255) return light(color);
        }
        return 1;
    };
    const elements = [...document.querySelectorAll(selector)];
    if (background) return behind(elements[0]);
    const hasText = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    const shown = e => e.offsetParent && hasText(e) && !e.matches(":disabled") && !e.closest("svg, script, style");
    return elements.filter(shown).map(e => {
        const [a, b] = [light(rgb(getComputedStyle(e).color)), behind(e)].sort((x, y) => y - x);
        return [e.textContent.slice(0, 40), e.className, (a + 0.05) / (b + 0.05)];
    }).filter(([, , contrast]) => contrast < 4.5);
}"""


@needs_browser
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_phone_never_scrolls_sideways(show, data, lang):
    shown = show(data, lang, viewport={"width": 360, "height": 740})
    shown.keyboard.press("Home")
    for _ in data["steps"]:
        assert shown.evaluate("document.documentElement.scrollWidth") <= 360
        shown.keyboard.press("ArrowRight")
    for button in ("#next", "#previous", "#first", "#last"):
        box = shown.locator(button).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360
        assert box["height"] >= 24  # WCAG's least size of a target


@needs_browser
def test_names_that_would_break_a_page_are_only_names(show):
    evil = "</script><script>alert(1)</script>"
    quoted, bold = "\"'`${x}\\", "<b onclick=alert(1)>жук & 変数</b>"
    a, b, c = (cr.randn(2, 2, requires_grad=True) for _ in range(3))
    loss = (a * b + c).sum()
    data = page_data(cr.explain(loss, names={evil: a, quoted: b, bold: c}))
    data["steps"][0]["code"] = data["steps"][0]["module"] = data["source"] = evil + quoted + bold
    shown = show(data)
    shown.keyboard.press("Home")
    names = set()
    for _ in data["steps"]:
        names |= set(shown.locator(".name").all_inner_texts())
        shown.keyboard.press("ArrowRight")
    assert shown.inner_text("#source").strip() == evil + quoted + bold
    assert {evil, quoted, bold} <= names
    assert shown.locator("b").count() == 0
    assert shown.locator("script").count() == 2


@needs_browser
def test_everything_that_acts_has_a_name_and_its_place_in_the_order(show, data):
    shown = show(data)
    problems = shown.evaluate(
        """() => {
        const problems = [], all = selector => [...document.querySelectorAll(selector)];
        const said = ids => ids.split(" ").map(id => document.getElementById(id)?.textContent ?? "").join("");
        const named = e => (e.getAttribute("aria-label") || said(e.getAttribute("aria-labelledby") ?? "")
            || (e.matches("button") ? e.textContent : "")).trim();
        if (all("h1").length !== 1) problems.push("h1");
        if (all("main").length !== 1) problems.push("main");
        for (const e of all("button, input, [role=button], [role=grid], [role=gridcell], [role=group], section, nav"))
            if (!named(e)) problems.push(e.outerHTML.slice(0, 80));
        for (const e of all("[tabindex]")) if (e.tabIndex > 0) problems.push(e.outerHTML.slice(0, 80));
        const ids = all("[id]").map(e => e.id);
        if (new Set(ids).size !== ids.length) problems.push("ids");
        for (const e of all("[role=grid]"))
            if (e.querySelectorAll("[tabindex='0']").length !== 1) problems.push("roving");
        for (const e of all("[role=row]")) if (e.parentElement.getAttribute("role") !== "grid") problems.push("row");
        for (const id of ["description", "chain"])
            if (document.getElementById(id).getAttribute("aria-live") !== "polite") problems.push(id);
        return problems;
    }"""
    )
    assert problems == []


@needs_browser
def test_focus_is_seen_wherever_tab_goes(show, data):
    shown = show(data)
    reached = []
    for _ in range(40):
        shown.keyboard.press("Tab")
        state = shown.evaluate(
            "() => { const e = document.activeElement; "
            "return [e.id || e.className?.baseVal || e.className || e.tagName, "
            "getComputedStyle(e).outlineStyle !== 'none' || e.matches('.box')]; }"
        )
        if state[0] == "BODY":
            break
        reached.append(state[0])
        assert state[1], state
    assert {"display", "theme", "first", "slider", "next", "source"} <= set(reached)
    assert any(name.startswith("cell") for name in reached)


def deep(lang="en"):
    """A graph whose modules fold: blocks in a net, layers in blocks."""
    cr.manual_seed(2)
    block = lambda: cr.nn.Sequential(cr.nn.Linear(3, 3), cr.nn.ReLU())
    net = cr.nn.Sequential(block(), block(), cr.nn.Linear(3, 1))
    loss = net(cr.randn(4, 3)).pow(2).mean()
    return cr.explain(loss, lang=lang), net


@needs_browser
def test_modules_open_and_close_by_keyboard_and_the_step_stays_marked(show):
    explanation, _net = deep()
    data = page_data(explanation)
    shown = show(data)
    levels = data["graph"]
    groups = lambda: shown.locator(".box.group")
    path = ""
    while groups().count():  # always into the first one
        assert shown.locator(".box").count() == len(levels[path]["boxes"])
        path = next(box["group"] for box in levels[path]["boxes"] if box.get("group"))
        groups().first.focus()
        shown.keyboard.press("Enter")
        assert levels[path]["label"] in shown.inner_text("#crumbs")
        assert (
            shown.locator("#crumbs button").get_attribute("aria-label") == f"Close the module {levels[path]['label']}"
        )
    assert path  # there were modules to open
    operation = shown.locator(".box.op").first
    operation.focus()
    shown.keyboard.press("Enter")  # goes to its step
    assert operation.get_attribute("aria-current") == "step"
    while shown.locator("#crumbs button").count():
        shown.focus("#crumbs button")
        shown.keyboard.press("Enter")
        assert shown.locator(".box.now").count() == 1
    shown.keyboard.press("Home")
    for step in data["steps"]:  # every step has its box, folded or not
        assert shown.locator(".box.now").count() >= 1, step["formula"]["text"]
        shown.keyboard.press("ArrowRight")


@needs_browser
def test_a_step_outside_of_the_open_module_closes_it(show):
    explanation, _net = deep()
    shown = show(page_data(explanation))
    shown.keyboard.press("Home")
    shown.locator(".box.group").first.click()
    assert shown.inner_text("#crumbs")
    shown.keyboard.press("End")
    shown.keyboard.press("Home")
    for _ in range(steps_of(shown)):
        assert shown.locator(".box.now").count() >= 1
        shown.keyboard.press("ArrowRight")


@needs_browser
def test_a_formula_is_copied_as_latex(show, data):
    shown = show(data)
    copied = shown.evaluate(
        """() => {
        const clipboardData = new DataTransfer();
        const event = new ClipboardEvent("copy", { clipboardData, bubbles: true, cancelable: true });
        document.querySelector("#formula math").dispatchEvent(event);
        return clipboardData.getData("text/plain");
    }"""
    )
    assert copied.startswith("\\frac{\\partial")


@needs_browser
def test_heat_map_and_numbers(show, data):
    shown = show(data)
    width = lambda: shown.locator(".flow.target .cell").first.bounding_box()["width"]
    wide = width()
    shown.click("#display")
    assert shown.get_attribute("#display", "aria-pressed") == "true"
    assert width() < wide / 3
    assert "= " in shown.locator(".flow.target .cell").first.get_attribute("aria-label")


@needs_browser
def test_a_large_matrix_shows_its_corner_and_says_so(show):
    x, w = cr.randn(100, 100), cr.randn(100, 100, requires_grad=True)
    h = x.mm(w)
    loss = h.sum()
    shown = show(page_data(cr.explain(loss)))
    shown.keyboard.press("Home")
    assert cells(shown, "w").shape == (32, 32)
    assert "shown: the first 32 × 32" in shown.inner_text("#flows")
    shown.focus(".flow.target .cell")
    assert "too large" in shown.inner_text("#chain")  # no sum is made up of what is not here
    assert "h[0,0] = Σₖ x[0,k] · w[k,0]" in shown.inner_text("#chain")
