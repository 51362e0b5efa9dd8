// Plots by Vega-Lite: drawn when they come into view, with values under the pointer and a legend that hides models.
"use strict";
const views = new Map();

/** A plot of a benchmark with the points of these models, which come from their own files if those of the benchmark lack them. */
async function plotOf(data, name, wanted) {
  const known = new Set(data.models.filter((one) => one.drawn).map((one) => one.model));
  const files = await Promise.all(wanted.filter((model) => !known.has(model)).map((model) => modelData(data.benchmark, model)));
  const found = [...data.plots, ...files.flatMap((file) => file.plots)].filter((plot) => plot.name === name);
  const records = found.flatMap((plot) => plot.records).filter((record) => wanted.includes(record.model));
  return { ...found[0], records };
}

/** A drawing in which each of the models has its colour and its dashes. */
function styled(spec, shown) {
  const domain = shown.map((one) => one.model);
  const ranges = { color: shown.map((one) => one.colour), strokeDash: shown.map((one) => (one.dash ? one.dash.split(" ").map(Number) : [1, 0])) };
  const channel = ([name, how]) => [name, how.field === "model" && how.scale ? { ...how, scale: { domain, range: ranges[name] } } : how];
  return { ...spec, layer: spec.layer.map((layer) => ({ ...layer, encoding: Object.fromEntries(Object.entries(layer.encoding).map(channel)) })) };
}

/** Draws a plot of a benchmark with these models into an element. */
async function drawPlot(element, data, name, wanted) {
  await load("assets/plots.js");
  const plot = await plotOf(data, name, wanted);
  const width = Math.max(240, Math.min(520, element.clientWidth || 320));
  const drawing = styled(plot.spec, data.models.filter((one) => wanted.includes(one.model)));
  const spec = { ...drawing, width, autosize: { type: "fit-x", contains: "padding" }, data: { values: plot.records } };
  const result = await vegaEmbed(element, spec, { actions: false, renderer: "svg" });
  element.querySelector("svg")?.setAttribute("aria-hidden", "true");
  return result.view;
}

async function drawFigure(figure) {
  const { benchmark, plot: name } = figure.dataset;
  const data = await benchmarkData(benchmark);
  const only = figure.closest("[data-only]")?.dataset.only, element = figure.querySelector(".plot");
  const wanted = only ? [only] : data.models.filter((one) => one.drawn || added.get(benchmark)?.has(one.model)).map((one) => one.model);
  const view = await drawPlot(element, data, name, wanted);
  if (!only) views.set(figure, { benchmark, view });
  hide(benchmark);
  figure.dataset.drawn = "yes";
}

const hidden = new Map(), added = new Map();
function hide(benchmark) {
  const left = [...(hidden.get(benchmark) ?? [])];
  [...views.values()].filter((one) => one.benchmark === benchmark).forEach((one) => one.view.signal("hidden", left).runAsync());
}

/** Shows a model that plots do not begin with: those that stand are drawn again. */
async function add(benchmark, model) {
  added.set(benchmark, (added.get(benchmark) ?? new Set()).add(model));
  const standing = [...views].filter(([, one]) => one.benchmark === benchmark);
  for (const [figure] of standing) await drawFigure(figure);
}

/** The line that stands for a model. */
const sample = ({ colour, dash }) => `<svg width="26" height="10" aria-hidden="true"><line x1="0" y1="5" x2="26" y2="5" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/></svg>`;

function legendButton(one) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  Object.assign(button.dataset, { model: one.model, later: "" });
  button.insertAdjacentHTML("afterbegin", sample(one));
  button.append(one.model);
  return button;
}

/** Names the models that the legend has left out, in the place of the button that asks for them. */
async function nameAll(button, benchmark) {
  const named = new Set([...button.parentElement.querySelectorAll("[data-model]")].map((one) => one.dataset.model));
  const data = await benchmarkData(benchmark), others = data.models.filter((one) => !named.has(one.model)).map(legendButton);
  button.replaceWith(...others);
  others[0].focus();
}

function legends() {
  document.querySelectorAll(".legend").forEach((legend) => legend.addEventListener("click", (event) => {
    const button = event.target.closest("button"), { benchmark } = legend.dataset;
    if (!button) return;
    if (button.matches(".all")) { nameAll(button, benchmark); return; }
    const pressed = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!pressed));
    const left = hidden.get(benchmark) ?? new Set(), { model } = button.dataset;
    if (pressed) left.add(model); else left.delete(model);
    hidden.set(benchmark, left);
    if (!pressed && !added.get(benchmark)?.has(model) && button.dataset.later === "") add(benchmark, model);
    else hide(benchmark);
  }));
}

/** Called once the tables stand. */
async function startFigures() {
  legends();
  const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
    seen.unobserve(entry.target);
    drawFigure(entry.target);
  }), { rootMargin: "300px" });
  const figures = document.querySelectorAll("figure[data-plot]");
  figures.forEach((figure) => seen.observe(figure));
  addEventListener("beforeprint", () => figures.forEach((figure) => { if (!figure.dataset.drawn) drawFigure(figure); }));
}
