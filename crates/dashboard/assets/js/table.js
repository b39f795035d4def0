// The table of trials: sorted, filtered, and of a long one only the rows in view are made.

const ROW = 28;

const table = { key: "trial", descending: false, rows: [], first: -1, cursor: null };

const STATES = ["all", "completed", "running", "pruned", "diverged", "failed", "interrupted", "after the end"];

/** The columns: name, the cell's value, and whether it is a number. */
function columns() {
  const { metric, keys } = model.about;
  const own = (name, of, isNumber = true) => ({ name, of, isNumber });
  return [
    own("trial", (trial) => trial.id),
    own("stage", (trial) => stageName(trial.stage), false),
    own("round", (trial) => trial.round),
    own("state", (trial) => trial.state, false),
    own(metric, (trial) => trial.metric),
    own("best_epoch", (trial) => trial.best_epoch),
    own("epochs", (trial) => trial.epochs),
    ...keys.map((key, index) => own(key.name, (trial) => trial.params[index] ?? null, key.scale !== "choice")),
    own("seed", (trial) => trial.seed),
    own("parent", (trial) => trial.parent),
    own("reason", (trial) => trial.reason ?? null, false),
  ];
}

function startTable() {
  at("state").replaceChildren(...STATES.map((state) => element("option", state, { value: state })));
  const head = element("thead");
  const body = element("tbody");
  const made = element("table", [head, body], { role: "grid", "aria-multiselectable": "true", "aria-labelledby": "trials-title" });
  at("table").replaceChildren(made);
  at("table").addEventListener("scroll", () => drawRows(false));
  for (const id of ["state", "find"]) at(id).addEventListener("input", showTable);
  at("unbrush").addEventListener("click", () => {
    clearBrushing();
    showTable();
  });
  at("save-trials").addEventListener("click", () => {
    const shown = columns();
    const rows = table.rows.map((trial) => shown.map((column) => column.of(trial)));
    download("trials.csv", "text/csv", asCsv([shown.map((column) => column.name), ...rows]));
  });
  body.addEventListener("click", (event) => toggle(event.target.closest("tr")));
  body.addEventListener("keydown", moveAlong);
}

function toggle(row) {
  if (!row?.dataset.id) return;
  table.cursor = Number(row.dataset.id);
  choose(table.cursor);
  changed();
}

/** Arrow keys move from row to row, Enter and Space choose. */
function moveAlong(event) {
  const row = event.target.closest("tr");
  if (!row) return;
  const place = table.rows.findIndex((trial) => trial.id === Number(row.dataset.id));
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -Infinity, End: Infinity };
  if (event.key in steps) {
    event.preventDefault();
    const next = Math.max(0, Math.min(table.rows.length - 1, place + steps[event.key]));
    table.cursor = table.rows[next].id;
    const where = at("table");
    const top = next * ROW;
    if (top < where.scrollTop) where.scrollTop = top;
    if (top > where.scrollTop + where.clientHeight - 3 * ROW) where.scrollTop = top - where.clientHeight + 3 * ROW;
    drawRows(true);
    where.querySelector(`tr[data-id="${table.cursor}"]`)?.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    toggle(row);
  }
}

/** Puts the rows in order and draws those in view. */
function showTable() {
  if (!model.about) return;
  const shown = columns();
  const sorting = shown.find((column) => column.name === table.key) ?? shown[0];
  const state = at("state").value;
  const wanted = at("find").value.trim().toLowerCase();
  const holds = (trial) => shown.some((column) => plain(column.of(trial)).toLowerCase().includes(wanted));
  table.rows = [...model.trials.values()].filter((trial) => (state === "all" || trial.state === state)
    && (!model.brushed || model.brushed.has(trial.id)) && (wanted === "" || holds(trial)));
  const order = (one, other) => {
    const [a, b] = [sorting.of(one), sorting.of(other)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    const before = typeof a === "number" && typeof b === "number" ? a - b : plain(a).localeCompare(plain(b), "en", { numeric: true });
    return table.descending ? -before : before;
  };
  table.rows.sort((one, other) => order(one, other) || one.id - other.id);
  say(at("count"), table.rows.length === model.trials.size
    ? counted(table.rows.length, "trial") : `${table.rows.length.toLocaleString("en")} of ${counted(model.trials.size, "trial")}`);
  at("unbrush").hidden = !model.brushed;
  drawHead(shown);
  drawRows(true);
}

function drawHead(shown) {
  const head = at("table").querySelector("thead");
  const names = JSON.stringify(shown.map((column) => column.name));
  if (head.dataset.names !== names) {
    head.dataset.names = names;
    const cells = shown.map((column) => {
      const button = element("button", apart(column.name), { type: "button" });
      button.addEventListener("click", () => {
        const isNow = table.key === column.name;
        table.descending = isNow ? !table.descending : column.name === model.about.metric && model.about.goal === "maximize";
        table.key = column.name;
        showTable();
      });
      return element("th", button, { scope: "col", class: column.isNumber ? "number" : "text" });
    });
    head.replaceChildren(element("tr", [element("th", element("span", "drawn"), { scope: "col" }), ...cells]));
  }
  [...head.querySelectorAll("th")].slice(1).forEach((cell, index) => {
    if (shown[index].name === table.key) cell.setAttribute("aria-sort", table.descending ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  });
}

/** Makes the rows in view, and space for the others. */
function drawRows(isChanged) {
  const where = at("table");
  const body = where.querySelector("tbody");
  const shown = columns();
  const n = Math.ceil(where.clientHeight / ROW) + 20;
  const first = Math.max(0, Math.min(Math.floor(where.scrollTop / ROW) - 10, table.rows.length - n));
  if (!isChanged && Math.abs(first - table.first) < 6) return;
  table.first = first;
  const focused = body.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const space = (rows) => (rows > 0 ? [element("tr", element("td", [], { colspan: String(shown.length + 1) }))] : []);
  const rows = table.rows.slice(first, first + n).map((trial) => {
    const place = model.chosen.indexOf(trial.id);
    const mark = element("i");
    if (place >= 0) mark.style.background = colour(place);
    const cells = shown.map((column) => {
      const value = column.of(trial);
      const text = column.isNumber ? brief(value) : plain(value);
      const cell = element("td", apart(text), { class: column.isNumber ? "number" : column.name === "state" ? trial.state : "text" });
      if (plain(value) !== "") cell.title = plain(value);
      return cell;
    });
    return element("tr", [element("td", place >= 0 ? mark : []), ...cells], {
      tabindex: trial.id === (table.cursor ?? table.rows[0].id) ? "0" : "-1", "data-id": String(trial.id), "aria-selected": String(place >= 0),
    });
  });
  const [before, after] = [space(first), space(table.rows.length - first - rows.length)];
  for (const row of before) row.firstChild.style.height = `${first * ROW}px`;
  for (const row of after) row.firstChild.style.height = `${(table.rows.length - first - rows.length) * ROW}px`;
  body.replaceChildren(...before, ...rows, ...after);
  if (focused) body.querySelector(`tr[data-id="${focused}"]`)?.focus({ preventScroll: true });
}
