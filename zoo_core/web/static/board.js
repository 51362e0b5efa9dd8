// Tables that sort, filter and hide columns, by DataTables; which models are picked for a comparison.
"use strict";
const PER_PAGE = 25; // rows that are laid out at once, which is what a filter or a sort costs: no more for 250 models than for 25
const RANK = 1; // its column
const UNFILTERED = 100; // of a list that is only sorted
const QUIET = 200; // ms after the last choice until the address keeps it
const filters = document.querySelector("form.filters");
const tables = [];

const settings = (heads, perPage = PER_PAGE) => ({
  paging: heads.rows > perPage, pageLength: perPage, lengthChange: false, info: false, autoWidth: false, order: heads.order,
  orderClasses: false, // which would mark a cell of every row, shown or not
  layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: heads.rows > perPage ? "paging" : null },
  columnDefs: heads.columnDefs,
});

/** Columns that are shown on request: always, or where the screen is narrow. */
const isAside = (head) => head.dataset.aside === "" || (head.dataset.aside === "narrow" && innerWidth < 1380);

/** The rows that the page has left out: they never stand in it all at once, which would take long to lay out. */
async function addRows(element, table) {
  const rows = (await fragment(element.dataset.more)).querySelectorAll("tr");
  table.rows.add([...rows].slice(table.rows().count()));
}

async function boardTable(element) {
  const heads = [...element.tHead.rows[0].cells];
  const columnDefs = heads.map((head, column) => ({
    targets: column,
    visible: !isAside(head),
    orderDataType: column === RANK ? "shown" : undefined,
    orderSequence: head.classList.contains("rising") || !element.tBodies[0].rows[0]?.cells[column].dataset.order ? ["asc", "desc"] : ["desc", "asc"],
  }));
  const { more } = element.dataset, { length } = element.tBodies[0].rows;
  const table = new DataTable(element, settings({ rows: more ? Infinity : length, order: [[RANK, "asc"]], columnDefs }));
  if (more) await addRows(element, table);
  const tools = document.querySelector(`.tools[data-for="${element.id}"]`);
  const board = { element, table, tools, heads };
  const rows = table.rows({ order: "index" }).nodes().toArray();
  table.search.fixed("facets", (text, values, index) => wanted(rows[index]));
  table.on("draw", () => { count(board); if (board.place !== undefined) paintRanks(board); });
  if (more) table.draw();
  columnChoice(board);
  tools.querySelector(".rank-by")?.addEventListener("change", (event) => { rankBy(board, event.target.value); remember(); });
  tools.hidden = false;
  count(board);
  return board;
}

const texts = new WeakMap();
/** The words of a row, in small letters. */
function words(row) {
  if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
  return texts.get(row);
}

/** What is chosen, by the name of the field; fields that are empty choose nothing. */
const chosen = () => new Map([...new FormData(filters ?? undefined)].filter(([, value]) => value.trim()));

let choice = chosen();
/** Whether the filters let a row through. */
const wanted = (row) => [...choice].every(([name, value]) => (LETS[name] ?? ((one) => one.dataset[name] === value))(row, value));

const LETS = {
  q: (row, text) => words(row).includes(text.toLowerCase().trim()),
  size: (row, most) => Number(row.dataset.size) > 0 && Number(row.dataset.size) <= Number(most),
  speed: (row, least) => Number(row.dataset.speed) >= Number(least),
  hideself: (row) => row.dataset.badge !== "self-reported",
};

function count(board) {
  const shown = board.table.rows({ search: "applied" }).count(), all = board.table.rows().count();
  board.tools.querySelector(".count").textContent = `${shown === all ? "" : `${shown} of `}${all} ${all === 1 ? "model" : "models"}`;
}

function columnChoice(board) {
  const choices = board.tools.querySelector(".choices");
  board.heads.forEach((head, column) => {
    if (head.hasAttribute("data-fixed")) return;
    const label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox";
    box.checked = board.table.column(column).visible();
    box.addEventListener("change", () => board.table.column(column).visible(box.checked));
    label.append(box, " ", head.textContent.trim());
    choices.append(label);
  });
}

