"use strict";
/*
 * The one script of every report: the same text in each, so that its hash can be pinned.
 *
 * It adds what a page without script lacks: a row to fill in, tables to sort and filter, tabs,
 * a switch for light and dark. All that it shows comes from the page itself: from JSON in blocks
 * that nothing executes, and from the text of elements. It builds elements and sets their text;
 * it never parses HTML, loads nothing, and keeps nothing when the page is closed.
 */

// ---- Small things.

/** An element with properties and children; strings become text. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

let made = 0;

/** A name for an element that no other has. */
function fresh(stem) {
  made += 1;
  return `live-${stem}-${made}`;
}

function each(selector, act, scope = document) {
  scope.querySelectorAll(selector).forEach(act);
}

/** A probability as the page writes it: never rounded to certainty. */
function probability(p) {
  if (p === 0 || p === 1) return String(p);
  for (const digits of [2, 3, 4]) {
    const text = p.toFixed(digits);
    if (Number(text) > 0 && Number(text) < 1) return text;
  }
  return p > 0.5 ? "> 0.9999" : "< 0.0001";
}

function number(x) {
  const size = Math.abs(x);
  if (x !== 0 && (size < 1e-4 || size >= 1e10)) return x.toExponential(2);
  return x.toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

function share(part, whole) {
  const points = ((100 * part) / whole).toFixed(0);
  if (points === "100" && part < whole) return "> 99 %";
  return points === "0" && part > 0 ? "< 1 %" : `${points} %`;
}

// ---- A row to fill in.

/** One field: its element, how it is read (undefined: not a value) and written. */
function field(feature) {
  return feature.options ? choice(feature) : entry(feature);
}

/** A field with a list: categories, 0 and 1, or the columns of a one-hot group. */
function choice(feature) {
  const input = make("select", { id: fresh("field") });
  feature.options.forEach((text, code) => input.append(make("option", { value: `${code}` }, text)));
  if (feature.missing) input.append(make("option", { value: "" }, "(missing)"));
  const unsaid = feature.missing ? null : undefined;
  const read = () => (input.value === "" ? unsaid : Number(input.value));
  return { feature, input, read, write: (x) => (input.value = x === null ? "" : `${x}`) };
}

/** A field for a number, within its bounds. */
function entry(feature) {
  const step = feature.whole ? "1" : "any";
  const input = make("input", { id: fresh("field"), type: "number", step, autocomplete: "off" });
  const read = () => {
    if (input.value === "") return feature.missing && !input.validity.badInput ? null : undefined;
    const x = Number(input.value);
    const inside = x >= (feature.low ?? -Infinity) && x <= (feature.high ?? Infinity);
    return inside && Number.isFinite(x) && (!feature.whole || Number.isInteger(x)) ? x : undefined;
  };
  return { feature, input, read, write: (x) => (input.value = x === null ? "" : `${x}`) };
}

/** Label, field, and below it what may stand there. */
function fieldLine(one) {
  const { feature, input } = one;
  const hint = make("span", { class: "hint", id: fresh("hint") }, feature.hint);
  input.setAttribute("aria-describedby", hint.id);
  const name = make("label", { for: input.id }, feature.name);
  return make("div", { class: "field" }, name, input, hint);
}

/** Take a row into the fields: a group's field shows which of its columns is 1. */
function fill(fields, row) {
  for (const one of fields) {
    const { columns } = one.feature;
    one.write(columns.length === 1 ? row[columns[0]] : columns.findIndex((j) => row[j] === 1));
  }
}

/** The row that the fields say, and those fields that say none. */
function readRow(fields, width) {
  const row = new Array(width).fill(null);
  const wrong = [];
  for (const one of fields) {
    const x = one.read();
    const { columns } = one.feature;
    if (x === undefined) wrong.push(one);
    else if (columns.length === 1) row[columns[0]] = x;
    else columns.forEach((j, at) => (row[j] = at === x ? 1 : 0));
    if (x === undefined) one.input.setAttribute("aria-invalid", "true");
    else one.input.removeAttribute("aria-invalid");
  }
  return { row, wrong };
}

/** Fields, rows to start from, and the answer, in the place that the page keeps for them. */
function rowForm(scope) {
  const data = JSON.parse(document.getElementById(scope.dataset.form).textContent);
  const holder = scope.querySelector("[data-row]");
  const fields = data.fields.map(field);
  const answer = make("div", { class: "answer" });
  const update = () => say(data, readRow(fields, data.width), answer, scope);
  const near = fields.slice(0, data.first).map(fieldLine);
  const far = fields.slice(data.first).map(fieldLine);
  const body = make("div", { class: "fields" }, ...near);
  holder.append(starts(data, fields, update), body);
  if (far.length) {
    const summary = make("summary", {}, `${far.length} more columns`);
    holder.append(make("details", {}, summary, make("div", { class: "fields" }, ...far)));
  }
  holder.append(answer, make("p", { class: "told", role: "status" }));
  for (const event of ["input", "change"]) holder.addEventListener(event, update);
  fill(fields, data.rows[0][1]);
  update();
  holder.hidden = false;
}

/** The choice of a row to start from. */
function starts(data, fields, update) {
  const list = make("select", { id: fresh("start") });
  data.rows.forEach(([name], at) => list.append(make("option", { value: `${at}` }, name)));
  list.addEventListener("change", () => {
    fill(fields, data.rows[Number(list.value)][1]);
    update();
  });
  return make("div", { class: "start" }, make("label", { for: list.id }, "Start from"), list);
}

/** Say what the surrogate says of the row, why, and how far to trust it. */
function say(data, { row, wrong }, answer, scope) {
  each(".hit", (element) => element.classList.remove("hit"), scope);
  if (wrong.length) {
    const names = wrong.slice(0, 5).map((one) => `${one.feature.name} (${one.feature.hint})`);
    const said = `Not a row yet: ${names.join("; ")}.`;
    answer.replaceChildren(make("p", { class: "said" }, said));
    tell(scope, said);
    return;
  }
  const found = evaluate(data.form, row);
  const said = make("strong", {}, saying(data.form, found));
  const lines = [make("p", { class: "said" }, "The surrogate says ", said)];
  lines.push(...REASONS[data.form.form](data.form, found, row, scope));
  if (data.rules) lines.push(...ruleReasons(data.rules, evaluate(data.rules, row), scope, "As rules: "));
  answer.replaceChildren(...lines, make("p", { class: "legend" }, data.note));
  tell(scope, said.textContent);
}

/** Tell those who hear the page what changed. */
function tell(scope, said) {
  const told = scope.querySelector(".told");
  if (told.textContent !== said) told.textContent = said;
}

/** The answer in words: the class and its probability, or values. */
function saying(form, { value, decision }) {
  if (!form.classes || decision === null) return value.map(number).join(", ");
  const name = form.classes[decision];
  return form.form === "linear" ? `${name} (${number(value[decision])})` : `${name} (probability ${probability(value[decision])})`;
}

/** Why, by the kind of form: paragraphs and lists; what fired is marked in the page. */
const REASONS = {
  tree(form, { path }, row, scope) {
    const items = path.map((node) => scope.querySelector(`[data-node="${node}"]`));
    items.forEach((item) => item?.classList.add("hit"));
    const texts = items.map((item) => item?.querySelector(".if").textContent ?? "");
    if (!texts.length) return [make("p", {}, "It says so whatever the row.")];
    return [make("p", {}, "The way through the tree:"), steps(texts)];
  },
  graph(form, { path }, row, scope) {
    const texts = path.map(([node, held]) => {
      const item = scope.querySelector(`[data-node="${node}"]`);
      item?.classList.add("hit");
      return `${item?.querySelector(".if").textContent ?? ""}: ${held ? "yes" : "no"}`;
    });
    return [make("p", {}, "The way through the graph:"), steps(texts)];
  },
  rules: (form, found, row, scope) => ruleReasons(form, found, scope),
  linear(form, { path, decision }, row, scope) {
    const k = decision ?? 0;
    const parts = form.coef[k].map((c, j) => [c * path[j], j]).filter(([part]) => part !== 0);
    parts.sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]));
    const texts = parts.slice(0, 8).map(([part, j]) => {
      const line = scope.querySelector(`tr[data-key="${j}"]`);
      line?.classList.add("hit");
      return `${line?.cells[0].textContent ?? `term ${j + 1}`}: ${part > 0 ? "+" : ""}${number(part)}`;
    });
    const start = `It starts from ${number(form.intercept[k])}; the terms that add most:`;
    return texts.length ? [make("p", {}, start), steps(texts)] : [make("p", {}, "No term adds to it.")];
  },
};

