// What the page computes: numbers, and the chain rule of one entry. page.js shows it.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const { words, steps, symbols } = data;
const root = document.documentElement;
const $ = id => document.getElementById(id);
const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

// ── numbers ─────────────────────────────────────────────────────────────────────────────────────

function digits(v) { // four significant ones; whole numbers whole
  if (Number.isNaN(v)) return "nan";
  const size = Math.abs(v);
  let text = size === Infinity ? "∞" : size >= 1e7 || (size && size < 1e-4) ? size.toExponential(3).replace("-", "−").replace("+", "")
    : size >= 1e4 || Number.isInteger(size) ? String(Math.round(size)) : String(+size.toPrecision(4));
  return (v < 0 ? "−" : "") + text;
}

function decode({ base64, bits }) {
  const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
  return bits === 64 ? new Float64Array(bytes.buffer) : new Float32Array(bytes.buffer);
}

const product = sizes => sizes.reduce((a, b) => a * b, 1);

// An array as a matrix: the last axis across, all others down. `rows` and `columns` say how much of it is here.
function matrix(shape, value) {
  const across = shape.length ? shape[shape.length - 1] : 1, down = product(shape.slice(0, -1));
  const whole = value && value.base64, block = whole ? value : value && value.corner;
  return { across, down, size: across * down, numbers: block ? decode(block) : [],
    rows: whole ? down : block ? block.rows : 0, columns: whole ? across : block ? block.columns : 0 };
}

class NotHere extends Error {}

function numberAt(array, flat) {
  const r = Math.floor(flat / array.across), c = flat % array.across;
  if (r >= array.rows || c >= array.columns) throw new NotHere();
  return array.numbers[r * array.columns + c];
}

const arrays = new Map();
function arrayOf(id) {
  if (!arrays.has(id)) arrays.set(id, matrix(symbols[id].shape, symbols[id].value));
  return arrays.get(id);
}

const flatten = (index, shape) => index.reduce((flat, i, d) => flat * shape[d] + i, 0);
function unflatten(flat, shape) {
  const index = [];
  for (let d = shape.length - 1; d >= 0; d--) { index.unshift(flat % shape[d]); flat = Math.floor(flat / shape[d]); }
  return index;
}
const subscript = index => index.length ? `[${index.join(",")}]` : "";
const sized = shape => shape.join("×") || words["page.scalar"];

// ── one entry: a formula as a tree {w: word, a: arguments, n: shape}, {s: symbol}, {c: constant}, {f: function}, or a number ──

const LOGIC = 0, SUM = 1, PRODUCT = 2, SIGN = 3, POWER = 4, ATOM = 5; // how strongly what was written binds
const call = name => [ATOM, (...a) => `${name}(${a.join(", ")})`, a => a.map(() => LOGIC)];
const infix = (level, sign, right = level + 1) => [level, (a, b) => `${a} ${sign} ${b}`, () => [level, right]];
const bracket = sign => [ATOM, (a, b) => `[${a} ${sign} ${b}]`, () => [LOGIC, LOGIC]]; // Iverson's: 1 if true, 0 if not
const plus = (a, b) => b.startsWith("−") ? `${a} − ${b.slice(1)}` : `${a} + ${b}`;
const remainder = (a, b) => ((a % b) + b) % b;

