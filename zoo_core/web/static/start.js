// Runs before the page is drawn: the theme that was chosen, and the means to load a script when it is wanted.
"use strict";
const root = document.documentElement;
const kept = {
  get: () => { try { return localStorage.getItem("zoo-theme") || ""; } catch { return ""; } },
  set: (theme) => { try { localStorage.setItem("zoo-theme", theme); } catch { /* a page on disk may keep nothing */ } },
};
root.dataset.theme = kept.get();

const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

const scripts = new Map();
/** Loads a script of the site once; pages on disk may not fetch, but may load scripts. */
function load(path) {
  if (!scripts.has(path)) {
    scripts.set(path, new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = document.body.dataset.up + path;
      script.onload = done;
      script.onerror = () => failed(new Error(`${path} is not there`));
      document.head.append(script);
    }));
  }
  return scripts.get(path);
}

/** After the browser has drawn what the page itself holds. */
const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

const benchmarks = new Map(), modelFiles = new Map(), parts = new Map();
/** Called by data/<benchmark>.js, data/<benchmark>/<model>.js and parts/<benchmark>/<name>.js. */
function zooData(payload) { benchmarks.set(payload.benchmark, payload); }
function zooModel(payload) { modelFiles.set(payload.of, payload); }
function zooPart(name, content) { parts.set(name, content); }
async function benchmarkData(id) {
  await load(`data/${id}.js`);
  return benchmarks.get(id);
}
async function modelData(benchmark, model) {
  await load(`data/${benchmark}/${model}.js`);
  return modelFiles.get(`${benchmark}/${model}`);
}
async function part(name) {
  await load(`parts/${name}.js`);
  return parts.get(name);
}
/** A part that is HTML, its links as seen from this page. */
async function fragment(name) {
  const template = document.createElement("template");
  template.innerHTML = await part(name);
  template.content.querySelectorAll("a[href]").forEach((link) => link.setAttribute("href", document.body.dataset.up + link.getAttribute("href")));
  return template.content;
}

/** The part of an address behind #, as a map; a plain name of a section is none. */
const readHash = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
function writeHash(entries) {
  const text = entries.filter(([, value]) => value).map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`).join("&");
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme");
  const name = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    kept.set(root.dataset.theme);
    name();
  });
  name();
});
