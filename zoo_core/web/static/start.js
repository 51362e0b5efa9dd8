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

const benchmarks = new Map();
/** Called by data/<benchmark>.js. */
function zooData(payload) { benchmarks.set(payload.benchmark, payload); }
async function benchmarkData(id) {
  await load(`data/${id}.js`);
  return benchmarks.get(id);
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