// Elementwise words: what they compute and how they are written.
const ELEMENTWISE = {
  add: [(a, b) => a + b, [SUM, plus, () => [SUM, SUM]]], subtract: [(a, b) => a - b, infix(SUM, "−")],
  multiply: [(a, b) => a * b, infix(PRODUCT, "·", PRODUCT)], divide: [(a, b) => a / b, infix(PRODUCT, "/")],
  negative: [a => -a, [SIGN, a => `−${a}`, () => [POWER]]],
  pow: [Math.pow, [POWER, (a, b) => b === "2" ? `${a}²` : `${a}^${b}`, () => [ATOM, ATOM]]],
  square: [a => a * a, [POWER, a => `${a}²`, () => [ATOM]]],
  reciprocal: [a => 1 / a, [PRODUCT, a => `1 / ${a}`, () => [SIGN]]],
  absolute: [Math.abs, [ATOM, a => `|${a}|`, () => [LOGIC]]],
  sqrt: [Math.sqrt, [ATOM, a => `√(${a})`, () => [LOGIC]]],
  cast: [a => a, null],
  equal: [(a, b) => +(a === b), bracket("=")], not_equal: [(a, b) => +(a !== b), bracket("≠")],
  less: [(a, b) => +(a < b), bracket("<")], less_equal: [(a, b) => +(a <= b), bracket("≤")],
  greater: [(a, b) => +(a > b), bracket(">")], greater_equal: [(a, b) => +(a >= b), bracket("≥")],
  bitwise_and: [(a, b) => a & b, infix(LOGIC, "∧", LOGIC)], bitwise_or: [(a, b) => a | b, infix(LOGIC, "∨", LOGIC)],
  invert: [a => +!a, [SIGN, a => `¬${a}`, () => [POWER]]], logical_not: [a => +!a, [SIGN, a => `¬${a}`, () => [POWER]]],
  logical_and: [(a, b) => +(a && b), infix(LOGIC, "∧", LOGIC)], logical_or: [(a, b) => +(a || b), infix(LOGIC, "∨", LOGIC)],
  maximum: [Math.max, call("max")], minimum: [Math.min, call("min")], where: [(c, a, b) => c ? a : b, call("where")],
  sign: [a => Number.isNaN(a) ? a : Math.sign(a), call("sign")], remainder: [remainder, infix(PRODUCT, "mod")],
  log: [Math.log, call("log")], exp: [Math.exp, call("exp")], expit: [a => 1 / (1 + Math.exp(-a)), call("σ")],
  log1p: [Math.log1p, call("log1p")], expm1: [Math.expm1, call("expm1")], exp2: [a => 2 ** a, call("exp2")],
  log2: [Math.log2, call("log2")], log10: [Math.log10, call("log10")], cbrt: [Math.cbrt, call("cbrt")],
  sin: [Math.sin, call("sin")], cos: [Math.cos, call("cos")], tan: [Math.tan, call("tan")],
  arcsin: [Math.asin, call("arcsin")], arccos: [Math.acos, call("arccos")], arctan: [Math.atan, call("arctan")],
  sinh: [Math.sinh, call("sinh")], cosh: [Math.cosh, call("cosh")], tanh: [Math.tanh, call("tanh")],
  floor: [Math.floor, call("floor")], ceil: [Math.ceil, call("ceil")], trunc: [Math.trunc, call("trunc")],
  clip: [(a, low, high) => Math.min(Math.max(a, low ?? -Infinity), high ?? Infinity), call("clip")],
};

// Words that only move entries: the index that the entry has in the argument.
const MOVES = {
  transpose: (index, node) => node.axes.reduce((out, axis, d) => { out[axis] = index[d]; return out; }, []),
  broadcast_to: (index, node) => broadcast(index, node.a[0]),
  reshape: (index, node) => {
    const inner = shapeOf(node.a[0]), plain = shape => shape.filter(n => n !== 1).join();
    if (plain(inner) === plain(node.n)) {
      const left = index.filter((_, d) => node.n[d] !== 1);
      return inner.map(n => n === 1 ? 0 : left.shift());
    }
    return index.every(Number.isInteger) ? unflatten(flatten(index, node.n), inner) : null;
  },
  getitem: (index, node) => {
    const left = [...index];
    return node.key.map(k => typeof k === "number" ? k : shifted(left.shift(), ...k));
  },
};
const shifted = (i, start, step) => Number.isInteger(i) ? start + step * i : step === 1 && !start ? i : `${start}+${step === 1 ? "" : step}${i}`;

