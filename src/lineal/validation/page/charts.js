"use strict";
const SVG = "http://www.w3.org/2000/svg";
const number = value => value === "∞" ? Infinity : value === "-∞" ? -Infinity : value === "NaN" ? NaN : value;
// Hidden and direction-changing characters are made visible, so that no name looks like another.
const visible = text => String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g,
  c => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
const shortened = (text, most) => { text = visible(text); return text.trim() === "" ? `“${text}”` : text.length > most ? text.slice(0, most - 1) + "…" : text; };
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter(child => child != null && child !== ""));
  return made;
}
function shape(name, attributes = {}, hint = "", text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, typeof value === "number" ? +value.toFixed(2) : value);
  if (text) made.textContent = text;
  if (hint) { const title = document.createElementNS(SVG, "title"); title.textContent = hint; made.append(title); }
  return made;
}
function plain(value, unit = "") {
  if (value == null) return "–";
  if (typeof value === "string") return value;
  if (unit) {
    const moment = new Date(unit === "days" ? value * 864e5 : value / 1000);
    if (!isNaN(moment)) return unit === "days" ? moment.toISOString().slice(0, 10) : moment.toISOString().slice(0, 16).replace("T", " ");
  }
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en-US");
  if (value && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e9)) return value.toExponential(3);
  return value.toLocaleString("en-US", Math.abs(value) < 1e5 ? { maximumSignificantDigits: 5 } : { maximumFractionDigits: 0 });
}
function percent(share) {
  if (!isFinite(share)) return "–";
  if (share > 0 && share < 0.001) return "<0.1%";
  if (share < 1 && share > 0.999) return ">99.9%";
  return `${(100 * share).toFixed(1).replace(/\.0$/, "")}%`;
}
const finite = buckets => buckets.filter(b => typeof b[0] === "number" && typeof b[1] === "number");
const summed = buckets => buckets.reduce((sum, b) => sum + b[2], 0) || 1;
/* A picture: its SVG, and the same as rows for those who read. `sets` are [place, name, statistics]. */
function histogram(name, sets, key, unit, wide) {
  const found = sets.map(([place, data, s]) => [place, data, finite(s[key])]).filter(([, , buckets]) => buckets.length);
  if (!found.length) return null;
  const [W, H] = wide ? [520, 170] : [150, 26], foot = wide ? 18 : 0;
  const low = Math.min(...found.map(([, , b]) => b[0][0])), high = Math.max(...found.map(([, , b]) => b[b.length - 1][1]));
  const span = high - low || 1, x = value => high === low ? W / 2 : (value - low) / span * W;
  const heights = buckets => { const total = summed(buckets); return buckets.map(b => b[2] / total / ((b[1] - b[0] || span / 30) / span)); };
  const tallest = Math.max(...found.flatMap(([, , b]) => heights(b))) || 1;
  const label = `${visible(name)}: ${plain(low, unit)} to ${plain(high, unit)}`;
  const svg = shape("svg", { viewBox: `-1 -2 ${W + 2} ${H + foot + 3}`, role: "img", "aria-label": "distribution of " + label, class: wide ? "chart" : "spark" }, "distribution of " + label);
  const rows = [];
  for (const [place, data, buckets] of found) {
    const total = summed(buckets), tall = heights(buckets), points = [];
    buckets.forEach((b, i) => {
      const height = tall[i] / tallest * H;
      let [left, right] = [x(b[0]), x(b[1])];
      if (right - left < 2) { left -= 3; right += 3; }
      const cells = [data, plain(b[0], unit), plain(b[1], unit), plain(Math.round(b[2] * 100) / 100), percent(b[2] / total)];
      rows.push(cells);
      const hint = wide ? `${visible(data)} ${cells[1]} to ${cells[2]}: ${cells[3]} (${cells[4]})` : "";
      if (found.length === 1) svg.append(shape("rect", { class: `bar c${place % 8}`, x: left + 0.4, y: H - height, width: Math.max(right - left - 0.8, 1), height }, hint));
      else points.push(`${left.toFixed(1)},${(H - height).toFixed(1)}`, `${right.toFixed(1)},${(H - height).toFixed(1)}`);
    });
    if (points.length) {
      const ends = [`${points[0].split(",")[0]},${H}`, ...points, `${points[points.length - 1].split(",")[0]},${H}`];
      svg.append(shape("path", { class: `line c${place % 8} d${place % 4}`, d: "M" + ends.join("L") }, wide ? visible(data) : ""));
    }
  }
  svg.append(shape("line", { class: "axis", x1: 0, x2: W, y1: H, y2: H }));
  if (wide) {
    const middle = low + (high - low) / 2;
    svg.append(shape("text", { x: 0, y: H + 14 }, "", plain(low, unit)));
    if (high > low) svg.append(shape("text", { x: W / 2, y: H + 14, class: "middle" }, "", plain(unit ? Math.round(middle) : +middle.toPrecision(4), unit)), shape("text", { x: W, y: H + 14, class: "end" }, "", plain(high, unit)));
  }
  return { svg, head: ["data set", "above", "up to", "values", "share"], rows };
}
function topValues(name, sets, wide) {
  const found = sets.filter(([, , s]) => s.top.length);
  if (!found.length) return null;
  const shares = found.map(([, , s]) => new Map(s.top.map(([text, count]) => [text, count / (s.v || 1)])));
  const all = [...new Set(shares.flatMap(map => [...map.keys()]))];
  const most = text => Math.max(...shares.map(map => map.get(text) || 0));
  const labels = all.sort((a, b) => most(b) - most(a)).slice(0, wide ? 12 : 5), largest = most(labels[0]) || 1;
  const W = wide ? 520 : 150, left = wide ? 150 : 0, thick = wide ? Math.max(14 / found.length, 9) : 4.4 / found.length;
  const row = wide ? thick * found.length + 7 : 5.2, H = row * labels.length;
  const svg = shape("svg", { viewBox: `-1 -2 ${W + 2} ${H + 3}`, role: "img", "aria-label": `most frequent values of ${visible(name)}`, class: wide ? "chart" : "spark" }, `most frequent values of ${visible(name)}`);
  const rows = [];
  labels.forEach((text, i) => {
    if (wide) svg.append(shape("text", { x: left - 8, y: i * row + row / 2 + 3, class: "end" }, visible(text), shortened(text, 22)));
    found.forEach(([place, data], j) => {
      const share = shares[j].get(text) || 0, width = share / largest * (W - left - (wide ? 56 : 0));
      svg.append(shape("rect", { class: `bar c${place % 8}${found.length > 1 ? ` d${place % 4}` : ""}`, x: left, y: i * row + 1 + j * thick, width, height: thick - (wide ? 1 : 0.3) }, wide ? `${visible(data)} ${visible(text)}: ${percent(share)}` : ""));
      if (wide) svg.append(shape("text", { x: left + width + 5, y: i * row + 1 + (j + 0.5) * thick + 3, class: found.length > 1 ? "tiny" : "" }, "", percent(share)));
      rows.push([data, text, percent(share)]);
    });
  });
  return { svg, head: ["data set", "value", "share"], rows };
}
const spark = (name, sets, unit) => histogram(name, sets, "h", unit, false) || topValues(name, sets, false);
