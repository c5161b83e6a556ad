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
  const facts = [words[`page.${kind}`], sized(shape), norm == null ? null : `‖·‖ ${digits(norm)}`, kind === "result" ? line : null].filter(Boolean);
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

const FOOT = 18, LINE = 16; // the name of a tensor under its box, a line of text in it
const levels = data.graph ?? {};
const parents = new Map(Object.entries(levels).flatMap(([path, inside]) => inside.boxes.filter(box => box.group).map(box => [box.group, path])));
let now = 0, level = "";

const covers = (box, n) => box.group ? box.operations[0] <= n && n < box.operations[1] : box.operation === n;

function text(words, x, y, look) {
  return draw("text", { x, y, class: look }, words);
}

function boxElement(box) {
  const name = box.lines[0], plain = box.kind === "in" || box.kind === "out", acts = box.group || box.operation != null;
  const top = box.y + (plain ? 13 : 17), middle = box.x + box.w / 2;
  const lines = box.lines.map((line, i) => text(line, middle, top + LINE * i, box.roles[i]));
  const feet = box.feet.map(foot => fill(text(foot.text, box.x + foot.x, box.y + box.h - 4, "foot"), { "data-values": foot.values.join(" ") }, []));
  const frame = plain ? [] : [draw("rect", { x: box.x, y: box.y, width: box.w, height: box.h - (feet.length ? FOOT : 0), rx: 5 })];
  const element = draw("g", { class: `box ${box.kind}` }, ...frame, ...lines, ...feet);
  if (!acts) return element;
  const act = () => box.group ? openLevel(box.group) : goToOperation(box.operation);
  fill(element, { tabindex: 0, role: "button", "aria-label": say(box.group ? "page.open" : "page.operation", { name }) }, []);
  element.addEventListener("click", act);
  element.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } });
  return element;
}

function wireElement(wire) {
  const points = wire.points.filter(([x, y], i) => !i || x !== wire.points[i - 1][0] || y !== wire.points[i - 1][1]);
  const d = points.map(([x, y], i) => {
    if (!i) return `M${x} ${y}`;
    const [x0, y0] = points[i - 1], half = (y0 + y) / 2;
    return x === x0 ? `V${y}` : `C${x0} ${half} ${x} ${half} ${x} ${y}`;
  });
  return draw("path", { d: d.join(""), class: "wire", "data-values": wire.value });
}

function openLevel(path) {
  level = path;
  const { width, height, boxes, wires, label } = levels[path], tip = draw("marker",
    { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" }, draw("path", { d: "M0 0L8 4L0 8z", class: "tip" }));
  $("drawing").replaceChildren(draw("svg", { width: width + 16, height: height + 16, viewBox: `-8 -8 ${width + 16} ${height + 16}`, role: "group", "aria-labelledby": "graph-title" },
    draw("defs", {}, tip), ...wires.map(wireElement), ...boxes.map(boxElement)));
  $("crumbs").replaceChildren();
  if (path) {
    const parent = parents.get(path), close = make("button", { "aria-label": say("page.close", { name: label }) }, `↑ ${levels[parent].label || words["page.whole"]}`);
    close.addEventListener("click", () => { openLevel(parent); ($("drawing").querySelector(".box.now") ?? $("drawing")).focus(); });
    $("crumbs").append(close, ` ${label}`);
  }
  markGraph();
}

function goToOperation(n) { // the step of this direction if there is one, else the first
  const found = steps.map((_, i) => i).filter(i => steps[i].operations.includes(n));
  if (found.length) show(found.find(i => steps[i].phase === steps[now].phase) ?? found[0]);
}

function markGraph() {
  const step = steps[now], past = new Set(), { boxes } = levels[level];
  for (let i = now - 1; i >= 0 && steps[i].phase === step.phase; i--) steps[i].operations.forEach(n => past.add(n));
  const elements = $("drawing").querySelectorAll(".box");
  boxes.forEach((box, i) => {
    const current = step.operations.some(n => covers(box, n));
    elements[i].classList.toggle("now", current);
    elements[i].classList.toggle("done", [...past].some(n => covers(box, n)));
    if (current) elements[i].setAttribute("aria-current", "step"); else elements[i].removeAttribute("aria-current");
  });
  const moving = new Set([step.target, ...step.reads].map(id => symbols[id].of));
  for (const shown of $("drawing").querySelectorAll("[data-values]"))
    shown.classList.toggle("moving", shown.dataset.values.split(" ").some(id => moving.has(id)));
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
  while (level && !levels[level].boxes.some(box => step.operations.some(n => covers(box, n)))) openLevel(parents.get(level));
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
$("formula").addEventListener("copy", event => { // a formula is copied as LaTeX
  event.clipboardData.setData("text/plain", $("formula").querySelector("math").dataset.latex);
  event.preventDefault();
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
const system = matchMedia("(prefers-color-scheme: dark)");
function setTheme(dark) {
  root.dataset.theme = dark ? "dark" : "light";
  $("theme").setAttribute("aria-pressed", dark);
}
$("theme").addEventListener("click", () => setTheme(root.dataset.theme !== "dark"));
system.addEventListener("change", () => setTheme(system.matches));
setTheme(system.matches);

$("source").append(...data.source.split("\n").map(line =>
  make("div", { class: /^\s*(#|""")/.test(line) ? "comment" : null }, line || " ")));
if (levels[""]) openLevel(""); else root.dataset.graph = "none";
show(Math.max(0, steps.findIndex(step => step.phase === "backward")));