/** Escape, and a click elsewhere, close the choice of columns. */
function closing() {
  const open = () => document.querySelector("details.columns[open]");
  document.addEventListener("keydown", (event) => {
    const details = event.key === "Escape" && open();
    if (!details) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => { if (open() && !open().contains(event.target)) open().open = false; });
}

/** Places and intervals of the rows that are shown, by the metric that was chosen. */
function paintRanks(board) {
  board.table.rows({ page: "current" }).nodes().each((row) => {
    const found = JSON.parse(row.dataset.ranks)[board.place], all = Number(row.dataset.ranked);
    if (!found) return;
    const [rank, low, high] = found, bar = row.querySelector("td.rank .interval");
    row.querySelector(".place").replaceChildren(String(rank), Object.assign(document.createElement("small"), { textContent: ` [${low}–${high}]` }));
    bar.style.setProperty("--low", (low - 1) / all);
    bar.style.setProperty("--high", high / all);
    bar.style.setProperty("--at", (rank - 0.5) / all);
  });
}

/** Ranks by another metric: the order of all rows, and what those say that are shown. */
function rankBy(board, metric) {
  const place = [...board.tools.querySelector(".rank-by").options].findIndex((option) => option.value === metric);
  board.table.rows().nodes().each((row) => {
    const found = JSON.parse(row.dataset.ranks)[place];
    if (found) row.querySelector("td.rank").dataset.order = found[0] + found[3] / 1000; // which `shown` reads
  });
  board.place = place;
  const column = board.heads.findIndex((head) => head.textContent.trim().split(" ")[0] === metric);
  if (column > 0) board.table.column(column).visible(true);
  board.table.order([RANK, "asc"]).draw();
}

let keeping;
/** The choice, in the address, once the reader pauses: a browser takes longer for that than for a filter. */
function remember() {
  clearTimeout(keeping);
  keeping = setTimeout(keep, QUIET);
}

function keep() {
  const chosen = filters ? [...new FormData(filters)] : [];
  const ranks = tables.filter((one) => one.tools.querySelector(".rank-by")?.selectedIndex > 0)
    .map((one) => [`rank.${one.element.dataset.benchmark}`, one.tools.querySelector(".rank-by").value]);
  writeHash([...chosen, ...ranks]);
}

/** Draws the rows that the filters let through, once for each choice: some fields tell of a change twice. */
function apply() {
  const before = new URLSearchParams([...choice]).toString();
  choice = chosen();
  if (new URLSearchParams([...choice]).toString() === before) return;
  tables.forEach((one) => one.table.draw());
  remember();
}

function recall() {
  const kept = readHash();
  for (const [name, value] of kept) {
    const field = filters?.elements.namedItem(name);
    if (field?.type === "checkbox") field.checked = true;
    else if (field) field.value = value;
  }
  for (const one of tables) {
    const metric = kept.get(`rank.${one.element.dataset.benchmark}`), select = one.tools.querySelector(".rank-by");
    if (metric && select) { select.value = metric; rankBy(one, metric); }
  }
  if (kept.size) apply();
}

/** The checked boxes of all rows, on whatever page of the table. */
const picked = (board) => board.table.rows().nodes().toArray().flatMap((row) => [...row.querySelectorAll(".pick:checked")]);

/** Two or three picked models lead to their comparison. */
function picks() {
  const bar = document.getElementById("picked");
  document.addEventListener("change", (event) => {
    if (!event.target.matches(".pick")) return;
    const table = event.target.closest("table");
    tables.filter((one) => one.element !== table).flatMap(picked).forEach((box) => { box.checked = false; });
    const boxes = picked(tables.find((one) => one.element === table));
    if (boxes.length > 3) event.target.checked = false;
    const chosen = boxes.filter((box) => box.checked).map((box) => box.closest("tr").dataset.model);
    bar.hidden = chosen.length === 0;
    const link = document.createElement("a"), [first, ...others] = chosen;
    link.href = `${document.body.dataset.up}compare.html#on=${table.dataset.benchmark}&model=${first}&compare=${others.join(",")}`;
    link.textContent = `Compare ${chosen.join(", ")}`;
    bar.replaceChildren(chosen.length < 2 ? `${first}: pick one or two more models of this table to compare` : link);
  });
}

/** Fills in what a page with many models has left out, when a reader comes to it. */
function later() {
  const fill = async (place) => place.replaceChildren(await fragment(place.dataset.part));
  const places = document.querySelectorAll("[data-part]");
  const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
    seen.unobserve(entry.target);
    fill(entry.target);
  }), { rootMargin: "300px" });
  places.forEach((place) => seen.observe(place));
  addEventListener("beforeprint", () => places.forEach((place) => { if (place.dataset.part) fill(place); }));
}

async function start() {
  closing();
  await drawn();
  await load("assets/tables.js");
  DataTable.ext.order.shown = (settings, column) => // the numbers that the cells hold at the time of sorting
    new DataTable.Api(settings).column(column, { order: "index" }).nodes().toArray().map((cell) => Number(cell.dataset.order));
  for (const element of document.querySelectorAll("table.board")) tables.push(await boardTable(element));
  picks();
  later();
  document.querySelectorAll("table.sortable").forEach((element) => new DataTable(element, settings({ rows: element.tBodies[0].rows.length, order: [], columnDefs: [] }, UNFILTERED)));
  if (filters) {
    filters.hidden = false;
    filters.addEventListener("input", apply);
    filters.addEventListener("change", apply);
    filters.addEventListener("reset", () => setTimeout(apply, 0));
    filters.addEventListener("submit", (event) => event.preventDefault());
    recall();
  }
  addEventListener("hashchange", () => { if (location.hash.includes("=")) location.reload(); });
  root.dataset.ready = "tables";
  if (typeof startFigures === "function") await startFigures();
}
start();
