// The page: elements, the graph, the steps. Runs after page_entry.js, in one script with it.

// ── elements ────────────────────────────────────────────────────────────────────────────────────

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// ── values ──────────────────────────────────────────────────────────────────────────────────────

const cells = new Map(); // "symbol flat" → the cells that show it

function grid(id) {
  const array = arrayOf(id), { shape, name } = symbols[id];
  if (!array.size) return [make("p", { class: "muted small" }, words["page.empty"])];
  if (!array.numbers.length) return [make("p", { class: "muted small" }, words["page.no_numbers"])];
  const rows = Math.min(array.rows, 64), columns = Math.min(array.columns, 64);
  const largest = array.numbers.reduce((m, v) => Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m, 0) || 1;
  const box = make("div", { class: "grid", role: "grid", "aria-label": say("page.matrix", { name }) });
  for (let r = 0; r < rows; r++) {
    const line = make("div", { role: "row" });
    for (let c = 0; c < columns; c++) {
      const v = array.numbers[r * array.columns + c], flat = r * array.across + c, key = `${id} ${flat}`;
      const cell = make("div", { class: `cell ${v > 0 ? "plus" : v < 0 ? "minus" : ""}`, role: "gridcell", tabindex: r || c ? -1 : 0,
        "data-symbol": id, "data-flat": flat, "aria-label": `${name}${subscript(unflatten(flat, shape))} = ${digits(v)}` }, digits(v));
      if (Number.isFinite(v)) cell.style.setProperty("--v", Math.abs(v) / largest);
      line.append(cell);
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push(cell);
    }
    box.append(line);
  }
  const part = rows < array.down || columns < array.across;
  return part ? [box, make("p", { class: "muted small" }, say("page.part", { rows, columns }))] : [box];
}

function flow(id, title, target) {
  const { name, shape, kind, value, norm, line } = symbols[id];
  const facts = [words[`page.${kind}`], sized(shape), norm == null ? null : `‖·‖ ${digits(norm)}`, kind === "result" ? null : line].filter(Boolean);
  const card = make("div", { class: target ? "flow target" : "flow" }, make("h3", {}, title), make("div", { class: "name" }, name),
    make("p", { class: "muted small" }, facts.join(" · ")), ...grid(id));
  if (value && value.summary) {
    const rounded = Object.fromEntries(Object.entries(value.summary).map(([k, v]) => [k, digits(Number(v))]));
    card.append(make("p", { class: "muted small" }, say("page.summary_of", rounded)));
  }
  return card;
}

function choose(cell) {
  const key = `${cell.dataset.symbol} ${cell.dataset.flat}`;
  for (const old of $("flows").querySelectorAll(".chosen, .read")) old.classList.remove("chosen", "read");
  const { lines, value, touched: reads, remark } = chainRule(cell.dataset.symbol, Number(cell.dataset.flat));
  $("chain").replaceChildren(...lines.map(text => make("p", { class: "rule" }, text)));
  if (remark) $("chain").append(make("p", { class: "muted small" }, remark));
  $("chain").dataset.value = value ?? "";
  for (const read of reads) for (const found of cells.get(read) ?? []) found.classList.add("read");
  for (const found of cells.get(key) ?? []) found.classList.add("chosen");
}

function walk(event) {
  const cell = event.target.closest(".cell");
  if (!cell) return;
  const line = cell.parentElement, column = [...line.children].indexOf(cell);
  const next = { ArrowRight: cell.nextElementSibling, ArrowLeft: cell.previousElementSibling, Home: line.firstElementChild, End: line.lastElementChild,
    ArrowDown: line.nextElementSibling?.children[column], ArrowUp: line.previousElementSibling?.children[column] };
  if (!(event.key in next)) return;
  event.preventDefault();
  event.stopPropagation();
  if (!next[event.key]) return;
  cell.tabIndex = -1;
  next[event.key].tabIndex = 0;
  next[event.key].focus();
}