function steps(texts) {
  return make("ol", { class: "way" }, ...texts.map((text) => make("li", {}, text)));
}

/** Which rules hold, and how often the model agreed where the first of them did. */
function ruleReasons(form, { fired }, scope, lead = "") {
  const lines = fired.map((at) => scope.querySelector(`tr[data-key="${at}"]`));
  lines.forEach((line) => line?.classList.add("hit"));
  if (!fired.length) return [make("p", {}, `${lead}No rule holds, so the default decides.`)];
  const places = fired.slice(0, 12).map((at) => at + 1).join(", ");
  const head = fired.length > 1 ? `Rules ${places} hold and vote; the first: if` : `Rule ${places}: if`;
  const rule = form.rules[fired[0]];
  const text = lines[0]?.cells[1].textContent ?? "";
  const counted = rule.n_covered && rule.n_correct !== null && fired.length === 1 ? ` ${agreement(rule)}` : "";
  return [make("p", {}, `${lead}${head} `, make("span", { class: "if" }, text), `.${counted}`)];
}

function agreement({ n_covered: covered, n_correct: correct, precision_interval: ends }) {
  const between = ends ? ` (interval ${ends.map((end) => share(end, 1)).join(" to ")})` : "";
  const rows = covered.toLocaleString("en-US");
  return `Where it decided ${rows} measured rows, the model said the same on ${share(correct, covered)}${between}.`;
}

