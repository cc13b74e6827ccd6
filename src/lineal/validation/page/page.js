const page = JSON.parse(document.getElementById("island").textContent);
const at = id => document.getElementById(id);
const many = page.sets.filter(each => each.rows != null).length > 1;
const compared = many && page.features.some(each => each.g != null);
const setsOf = f => f.s.map((s, i) => [i, page.sets[i].name, s]).filter(([, , s]) => s);
const missing = f => { const known = setsOf(f); return known.length ? Math.max(...known.map(([, , s]) => s.m / ((s.c + s.m) || 1))) : 1; };
const first = (f, pick) => { const known = setsOf(f)[0]; return known ? pick(known[2]) : null; };
const moment = (f, i) => first(f, s => s.num && s.num[i]);
const name = text => el("bdi", { title: text }, visible(text) || "(data set)");
const swatch = place => { const svg = shape("svg", { viewBox: "0 0 22 10", class: `swatch c${place % 8}`, "aria-hidden": "true" }); svg.append(shape("rect", { class: "bar", width: 22, height: 6, y: 4, opacity: 0.35 }), shape("path", { class: `line c${place % 8} d${place % 4}`, d: "M0 3H22" })); return svg; };
const mark = severity => el("span", { class: `mark ${severity}` }, severity === "error" ? "✕ error" : severity === "warning" ? "▲ warning" : severity);
const TYPES = { INT: "int", FLOAT: "float", STRING: "string", BYTES: "bytes", STRUCT: "struct", TIME: "time", "": "gone" };
const columns = [
  ["name", "Feature", f => f.n.toLowerCase(), f => null],
  ["type", "Type", f => TYPES[f.t], f => TYPES[f.t]],
  ...(page.checked ? [["faults", "Anomalies", f => -f.a.length, f => f.a.length ? el("span", {}, mark(f.a[0].severity), f.a.length > 1 ? ` ×${f.a.length}` : "") : ""]] : []),
  ...(compared ? [["gap", "Difference", f => -(f.g ?? -1), f => bar(f.g, 3)]] : []),
  ["missing", "Missing", f => -missing(f), f => f.t ? bar(missing(f), 1) : "–"],
  ["shape", "Distribution", null, f => ""],
  ["mean", "Mean", f => num(moment(f, 0)), f => plain(moment(f, 0), f.u)],
  ["min", "Min", f => num(moment(f, 1)), f => plain(moment(f, 1), f.u)],
  ["max", "Max", f => num(moment(f, 3)), f => plain(moment(f, 3), f.u)],
  ["unique", "Unique", f => -(first(f, s => s.w) ?? -1), f => plain(first(f, s => s.w))],
];
const num = value => { const n = number(value); return n == null || Number.isNaN(n) ? Infinity : n; };
function bar(share, kind) {
  if (share == null) return "–";
  const svg = shape("svg", { viewBox: "0 0 40 8", class: "meter", "aria-hidden": "true" });
  svg.append(shape("rect", { class: "rail", width: 40, height: 8, rx: 2 }), shape("rect", { class: `bar c${kind}`, width: 40 * share, height: 8, rx: 2 }));
  return el("span", { class: "share" }, svg, kind === 3 ? share.toFixed(2) : percent(share));
}
function tabled(head, rows, cls = "", caption = "") {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption || head.join(", ") }, el("table", { class: cls }, caption && el("caption", {}, caption),
    el("thead", {}, el("tr", {}, head.map(each => el("th", { scope: "col" }, visible(each))))),
    el("tbody", {}, rows.map(row => el("tr", {}, row.map((cell, i) => el(i ? "td" : "th", i ? {} : { scope: "row" }, cell instanceof Node ? cell : el("bdi", {}, cell == null ? "–" : visible(cell)))))))));
}
function figure(title, chart) {
  if (!chart) return null;
  return el("figure", {}, el("figcaption", {}, title), chart.svg, el("details", {}, el("summary", {}, "as a table"), tabled(chart.head, chart.rows, "numbers", title)));
}
function copyable(text) {
  const button = el("button", { type: "button", onclick: () => { copy(text, box).then(() => { button.textContent = "Copied"; setTimeout(() => { button.textContent = "Copy"; }, 1500); }); } }, "Copy");
  const box = el("code", {}, text);
  return el("div", { class: "copy" }, box, button);
}
async function copy(text, box) {
  try { await navigator.clipboard.writeText(text); } catch { getSelection().selectAllChildren(box); document.execCommand("copy"); }
}
function anomalies(f) {
  return f.a.map(each => el("li", {}, mark(each.severity), " ", page.sets.length > 1 ? el("b", {}, visible(page.sets[each.in].name) + ": ") : "",
    el("span", {}, each.short), el("ul", {}, each.why.map(([type, text]) => el("li", {}, visible(text), " ", el("small", {}, type)))),
    each.where && !f.x ? [el("small", {}, "the rows that have it:"), copyable(`WHERE ${each.where}`)] : null));
}
function numbersOf(f) {
  const head = ["", "present", "missing", "values", "mean", "std. dev.", "min", "median", "max", "zeros", "NaN", "unique", "avg. bytes"];
  const rows = setsOf(f).map(([, data, s]) => [data, plain(s.c), `${plain(s.m)} (${percent(s.m / ((s.c + s.m) || 1))})`, plain(s.v), ...[0, 4, 1, 2, 3].map(i => i === 4 && s.sd ? s.sd : s.num ? plain(s.num[i], i === 4 ? "" : f.u) : null), s.z, s.nan, s.w == null ? null : plain(s.w), s.b == null ? null : plain(s.b)]);
  const kept = head.map((_, i) => i === 0 || rows.some(row => row[i] != null));
  return tabled(head.filter((_, i) => kept[i]), rows.map(row => row.filter((_, i) => kept[i])), "numbers", "in numbers");
}
function detail(f) {
  const sets = setsOf(f), lists = sets.some(([, , s]) => s.k.length);
  return el("div", { class: "detail" },
    f.a.length ? el("ul", { class: "notes" }, anomalies(f)) : null,
    f.x ? el("section", {}, el("h3", {}, `Rows that have it (${f.x.rows.length < f.x.count ? `${f.x.rows.length} of ` : ""}${plain(f.x.count)})`), tabled(f.x.columns, f.x.rows, "numbers", "rows with a bad value")) : null,
    f.d.length ? tabled(["data set", "measure", "distance", "threshold", ""], f.d.map(([set, measure, value, limit]) => [page.sets[set].name, measure, plain(value), plain(limit), value > limit ? "✕ exceeded" : "✓ within"]), "numbers", "drift and skew") : null,
    sets.length ? el("div", { class: "figures" }, figure("evenly wide buckets", histogram(f.n, sets, "h", f.u, true)), figure("evenly many values", histogram(f.n, sets, "q", f.u, true)),
      figure("most frequent values", topValues(f.n, sets, true)), lists ? figure("values in a row", histogram(f.n, sets.filter(([, , s]) => s.k.length), "k", "", true)) : null) : el("p", { class: "none" }, "not in the data"),
    sets.length ? numbersOf(f) : null,
    f.r.length ? el("dl", {}, f.r.flatMap(([what, text]) => [el("dt", {}, what), el("dd", {}, el("bdi", {}, visible(text)))])) : null);
}
const made = new Map();
const seen = new IntersectionObserver(entries => { for (const each of entries) if (each.isIntersecting) { draw(each.target); } }, { rootMargin: "400px" });
function draw(row) {
  seen.unobserve(row);
  const f = row.feature, cell = row.querySelector(".shape");
  if (row.drawn) return;
  row.drawn = true;
  const chart = spark(f.n, setsOf(f), f.u);
  cell.replaceChildren(chart ? chart.svg : el("span", { class: "none" }, f.t ? "no values" : "not in the data"));
}
function rowOf(f) {
  if (made.has(f)) return made.get(f);
  const place = page.features.indexOf(f);
  const button = el("button", { type: "button", class: "open", "aria-expanded": "false", tabindex: "-1", onclick: () => toggle(f) }, name(f.n));
  const row = el("tr", { id: `f${place}`, class: f.a.length ? "bad" : "" }, columns.map(([key, , , show]) => key === "name" ? el("th", { scope: "row" }, button) : el("td", { class: key }, show(f))));
  row.feature = f; row.button = button;
  seen.observe(row);
  made.set(f, row);
  return row;
}
function toggle(f, open) {
  const row = rowOf(f), isOpen = row.button.getAttribute("aria-expanded") === "true";
  if (open === isOpen) return;
  row.button.setAttribute("aria-expanded", String(!isOpen));
  if (isOpen) { row.more.remove(); row.more = null; return; }
  row.more = el("tr", { class: "more" }, el("td", { colspan: columns.length }, detail(f)));
  row.after(row.more);
}
const state = { key: "", down: false };
let shown = [], round = 0;
function show() {
  const wanted = at("find").value.trim().toLowerCase(), type = at("type").value, only = at("only") && at("only").checked;
  shown = page.features.filter(f => f.n.toLowerCase().includes(wanted) && (!type || f.t === type) && (!only || f.a.length));
  const by = columns.find(([key]) => key === state.key);
  if (by) { const turn = state.down ? -1 : 1, keys = new Map(shown.map(f => [f, by[2](f)])); shown.sort((a, b) => { const [x, y] = [keys.get(a), keys.get(b)]; return x === y ? 0 : turn * (typeof x === "string" ? x.localeCompare(y) : x - y); }); }
  for (const [key, th] of heads) { if (key === state.key) th.setAttribute("aria-sort", state.down ? "descending" : "ascending"); else th.removeAttribute("aria-sort"); }
  at("shown").textContent = shown.length === page.features.length ? `${shown.length.toLocaleString("en-US")} features` : `${shown.length.toLocaleString("en-US")} of ${page.features.length.toLocaleString("en-US")} features`;
  at("nothing").hidden = shown.length > 0;
  const body = at("rows"), mine = ++round;
  body.replaceChildren();
  // The first rows at once, the others when the browser has time.
  const fill = from => { if (mine !== round) return; const part = shown.slice(from, from + (from ? 250 : 60)); body.append(...part.flatMap(f => { const row = rowOf(f); return row.more ? [row, row.more] : [row]; })); if (from === 0) rove(shown[0]); if (from + part.length < shown.length) setTimeout(fill, 0, from + part.length); };
  fill(0);
}
let active = null;
function rove(f, focus) {
  if (active) active.button.tabIndex = -1;
  active = f ? rowOf(f) : null;
  if (active) { active.button.tabIndex = 0; if (focus) active.button.focus(); }
}
const heads = new Map();
function build() {
  at("sets").append(el("ul", { class: "legend" }, page.sets.map((each, i) => el("li", {}, many ? swatch(i) : "", el("b", {}, name(each.name)), each.rows == null ? "" : ` ${plain(each.rows)} rows`))));
  if (many) at("sets").append(el("p", { class: "legend" }, "Mean, min, max and unique are those of the first set that has the feature; open a row to see all."));
  const types = [...new Set(page.features.map(f => f.t))].sort();
  const found = page.features.reduce((sum, f) => sum + f.a.length, page.data.length), bad = page.features.filter(f => f.a.length);
  const summary = !page.checked ? null : found === 0 && !page.empty.length ? el("p", { class: "fine" }, "✓ No anomalies found.")
    : el("details", { class: "found", open: found <= 12 }, el("summary", {}, page.empty.length ? "no examples" : `${found} ${found === 1 ? "anomaly" : "anomalies"} found`), el("ul", {},
      page.data.map(each => el("li", {}, mark(each.severity), " (data set) ", each.why.map(([, text]) => visible(text)).join(" "))),
      bad.map(f => el("li", {}, mark(f.a[0].severity), " ", el("a", { href: `#f${page.features.indexOf(f)}`, onclick: event => { event.preventDefault(); go(f); } }, name(f.n)), ` ${f.a[0].short}`))));
  const themes = el("select", { id: "theme", onchange: event => { document.documentElement.dataset.theme = event.target.value; } }, [["", "system"], ["light", "light"], ["dark", "dark"]].map(([value, text]) => el("option", { value }, text)));
  const controls = el("form", { id: "controls", role: "search", onsubmit: event => event.preventDefault() },
    el("label", {}, "Find ", el("input", { id: "find", type: "search", placeholder: "name of a feature  ( / )", autocomplete: "off", oninput: show })),
    el("label", {}, "Type ", el("select", { id: "type", onchange: show }, el("option", { value: "" }, "all"), types.map(type => type ? el("option", { value: type }, TYPES[type]) : null))),
    page.checked ? el("label", {}, el("input", { id: "only", type: "checkbox", onchange: show }), " with anomalies only") : null,
    el("label", {}, "Colours ", themes), el("output", { id: "shown", role: "status", "aria-live": "polite" }));
  const head = el("tr", {}, columns.map(([key, title, sorts]) => { const th = el("th", { scope: "col", class: key }, sorts ? el("button", { type: "button", onclick: () => { state.down = state.key === key && !state.down; state.key = key; show(); } }, title) : title); heads.set(key, th); return th; }));
  at("main").replaceChildren(...[summary, controls, el("div", { class: "wide", tabindex: "-1", id: "table" }, el("table", { class: "features", "aria-label": "Features; arrow keys move, Enter opens, Escape closes" }, el("thead", {}, head), el("tbody", { id: "rows", onkeydown: keys }))), el("p", { id: "nothing", class: "none", hidden: true }, "No feature fits these filters.")].filter(Boolean));
  show();
}
function go(f) {
  // Not reset(): the choice of colours is no filter.
  at("find").value = ""; at("type").value = ""; if (at("only")) at("only").checked = false;
  state.key = ""; show();
  const row = rowOf(f);
  if (!row.isConnected) { at("find").value = f.n; show(); }
  toggle(f, true); rove(f, true); row.scrollIntoView({ block: "center" });
}
function keys(event) {
  const row = event.target.closest("tr"), owner = row && (row.feature ? row : row.previousElementSibling);
  if (!owner || !owner.feature) return;
  if (event.key === "Escape") { toggle(owner.feature, false); rove(owner.feature, true); return; }
  if (!event.target.classList.contains("open")) return;
  const place = shown.indexOf(owner.feature), last = shown.length - 1;
  const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: last, PageDown: place + 10, PageUp: place - 10 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  rove(shown[Math.max(0, Math.min(last, next))], true);
}
document.addEventListener("keydown", event => {
  if (event.key === "/" && !/INPUT|SELECT/.test(event.target.tagName)) { event.preventDefault(); at("find").focus(); }
  if (event.key === "Escape" && event.target === at("find")) { at("find").value = ""; show(); }
});
addEventListener("beforeprint", () => shown.forEach(f => draw(rowOf(f))));
build();