// ── the graph ───────────────────────────────────────────────────────────────────────────────────

let now = 0, level = "";
const levels = data.graph ?? {};
const parentOf = name => levels[name]?.parent ?? "";

function boxElement(box) {
  const folded = box.module != null, name = box.lines[0];
  const lines = box.lines.map((text, i) => draw("text", { x: box.x + box.w / 2, y: box.y + box.h / 2 + 16 * (i - (box.lines.length - 1) / 2) + 4, class: i ? "more" : "" }, text));
  const element = draw("g", { class: folded ? "box folded" : "box", tabindex: 0, role: "button", "data-operations": box.operations.join(" "),
    "aria-label": say(folded ? "page.open" : "page.operation", { name: folded ? box.module : name }) },
    draw("rect", { x: box.x, y: box.y, width: box.w, height: box.h, rx: 6 }), ...lines);
  const act = () => folded ? openLevel(box.module) : goToOperation(box.operations);
  element.addEventListener("click", act);
  element.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } });
  return element;
}

function edgeElement(edge) {
  const line = edge.points.map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`).join("");
  const element = draw("g", { class: "edge", "data-symbol": edge.tensor ?? "" }, draw("path", { d: line, "marker-end": "url(#tip)" }));
  if (edge.label) element.append(draw("text", { x: edge.at[0], y: edge.at[1] }, edge.label));
  return element;
}

function openLevel(name) {
  level = name;
  const shown = levels[name], tip = draw("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
    draw("path", { d: "M0 0L8 4L0 8z", class: "arrow" }));
  const svg = draw("svg", { width: shown.width, height: shown.height, viewBox: `0 0 ${shown.width} ${shown.height}` }, draw("defs", {}, tip),
    ...shown.edges.map(edgeElement), ...shown.boxes.map(boxElement));
  $("drawing").replaceChildren(svg);
  $("crumbs").replaceChildren();
  if (name) {
    const close = make("button", { "aria-label": say("page.close", { name }) }, `↑ ${parentOf(name) || words["page.whole"]}`);
    close.addEventListener("click", () => openLevel(parentOf(name)));
    $("crumbs").append(close, ` ${name}`);
  }
  markGraph();
}

function boxesOf(operations) {
  return [...$("drawing").querySelectorAll(".box")].filter(box => box.dataset.operations.split(" ").some(n => operations.includes(Number(n))));
}

function goToOperation(operations) { // the step of this direction if there is one, else the first
  const found = steps.map((_, i) => i).filter(i => steps[i].operations.some(n => operations.includes(n)));
  if (found.length) show(found.find(i => steps[i].phase === steps[now].phase) ?? found[0]);
}

function markGraph() {
  const step = steps[now], past = new Set();
  for (let i = now - 1; i >= 0 && steps[i].phase === step.phase; i--) steps[i].operations.forEach(n => past.add(n));
  for (const box of $("drawing").querySelectorAll(".box")) {
    const operations = box.dataset.operations.split(" ").map(Number);
    box.classList.toggle("done", operations.some(n => past.has(n)));
    box.classList.toggle("now", operations.some(n => step.operations.includes(n)));
    if (box.classList.contains("now")) box.setAttribute("aria-current", "step"); else box.removeAttribute("aria-current");
  }
  const moving = new Set([step.target, ...step.reads].map(id => symbols[id]?.of ?? id));
  for (const edge of $("drawing").querySelectorAll(".edge")) edge.classList.toggle("now", moving.has(edge.dataset.symbol));
  const box = $("drawing").querySelector(".box.now"), frame = $("drawing");
  if (!box) return;
  const place = box.getBoundingClientRect(), outer = frame.getBoundingClientRect();
  frame.scrollTop += place.top + place.height / 2 - outer.top - outer.height / 2;
  frame.scrollLeft += place.left + place.width / 2 - outer.left - outer.width / 2;
}

// ── steps ───────────────────────────────────────────────────────────────────────────────────────

function show(i) {
  now = Math.max(0, Math.min(steps.length - 1, i));
  const step = steps[now], { name, shape } = symbols[step.target], back = step.phase === "backward";
  const position = say("page.position", { n: now + 1, total: steps.length });
  root.dataset.phase = step.phase;
  $("slider").value = now + 1;
  $("slider").setAttribute("aria-valuetext", `${position}, ${words[`page.${step.phase}`]}: ${step.formula.text}`);
  $("position").textContent = position;
  $("first").disabled = $("previous").disabled = now === 0;
  $("next").disabled = $("last").disabled = now === steps.length - 1;
  $("phase").textContent = words[`page.${step.phase}`];
  $("facts").textContent = [sized(shape), step.module ? `${words["page.module"]} ${step.module}` : ""].filter(Boolean).join(" · ");
  $("description").textContent = `${position}, ${words[`page.${step.phase}`]}: ${step.formula.text}, ${sized(shape)}. ${step.note ?? ""}`;
  $("formula").innerHTML = step.formula.mathml; // escaped where it was made; the page's policy runs no script in it
  $("formula").setAttribute("aria-label", step.formula.text);
  $("note").textContent = step.note ?? "";
  $("line").replaceChildren(...(step.line ? [make("p", {}, make("span", { class: "muted" }, `${words["page.line"]} ${step.line}  `), make("code", {}, step.code ?? ""))] : []));
  cells.clear();
  const isGradient = id => symbols[id].kind === "gradient";
  const reads = back ? [...step.reads.filter(isGradient), ...step.reads.filter(id => !isGradient(id))] : step.reads;
  $("flows").replaceChildren(flow(step.target, words[back ? "page.gradient_out" : "page.out"], true),
    ...reads.map(id => flow(id, words[!back ? "page.in" : isGradient(id) ? "page.gradient_in" : "page.used"], false)));
  const first = $("flows").querySelector(".flow.target .cell");
  if (first) choose(first);
  else { $("chain").replaceChildren(make("p", { class: "muted small" }, words["page.entry_help"])); $("chain").dataset.value = ""; }
  showSource(step);
  if (!levels[""]) return;
  while (level && !boxesOf(step.operations).length) openLevel(parentOf(level));
  markGraph();
}

function showSource(step) {
  const [from, to] = step.lines ?? [0, -1], frame = $("source");
  [...frame.children].forEach((line, i) => {
    line.classList.toggle("now", i + 1 >= from && i + 1 <= to);
    if (i + 1 === from) frame.scrollTop = line.offsetTop - frame.offsetTop - frame.clientHeight / 3;
  });
}

const KEYS = { ArrowRight: () => now + 1, ArrowLeft: () => now - 1, Home: () => 0, End: () => steps.length - 1 };
document.addEventListener("keydown", event => {
  if (!(event.key in KEYS) || event.target === $("slider") || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(KEYS[event.key]());
});
$("flows").addEventListener("keydown", walk);
$("flows").addEventListener("focusin", event => event.target.closest(".cell") && choose(event.target));
$("flows").addEventListener("pointerover", event => event.target.closest(".cell") && choose(event.target));
$("slider").max = steps.length;
$("slider").addEventListener("input", () => show($("slider").value - 1));
$("first").addEventListener("click", () => show(0));
$("previous").addEventListener("click", () => show(now - 1));
$("next").addEventListener("click", () => show(now + 1));
$("last").addEventListener("click", () => show(steps.length - 1));
$("display").addEventListener("click", () => {
  const heat = root.dataset.display !== "heat";
  root.dataset.display = heat ? "heat" : "numbers";
  $("display").setAttribute("aria-pressed", heat);
});
$("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

$("source").append(...data.source.split("\n").map(line =>
  make("div", { class: /^\s*(#|""")/.test(line) ? "comment" : null }, line || " ")));
if (levels[""]) openLevel(""); else root.dataset.graph = "none";
show(Math.max(0, steps.findIndex(step => step.phase === "backward")));