// ---- Tables to sort and filter.

function liveTable(scope) {
  const body = scope.querySelector("tbody");
  const lines = [...body.rows];
  each("thead th:not(.pic)", (head) => sorter(head, body, lines), scope);
  if (lines.length < 6) return;
  const input = make("input", { type: "search", id: fresh("filter"), autocomplete: "off" });
  const found = make("span", { role: "status" });
  input.addEventListener("input", () => filter(lines, input.value, found));
  const name = make("label", { for: input.id }, "Only rows that contain");
  scope.before(make("div", { class: "tools" }, name, input, found));
}

/** Hide the lines that lack one of the words; all of them are printed. */
function filter(lines, text, found) {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const line of lines) {
    const said = line.textContent.replaceAll("\u00a0", " ").toLocaleLowerCase();
    line.hidden = !words.every((word) => said.includes(word));
    shown += line.hidden ? 0 : 1;
  }
  found.textContent = words.length ? `${shown} of ${lines.length}` : "";
}

/** Make a header sort its column: up, down, and back to the page's own order. */
function sorter(head, body, lines) {
  if (!head.textContent.trim()) return;
  const button = make("button", { type: "button", class: "sort" }, ...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const next = { ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")] ?? "ascending";
    each("th[aria-sort]", (other) => other.removeAttribute("aria-sort"), head.parentElement);
    if (next !== "none") head.setAttribute("aria-sort", next);
    body.append(...(next === "none" ? lines : sorted(lines, head.cellIndex, next)));
  });
}

function sorted(lines, column, way) {
  const keys = new Map(lines.map((line) => [line, keyOf(line.cells[column])]));
  const sign = way === "ascending" ? 1 : -1;
  const language = new Intl.Collator("en", { numeric: true });
  return [...lines].sort((first, second) => {
    const [a, b] = [keys.get(first), keys.get(second)];
    if (a === b) return 0;
    if (a === null || b === null) return a === null ? 1 : -1; // what is not known comes last
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * language.compare(String(a), String(b));
  });
}

/** What a cell is sorted by: the number that a column of figures starts with, else its text. */
function keyOf(cell) {
  const text = cell.textContent.trim();
  if (text === "" || !cell.classList.contains("r")) return text || null;
  const found = /[-+\u2212]?\d[\d,]*\.?\d*(e[-+]?\d+)?/i.exec(text);
  if (!found) return null;
  const beyond = text.startsWith(">") ? 0.5 : text.startsWith("<") ? -0.5 : 0;
  return Number(found[0].replaceAll(",", "").replace("\u2212", "-")) + beyond;
}

// ---- Tabs: without script their parts stand one below the other, and on paper too.

