// Two or three models on one benchmark, as the address says: #on=...&model=...&compare=...,...
"use strict";
const form = document.getElementById("choice"), place = document.getElementById("comparison");
const fields = ["on", "first", "second", "third"].map((name) => form.elements.namedItem(name));
let known = {};

const make = (name, text, attributes = {}) => {
  const element = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  element.append(...(Array.isArray(text) ? text : [text ?? ""]));
  return element;
};
/** A name that may break after its points and underscores. */
const broken = (name) => name.replaceAll(/[._]/g, "$&\u200b");
const row = (cells) => make("tr", cells.map((cell, k) => (cell instanceof Node ? cell : make(k ? "td" : "th", cell, k ? {} : { scope: "row" }))));
const table = (heads, rows, label) => make("div", [make("table", [
  make("thead", [make("tr", heads.map((head) => make("th", head, { scope: "col" })))]), make("tbody", rows),
], { class: "plain" })], { class: "scroll", tabindex: "0", role: "region", "aria-label": label });
/** A value, and its interval below it. */
const estimate = (text) => {
  const [value, interval] = (text ?? "–").split(" [");
  return make("td", interval ? [value, make("small", `[${interval}`)] : value);
};
const digits = (value) => (value === null ? "–" : value !== 0 && Math.abs(value) < 0.01 ? value.toPrecision(2) : value.toFixed(3));
const signed = (value) => (value > 0 ? "+" : "") + digits(value).replace("-", "−");

function options(select, names, chosen, empty) {
  select.replaceChildren(...(empty ? [make("option", empty, { value: "" })] : []), ...names.map((name) => make("option", name, { value: name })));
  select.value = names.includes(chosen) ? chosen : empty ? "" : names[0];
}

/** Fills the form from the address. */
function fill() {
  const choice = readHash(), [second, third] = (choice.get("compare") ?? "").split(",");
  options(fields[0], Object.keys(known), choice.get("on"));
  const models = known[fields[0].value] ?? [];
  options(fields[1], models, choice.get("model"));
  const others = models.filter((model) => model !== fields[1].value);
  options(fields[2], others, second);
  options(fields[3], others.filter((model) => model !== fields[2].value), third, "no third");
}

/** The pair of these models, its sign turned if the table has them the other way round. */
async function pairOf(data, first, second) {
  const former = data.models.find((one) => one.model === first || one.model === second)?.model;
  const found = (await modelData(data.benchmark, former)).pairs.find((pair) => pair.models.includes(first) && pair.models.includes(second));
  if (!found || found.models[0] === first) return found;
  const minus = (value) => (value === null ? null : -value);
  const turned = found.differences.map((one) => one && [minus(one[0]), minus(one[2]), minus(one[1]), one[3] && 3 - one[3]]);
  return { ...found, models: [first, second], differences: turned };
}

function differences(data, models, pairs) {
  const heads = ["metric", ...pairs.map(({ models: [a, b] }) => `${a} − ${b}`), ...models]; // what is asked for first: a phone shows two columns
  const rows = data.metrics.map((metric, k) => row([`${metric.title} ${metric.mark}`.trim(), ...pairs.map((pair) => {
    if (!pair.found?.differences[k]) return "–";
    const [difference, low, high, better] = pair.found.differences[k];
    const words = better ? `${pair.found.models[better - 1]} is better` : low === null ? "no interval" : "not told apart";
    const interval = low === null ? "" : `[${signed(low)}, ${signed(high)}] `;
    return make("td", [signed(difference), make("small", interval), make("small", words)], { class: better ? "better" : "tie" });
  }), ...models.map((model) => estimate(metric.values[model]))]));
  return table(heads, rows, "Differences");
}

/** The images, with their truth and what each model answers. */
async function disputed(data, models, pairs) {
  const rows = [...new Set(pairs.flatMap((pair) => pair.found?.disputed ?? []))], known = rows.length ? await part(`${data.benchmark}/disputed`) : {};
  const files = await Promise.all(models.map((model) => modelData(data.benchmark, model)));
  return rows.map((number) => ({ number, ...known[number], answers: Object.fromEntries(files.map((file, k) => [models[k], file.answers[number]])) }));
}

function images(data, models, shown) {
  if (!shown.some((one) => one.drawn)) {
    return table(["image", "truth", ...models], shown.map((one) => row([one.id, one.truth, ...models.map((model) => one.answers[model])])), "Images on which they disagree most");
  }
  return make("ul", shown.filter((one) => one.drawn).map((one) => make("li", [
    make("img", "", { src: `pictures/${data.benchmark}/${one.number}.png`, alt: `image ${one.number}: ${one.truth}`, width: 112, height: 112, loading: "lazy" }),
    make("span", [make("b", one.truth), ...models.flatMap((model) => [make("br"), `${broken(model)}: ${one.answers[model]}`]), make("small", `image ${one.number}`)]),
  ])), { class: "pictures wide" });
}

async function show() {
  const [on, ...chosen] = fields.map((field) => field.value), models = chosen.filter(Boolean);
  if (!on) return;
  const data = await benchmarkData(on);
  const pairs = await Promise.all(models.flatMap((a, k) => models.slice(k + 1).map(async (b) => ({ models: [a, b], found: await pairOf(data, a, b) }))));
  const plots = data.plots.filter((plot) => !/^(scores|confusion)-/.test(plot.name));
  const shown = await disputed(data, models, pairs);
  const figures = plots.map((plot) => ({ plot, element: make("div", "", { class: "plot", role: "img", "aria-label": `${plot.title}; the numbers are in the table` }) }));
  const legend = data.models.filter((one) => models.includes(one.model)).map((one) => {
    const entry = make("span", [make("a", one.model, { href: `model/${one.model}.html` })]);
    entry.insertAdjacentHTML("afterbegin", sample(one));
    return entry;
  });
  place.replaceChildren(
    make("h2", ["On ", make("a", on, { href: `benchmark/${on}.html` }), " ", make("span", `${data.domain} images`, { class: "badge domain" })]),
    make("p", "Differences are paired: both models are resampled on the same images. One is called better where it is in more than 97.5 % of the resamples. ↓ marks metrics of which less is better, → those that are best at the number that follows: their differences are those of the distances to it."),
    differences(data, models, pairs), make("div", legend, { class: "legend still" }),
    make("div", figures.map(({ plot, element }) => make("figure", [make("figcaption", plot.title), element])), { class: "plots" }),
    make("h2", "Images on which they disagree most"), images(data, models, shown),
  );
  await Promise.all(figures.map(({ plot, element }) => drawPlot(element, data, plot.name, models)));
  root.dataset.ready = "comparison";
}

/** Called by data/index.js. */
function zooIndex(benchmarks) {
  known = benchmarks;
  fill();
  show();
}

function remember() {
  const [on, first, second, third] = fields.map((field) => field.value);
  writeHash([["on", on], ["model", first], ["compare", [second, third].filter(Boolean).join(",")]]);
}

form.addEventListener("change", () => {
  remember();
  fill();
  remember();
  show();
});
addEventListener("hashchange", () => { fill(); show(); });