const shapeOf = node => node?.n ?? (node?.s ? symbols[node.s].shape : []);
function broadcast(index, node) {
  const shape = shapeOf(node);
  return index.slice(index.length - shape.length).map((i, d) => shape[d] === 1 ? 0 : i);
}

// A word that sums, as [sizes of what it runs over, running index → factors [node, index] of a term, divisor].
function asSum(node, index) {
  const [a, b] = node.a;
  if (node.w === "matmul") {
    const sa = shapeOf(a), sb = shapeOf(b), left = [...index];
    const j = sb.length > 1 ? [left.pop()] : [], i = sa.length > 1 ? [left.pop()] : [];
    const stack = (shape, x) => left.slice(left.length - (shape.length - 2)).map((n, d) => shape[d] === 1 ? 0 : n).slice(0, Math.max(0, shape.length - 2)).concat(x);
    return [[sa[sa.length - 1]], ([k]) => [[a, stack(sa, [...i, k])], [b, stack(sb, [k, ...j])]], 1];
  }
  const shape = shapeOf(a), axes = node.axes, kept = shape.map((_, d) => d).filter(d => !axes.includes(d));
  const outer = node.keep ? kept.map(d => index[d]) : index;
  const whole = running => shape.map((_, d) => axes.includes(d) ? running[axes.indexOf(d)] : outer[kept.indexOf(d)]);
  const sizes = axes.map(d => shape[d]);
  return [sizes, running => [[a, whole(running)]], node.w === "mean" ? product(sizes) : 1];
}
const SUMS = ["matmul", "sum", "mean"];

let budget = 0, touched = null; // steps left for one value; the entries of symbols that it read
function read(node, index) {
  if (typeof node === "number" || node === null) return node;
  if (typeof node === "string") return Number(node);
  if (--budget < 0) throw new NotHere();
  if (node.s) {
    const flat = flatten(index, symbols[node.s].shape), value = numberAt(arrayOf(node.s), flat);
    if (touched) touched.add(`${node.s} ${flat}`);
    return value;
  }
  if (node.c) return Number(node.c[flatten(index, node.n)]);
  if (ELEMENTWISE[node.w]) return ELEMENTWISE[node.w][0](...node.a.map(x => read(x, broadcast(index, x))));
  if (MOVES[node.w]) return read(node.a[0], MOVES[node.w](index, node));
  if (SUMS.includes(node.w)) {
    const [sizes, term, divisor] = asSum(node, index), count = product(sizes);
    let total = 0;
    for (let t = 0; t < count; t++) total += term(unflatten(t, sizes)).reduce((p, [x, i]) => p * read(x, i), 1);
    return total / divisor;
  }
  if (node.value) return numberAt(node.array ??= matrix(node.n, node.value), flatten(index, node.n));
  throw new NotHere();
}

const LETTERS = "kmnpqrstuvw";
const RAISED = { k: "ₖ", m: "ₘ", n: "ₙ", p: "ₚ", r: "ᵣ", s: "ₛ", t: "ₜ", u: "ᵤ", v: "ᵥ" };
const number = v => v < 0 ? [digits(v), SIGN] : [digits(v), ATOM];