function tabs(scope) {
  const panels = [...scope.children];
  const list = make("div", { role: "tablist", "aria-label": scope.dataset.tabs });
  const buttons = panels.map((panel, at) => {
    panel.id ||= fresh("panel");
    const title = panel.querySelector(".tab-title");
    const button = make("button", { type: "button", role: "tab", id: fresh("tab"), "aria-controls": panel.id }, title.textContent);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
    button.addEventListener("click", () => {
      show(at);
      alike(scope, title.textContent);
    });
    return button;
  });
  const show = (wanted) => {
    panels.forEach((panel, at) => {
      panel.classList.toggle("away", at !== wanted);
      buttons[at].setAttribute("aria-selected", `${at === wanted}`);
      buttons[at].tabIndex = at === wanted ? 0 : -1;
    });
  };
  list.addEventListener("keydown", (event) => moveTab(event, buttons));
  scope.addEventListener("show-tab", ({ detail }) => {
    const wanted = panels.findIndex((panel, at) => panel === detail || buttons[at].textContent === detail);
    if (wanted >= 0) show(wanted);
  });
  list.append(...buttons);
  scope.prepend(list);
  scope.classList.add("live");
  show(0);
}

/** Other tabs of the same models follow. */
function alike(scope, title) {
  each("[data-tabs]", (other) => {
    const same = other !== scope && other.dataset.tabs === scope.dataset.tabs;
    if (same) other.dispatchEvent(new CustomEvent("show-tab", { detail: title }));
  });
}

/** Arrows, Home and End go from tab to tab. */
function moveTab(event, buttons) {
  const at = buttons.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (to === undefined || at < 0) return;
  event.preventDefault();
  const button = buttons[(to + buttons.length) % buttons.length];
  button.focus();
  button.click();
}

// ---- The tree's outline, and what is folded.

function outline(scope) {
  const set = (open) => () => each("details", (details) => (details.open = open), scope);
  const tool = (text, open) => {
    const button = make("button", { type: "button" }, text);
    button.addEventListener("click", set(open));
    return button;
  };
  scope.before(make("div", { class: "tools outline-tools" }, tool("Open all", true), tool("Close all", false)));
  scope.addEventListener("keydown", moveInOutline);
}

/** As in a tree of files: up and down go on, right opens, left closes or goes to the branch above. */
function moveInOutline(event) {
  const here = event.target.closest("summary");
  if (!here) return;
  const all = [...event.currentTarget.querySelectorAll("summary")].filter((one) => one.checkVisibility());
  const details = here.parentElement;
  const above = details.parentElement.closest("details")?.firstElementChild;
  const at = all.indexOf(here);
  const to = { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) }[event.key];
  if (event.key === "ArrowRight" && !details.open) details.open = true;
  else if (event.key === "ArrowRight") all[at + 1]?.focus();
  else if (event.key === "ArrowLeft" && details.open) details.open = false;
  else if (event.key === "ArrowLeft") above?.focus();
  else if (to) to.focus();
  else return;
  event.preventDefault();
}

/** Open whatever hides the place that the address names. */
function reveal() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let up = place; up; up = up.parentElement) {
    if (up.tagName === "DETAILS") up.open = true;
    const showing = new CustomEvent("show-tab", { detail: up });
    if (up.parentElement?.dataset.tabs) up.parentElement.dispatchEvent(showing);
  }
  place?.scrollIntoView();
}

/** On paper everything is open; afterwards it is as it was. */
function unfoldForPrint() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((details) => (details.open = true));
  });
  addEventListener("afterprint", () => opened.forEach((details) => (details.open = false)));
}

// ---- Light and dark.

function themeSwitch(bar) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = make("button", { type: "button", class: "theme" });
  const now = () => document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  const label = () => (button.textContent = now() === "dark" ? "Light page" : "Dark page");
  button.addEventListener("click", () => {
    const theme = now() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    each("picture source", (source) => (source.media = theme === "dark" ? "screen" : "not all"));
    label();
  });
  dark.addEventListener("change", label);
  label();
  bar.append(button);
}

each(".kind", themeSwitch);
each("[data-live]", liveTable);
each("[data-tabs]", tabs);
each(".outline", outline);
each("[data-form]", rowForm);
unfoldForPrint();
addEventListener("hashchange", reveal);
if (location.hash) reveal();
