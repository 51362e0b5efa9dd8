// Plots by Vega-Lite: drawn when they come into view, with values under the pointer and a legend that hides models.
"use strict";
const views = [];

/** Draws a plot of the data of a benchmark into an element; `models` are those that are shown, or all. */
async function drawPlot(element, plot, models) {
  await load("assets/plots.js");
  const records = models ? plot.records.filter((record) => models.includes(record.model)) : plot.records;
  const width = Math.max(240, Math.min(520, element.clientWidth || 320));
  const spec = { ...plot.spec, width, autosize: { type: "fit-x", contains: "padding" }, data: { values: records } };
  const result = await vegaEmbed(element, spec, { actions: false, renderer: "svg" });
  element.querySelector("svg")?.setAttribute("aria-hidden", "true");
  return result.view;
}

async function drawFigure(figure) {
  const { benchmark, plot: name } = figure.dataset;
  const data = await benchmarkData(benchmark);
  const plot = data.plots.find((one) => one.name === name);
  const only = figure.closest("[data-only]")?.dataset.only;
  const element = figure.querySelector(".plot");
  const view = await drawPlot(element, plot, only ? [only] : null);
  if (!only) views.push({ benchmark, view });
  hide(benchmark);
  figure.dataset.drawn = "yes";
}

const hidden = new Map();
function hide(benchmark) {
  const models = [...(hidden.get(benchmark) ?? [])];
  views.filter((one) => one.benchmark === benchmark).forEach((one) => one.view.signal("hidden", models).runAsync());
}

function legends() {
  document.querySelectorAll(".legend").forEach((legend) => {
    const left = [...legend.querySelectorAll("button[aria-pressed=false]")].map((button) => button.dataset.model);
    hidden.set(legend.dataset.benchmark, new Set(left));
  });
  document.querySelectorAll(".legend").forEach((legend) => legend.addEventListener("click", (event) => {
    const button = event.target.closest("button"), { benchmark } = legend.dataset;
    if (!button) return;
    const pressed = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!pressed));
    const models = hidden.get(benchmark) ?? new Set();
    if (pressed) models.add(button.dataset.model); else models.delete(button.dataset.model);
    hidden.set(benchmark, models);
    hide(benchmark);
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
