"use strict";
/* Grading: a grade is kept in this browser at once, and saved to a file on request. */
(() => {
  const found = JSON.parse(document.getElementById("found").textContent);
  if (!found.candidates.length) return;
  const COLUMNS = ["id", "path", "ra", "dec", "grade", "graded"];
  const store = `zoo-grades-${found.survey}`;
  const element = (id) => document.getElementById(id);
  const buttons = (name) => [...document.querySelectorAll(`[data-${name}]`)];
  const stretches = buttons("stretch").map((button) => button.dataset.stretch);
  let kept = { grades: {}, past: [] };
  let at = 0;
  let stretch = stretches[0];
  let remark = "";
  let curved = true;

  function read() {
    try {
      kept = JSON.parse(localStorage.getItem(store)) || kept;
    } catch {
      remark = "This browser keeps no grades: save them before you close the page.";
    }
  }

  function keep() {
    try {
      localStorage.setItem(store, JSON.stringify(kept));
    } catch {
      remark = "This browser keeps no grades: save them before you close the page.";
    }
  }

  const gradeOf = (one) => kept.grades[one.path]?.grade || "";

  function put(path, graded) {
    if (graded) kept.grades[path] = graded;
    else delete kept.grades[path];
  }

  function grade(name) {
    const { path, id } = found.candidates[at];
    kept.past.push([path, kept.grades[path] || null]);
    put(path, { grade: name, graded: new Date().toISOString() });
    remark = `${id}: ${name}, ${found.grades[name]}.`;
    keep();
    go(ahead());
  }

  /* The next candidate without a grade, behind this one and then from the first on; else the next one. */
  function ahead() {
    const order = found.candidates.map((_, k) => (at + 1 + k) % found.candidates.length);
    const open = order.find((k) => !gradeOf(found.candidates[k]));
    return open ?? Math.min(at + 1, found.candidates.length - 1);
  }

  function undo() {
    const last = kept.past.pop();
    if (!last) {
      remark = "Nothing to undo.";
      return show();
    }
    const [path, before] = last;
    put(path, before);
    keep();
    const place = found.candidates.findIndex((one) => one.path === path);
    remark = "Undone.";
    return go(place < 0 ? at : place);
  }

  function go(place) {
    at = Math.max(0, Math.min(place, found.candidates.length - 1));
    show();
  }

  function show() {
    const one = found.candidates[at];
    element("name").textContent = `${at + 1}. ${one.id}`;
    element("picture").src = one.pictures[stretch] || "data:,";
    element("picture").alt = `${one.id}, ${stretch}`;
    element("meaning").textContent = one.pictures[stretch] ? found.maps[stretch] || "" : `There is no ${stretch} of this candidate.`;
    element("message").textContent = one.message || "";
    element("compass").replaceChildren(...(one.compass ? compass(one.compass) : []));
    element("curves").replaceChildren(...(curved ? one.curves.map(curve) : []));
    element("facts").replaceChildren(...one.facts.flatMap(fact));
    element("alike-title").hidden = !one.alike.length;
    element("alike").replaceChildren(...one.alike.map(thumbnail));
    press("stretch", stretch);
    press("grade", gradeOf(one));
    mark();
  }

  const drawn = (name, attributes, words = "") => {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    shape.textContent = words;
    return shape;
  };

  /* A scale bar, and arrows to north and east where the header says where they are; the picture is 100 wide. */
  function compass({ bar, length, north, east }) {
    const end = 5 + 100 * length;
    const shapes = [drawn("line", { x1: 5, y1: 95, x2: end, y2: 95 }), drawn("text", { x: Math.max(8, (5 + end) / 2), y: 91 }, `${bar}″`)];
    for (const [name, to] of [["N", north], ["E", east]]) {
      if (!to) continue;
      shapes.push(drawn("line", { x1: 86, y1: 86, x2: 86 + 7 * to[0], y2: 86 - 7 * to[1] }));
      shapes.push(drawn("text", { x: 86 + 10 * to[0], y: 86 - 10 * to[1] }, name));
    }
    return shapes;
  }

  const curve = (points) => drawn("polyline", { points: points.map((place) => place.join(",")).join(" ") });

  /* A point a candidate, the first direction to the right, the second upwards. */
  function map() {
    const known = found.candidates.flatMap((one, place) => (one.latent ? [{ place, at: one.latent }] : []));
    if (known.length < 3) return;
    const scaled = [0, 1].map((axis) => {
      const values = known.map((one) => one.at[axis]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      return (value) => 5 + (90 * (value - low)) / (high - low || 1);
    });
    element("latent").hidden = false;
    element("latent").querySelector("svg").append(...known.map(({ place, at: [x, y] }) => {
      const point = drawn("circle", { cx: scaled[0](x), cy: 100 - scaled[1](y), r: 2, "data-point": place });
      point.append(drawn("title", {}, found.candidates[place].id));
      point.addEventListener("click", () => go(place));
      return point;
    }));
  }

  function fact([name, value, about]) {
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    if (about) term.append(explained(name, about, text));
    else term.textContent = name;
    text.prepend(value);
    return [term, text];
  }

  /* A name that says what it means when it is pressed: a finger has no pointer that rests. */
  function explained(name, about, place) {
    const button = document.createElement("button");
    const words = document.createElement("small");
    [button.type, button.textContent, button.title, words.textContent, words.hidden] = ["button", name, about, about, true];
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      words.hidden = !words.hidden;
      button.setAttribute("aria-expanded", String(!words.hidden));
    });
    place.append(words);
    return button;
  }

  function press(name, chosen) {
    for (const button of buttons(name)) button.setAttribute("aria-pressed", String(button.dataset[name] === chosen));
  }

  function thumbnail(place) {
    const one = found.candidates[place];
    const button = document.createElement("button");
    const picture = document.createElement("img");
    const name = document.createElement("span");
    button.type = "button";
    button.dataset.place = place;
    picture.loading = "lazy";
    picture.alt = "";
    picture.src = one.pictures[stretches[0]] || "data:,";
    name.textContent = one.id;
    button.append(picture, name, document.createElement("b"));
    button.addEventListener("click", () => {
      go(place);
      element("one").scrollIntoView({ block: "nearest" });
    });
    return button;
  }

  /* Grades on the small pictures, and how many there are. */
  function mark() {
    const onlyOpen = element("open").checked;
    for (const button of buttons("place")) {
      const place = Number(button.dataset.place);
      const own = gradeOf(found.candidates[place]);
      button.querySelector("b").textContent = own;
      button.setAttribute("aria-current", String(place === at));
      button.hidden = onlyOpen && Boolean(own) && button.parentElement.id === "all";
    }
    for (const point of document.querySelectorAll("[data-point]")) {
      point.classList.toggle("current", Number(point.dataset.point) === at);
      point.classList.toggle("graded", Boolean(gradeOf(found.candidates[point.dataset.point])));
    }
    const done = found.candidates.filter(gradeOf).length;
    element("status").textContent = `${done} of ${found.candidates.length} graded. ${remark}`;
    document.documentElement.dataset.ready = "graded";
  }

  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  function rows() {
    const graded = found.candidates.filter(gradeOf).map((one) => ({ ...one, ...kept.grades[one.path] }));
    return [COLUMNS, ...graded.map((one) => COLUMNS.map((name) => quoted(String(one[name] ?? ""))))];
  }

  function save() {
    const link = document.createElement("a");
    const text = rows().map((row) => `${row.join(",")}\n`).join("");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = "grades.csv";
    link.click();
    URL.revokeObjectURL(link.href);
    remark = "Saved as grades.csv.";
    mark();
  }

  /* Fields of a CSV file, as `save` writes it: quoted where they hold commas, quotes or line ends. */
  function parsed(text) {
    const table = [[]];
    for (const [, field, end] of text.matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/g)) {
      table.at(-1).push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
      if (end !== ",") table.push([]);
    }
    return table.filter((row) => row.length > 1);
  }

  async function load(file) {
    const [head, ...lines] = parsed(await file.text());
    const places = ["path", "grade", "graded"].map((name) => (head || []).indexOf(name));
    const known = new Set(found.candidates.map((one) => one.path));
    let count = 0;
    for (const line of lines) {
      const [path, name, graded] = places.map((place) => line[place]);
      if (!known.has(path) || !found.grades[name]) continue;
      kept.past.push([path, kept.grades[path] || null]);
      put(path, { grade: name, graded: graded || "" });
      count += 1;
    }
    remark = `${count} grades of ${file.name} taken.`;
    keep();
    show();
  }

  const keys = {
    ArrowLeft: () => go(at - 1),
    ArrowRight: () => go(at + 1),
    u: undo,
    s: save,
  };
  for (const name of Object.keys(found.grades)) keys[name.toLowerCase()] = () => grade(name);
  stretches.forEach((name, k) => { keys[k + 1] = () => stretched(name); });

  function stretched(name) {
    stretch = name;
    show();
  }

  const mass = element("mass");
  function toggled() {
    curved = !curved;
    mass.setAttribute("aria-pressed", String(curved));
    show();
  }
  if (mass) {
    keys.m = toggled;
    mass.addEventListener("click", toggled);
  }

  document.addEventListener("keydown", (event) => {
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
  for (const button of buttons("grade")) button.addEventListener("click", () => grade(button.dataset.grade));
  for (const button of buttons("stretch")) button.addEventListener("click", () => stretched(button.dataset.stretch));
  element("before").addEventListener("click", () => go(at - 1));
  element("next").addEventListener("click", () => go(at + 1));
  element("undo").addEventListener("click", undo);
  element("save").addEventListener("click", save);
  element("open").addEventListener("change", mark);
  element("load").addEventListener("change", (event) => event.target.files[0] && load(event.target.files[0]));
  read();
  map();
  element("all").append(...found.candidates.map((_, place) => thumbnail(place)));
  go(Math.max(0, found.candidates.findIndex((one) => !gradeOf(one))));
})();
