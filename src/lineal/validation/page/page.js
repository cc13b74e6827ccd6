const at = id => document.getElementById(id);
const main = at("cards");
const cards = [...main.children];
const number = (card, key) => Number(card.dataset[key]);
const order = {
  place: (a, b) => number(a, "place") - number(b, "place"),
  name: (a, b) => a.dataset.name.localeCompare(b.dataset.name),
  missing: (a, b) => number(b, "missing") - number(a, "missing"),
  found: (a, b) => number(b, "found") - number(a, "found"),
};
function filter() {
  const wanted = at("find").value.trim().toLowerCase();
  const type = at("type").value;
  let shown = 0;
  for (const card of cards) {
    const fits = card.dataset.name.includes(wanted)
      && (!type || card.dataset.type === type)
      && (!at("only").checked || number(card, "found") > 0);
    card.hidden = !fits;
    shown += fits;
  }
  at("shown").textContent = shown === cards.length
    ? `${shown} features` : `${shown} of ${cards.length} features`;
  at("nothing").hidden = shown > 0;
}
function sort() {
  const by = order[at("sort").value];
  main.append(...cards.sort((a, b) => by(a, b) || order.place(a, b)));
}
at("find").addEventListener("input", filter);
at("type").addEventListener("change", filter);
at("only").addEventListener("change", filter);
at("sort").addEventListener("change", sort);
document.addEventListener("keydown", event => {
  if (event.key === "/" && event.target === document.body) {
    event.preventDefault();
    at("find").focus();
  }
});
window.addEventListener("hashchange", () => {
  const card = document.querySelector(location.hash || "#cards");
  if (card && card.hidden) {
    at("controls").reset();
    filter();
    card.scrollIntoView();
  }
});
filter();
