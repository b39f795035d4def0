// Begins: with the data in the page itself where it is a file, else with the stream of a run's changes.

/** Everything shown may be out of date: draw it with the next frame, once. */
let isWaiting = false;

function changed() {
  markStale();
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => {
    isWaiting = false;
    show();
  });
}

let shownKeys = "";

function show() {
  if (!model.about) return;
  const keys = JSON.stringify([model.about.keys, curveGroups(), model.about.metric]);
  if (keys !== shownKeys) {
    shownKeys = keys;
    layOut();
  }
  showHeader();
  showChosen();
  showTable();
  showMoves();
  showGate();
  showDefinition();
  showOutput();
  rest();
  if (performance.getEntriesByName("shown").length === 0) performance.mark("shown");
}

/** Draws pictures, and those that rest a little later. */
function rest() {
  if (drawPictures()) setTimeout(rest, 300);
}

/** The pictures of a sweep, in reading order. */
function layOut() {
  clearPictures();
  const groups = curveGroups();
  addCurves(groups.slice(0, 2));
  addOverview();
  addKeys();
  addTogether();
  addTimeline();
  addCurves(groups.slice(2));
}

function listen(run) {
  forget();
  shownKeys = "";
  output.run = run;
  const changes = new EventSource(`runs/${run}/changes`);
  changes.addEventListener("message", (event) => {
    model.problem = "";
    take(JSON.parse(event.data));
    changed();
  });
  takeTested(null);
  changes.addEventListener("tested", (event) => takeTested(JSON.parse(event.data)));
  changes.addEventListener("problem", (event) => {
    model.problem = event.data;
    if (model.about) showHeader();
    else say(at("notice"), event.data);
  });
  changes.addEventListener("open", () => say(at("notice"), ""));
  changes.addEventListener("error", () => say(at("notice"), "The connection to finetooth is lost; it is tried again."));
  return changes;
}

async function watch() {
  const answer = await fetch("runs");
  const runs = await answer.json();
  if (runs.length === 0) {
    say(at("notice"), "No sweep has begun here yet; looking again.");
    setTimeout(watch, 2000);
    return;
  }
  const select = at("run");
  select.replaceChildren(...runs.map((run) => element("option", `${run.name} (${run.directory})`, { value: String(run.run) })));
  at("chooser").hidden = runs.length < 2;
  const wanted = Number(window.location.hash.slice(1));
  const first = runs.find((run) => run.run === wanted && window.location.hash) ?? runs.reduce((one, other) => (other.modified > one.modified ? other : one));
  select.value = String(first.run);
  let changes = listen(first.run);
  select.addEventListener("change", () => {
    changes.close();
    window.location.hash = select.value;
    clearPictures();
    changes = listen(Number(select.value));
  });
}

startTheme(() => {
  for (const picture of pictures) {
    picture.chart?.dispose();
    picture.chart = null;
    picture.drawnAt = 0;
  }
  changed();
});
startTable();
startOutput();
at("all-moves").addEventListener("input", showMoves);
at("save-moves").addEventListener("click", () => {
  const rows = shownMoves().map((move) => MOVE_COLUMNS.map((name) => move[name]));
  download("moves.csv", "text/csv", asCsv([MOVE_COLUMNS, ...rows]));
});

at("save-gate").addEventListener("click", saveGate);
at("save-test").addEventListener("click", () => download("test.csv", "text/csv", asCsv(tested.uses)));
at("save-confusion").addEventListener("click", () => download("classes.csv", "text/csv", asCsv(tested.classes)));

const embedded = at("record");
if (embedded) {
  take(JSON.parse(embedded.textContent));
  takeTested(JSON.parse(at("tested").textContent));
  show();
} else {
  watch();
}