// An entry of a formula as [text, level]: with names, or (numeric) with numbers; `open` sums are written term by term.
function write(node, index, numeric, open = false, depth = 0) {
  if (node === null) return ["–", ATOM];
  if (typeof node !== "object") return number(Number(node));
  if (node.s) return numeric ? number(read(node, index)) : [symbols[node.s].name + subscript(index), ATOM];
  if (node.c) return index.every(Number.isInteger) ? number(read(node, index)) : [`c${subscript(index)}`, ATOM];
  if (ELEMENTWISE[node.w]) {
    const notation = ELEMENTWISE[node.w][1], args = node.a.map(x => write(x, broadcast(index, x), numeric, open, depth));
    if (!notation) return args[0];
    const [level, template, needed] = notation, least = needed(args);
    return [template(...args.map((arg, i) => wrapped(arg, least[i], node.w === "add" ? 0 : i))), level];
  }
  const inner = MOVES[node.w]?.(index, node);
  if (inner) return write(node.a[0], inner, numeric, open, depth);
  if (SUMS.includes(node.w)) return numeric && !open ? number(read(node, index)) : writeSum(node, index, numeric, depth);
  if (numeric) return number(read(node, index));
  const args = (node.a ?? []).map(x => x === null || typeof x !== "object" ? String(x) : x.s ? symbols[x.s].name : "…");
  return [`${node.f}(${args.join(", ")})${subscript(index)}`, ATOM];
}
const wrapped = ([text, level], least, i) => level < least || (i && text.startsWith("−")) ? `(${text})` : text;

function writeSum(node, index, numeric, depth) {
  const [sizes, term, divisor] = asSum(node, index), count = product(sizes);
  const factors = (running, d) => {
    const parts = term(running).map(([x, i]) => write(x, i, numeric, false, d));
    return parts.length > 1 ? [parts.map((p, i) => wrapped(p, PRODUCT, i)).join(numeric ? "·" : " · "), PRODUCT] : parts[0];
  };
  const share = text => divisor === 1 ? text : `1/${divisor} · ${text}`;
  if (!count) return ["0", ATOM];
  if (count === 1) return factors(sizes.map(() => 0), depth);
  if (!numeric) {
    let d = depth;
    const letters = sizes.map(n => n === 1 ? 0 : LETTERS[d++ % LETTERS.length]), names = letters.filter(x => x !== 0);
    const below = names.every(x => RAISED[x]) ? names.map(x => RAISED[x]).join("") : `_${names.join("")}`;
    return [share(`Σ${below} ${wrapped(factors(letters, d), PRODUCT, 0)}`), PRODUCT];
  }
  const shown = count > 6 ? [0, 1, 2, count - 1] : [...Array(count).keys()];
  const texts = shown.map(t => wrapped(factors(unflatten(t, sizes), depth), SUM, 0));
  if (count > 6) texts.splice(3, 0, "…");
  const text = texts.reduce(plus) + (count > 6 ? ` (${say("page.terms", { count })})` : "");
  return divisor === 1 ? [text, SUM] : [`1/${divisor} · (${text})`, PRODUCT];
}

function opaqueWord(node) { // a word inside of which nothing is shown
  return node?.f ?? node?.a?.map(opaqueWord).find(x => x) ?? null;
}

const stepOf = new Map(steps.map((step, i) => [step.target, i]));

// The lines of an entry's chain rule, what it comes to, and what it read.
function chainRule(id, flat) {
  const { shape, name } = symbols[id], index = unflatten(flat, shape), lines = [], step = steps[stepOf.get(id)];
  const left = name + subscript(index);
  let stored = null, value = null;
  touched = new Set();
  budget = 200000;
  try { stored = numberAt(arrayOf(id), flat); } catch { /* only the summary is here */ }
  if (!step || step.entry == null) {
    lines.push(`${left} = ${stored === null ? "…" : digits(stored)}`);
    return { lines, value: stored, touched, remark: step ? null : words["page.given"] };
  }
  const entry = step.entry, at = broadcast(index, entry), word = opaqueWord(entry);
  let remark = word ? say("page.whole_array", { word }) : null;
  lines.push(`${left} = ${write(entry, at, false)[0]}`);
  try {
    value = read(entry, at);
    const reads = touched, text = write(entry, at, true, true)[0];
    touched = reads;
    if (text !== digits(value)) lines.push(`= ${text}`);
  } catch (error) {
    if (!(error instanceof NotHere)) throw error;
    remark ??= words["page.not_here"];
  }
  const found = stored ?? value;
  if (found !== null) lines.push(`= ${digits(found)}`);
  return { lines, value, touched, remark };
}
