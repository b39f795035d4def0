// What is told in words: how far the sweep is, why ranges moved, what was checked, the definition.

const STANDINGS = { running: "running", interrupted: "interrupted, can be resumed", finished: "finished", ended: "ended" };

function showHeader() {
  const { about, progress, standing } = model;
  say(at("name"), about.name);
  document.title = `${about.name} · finetooth`;
  at("standing").dataset.is = standing.is;
  say(at("standing"), STANDINGS[standing.is] ?? standing.is);
  at("progress").max = Math.max(1, progress.epochs_planned);
  at("progress").value = standing.is === "finished" ? at("progress").max : progress.epochs_done;
  const best = progress.best === null ? null : model.trials.get(progress.best);
  const { completed, pruned, diverged, failed } = progress.counts;
  const ends = [[completed, "completed"], [pruned, "pruned"], [diverged, "diverged"], [failed, "failed"]];
  const seconds = (Date.parse(progress.last) - Date.parse(progress.began)) / 1000;
  const figures = [
    ["trials", `${progress.ended.toLocaleString("en")} of ${progress.planned.toLocaleString("en")}`],
    ["ends", ends.filter(([n]) => n > 0).map(([n, word]) => `${n.toLocaleString("en")} ${word}`).join(", ") || "none yet"],
    ["epochs spent", progress.epochs_spent.toLocaleString("en")],
    [`best ${about.metric}`, best ? `${brief(best.metric)} (trial ${best.id}, epoch ${best.best_epoch})` : "none yet"],
    ["its values", best ? about.keys.map((key, index) => [key.name, best.params[index]]).filter(([, value]) => value != null).map(([name, value]) => `${name} ${brief(value)}`).join(", ") : ""],
    ["began", `${new Date(progress.began).toLocaleString("en-GB")}, ${duration(seconds)} to the last event`],
  ];
  const list = at("figures");
  if (list.childElementCount !== figures.length) list.replaceChildren(...figures.map(([name]) => (
    element("div", [element("dt"), element("dd", element("bdi"))], { class: ["its values", "began"].includes(name) ? "wide" : "one" }))));
  figures.forEach(([name, value], index) => {
    say(list.children[index].querySelector("dt"), name);
    say(list.children[index].querySelector("bdi"), value);
  });
  say(at("notice"), [standing.why ?? "", model.leftOut ?? "", model.problem ?? ""].filter((text) => text !== "").join(" · "));
}

/** Chips of the trials that are drawn, to take them away again. */
function showChosen() {
  const chips = model.chosen.map((id, place) => {
    const trial = model.trials.get(id);
    const mark = element("i");
    mark.style.background = colour(place);
    const text = `trial ${id}${trial?.metric != null ? ` (${brief(trial.metric)})` : ""} ×`;
    const chip = element("button", [mark, text], { type: "button", class: "chip", "aria-label": `Do not draw trial ${id}` });
    chip.addEventListener("click", () => {
      choose(id);
      changed();
    });
    return chip;
  });
  const hint = model.choseThemselves ? "Drawn:" : "Drawn, the best:";
  at("chosen").replaceChildren(element("span", hint, { class: "muted" }), ...chips, element("span", "choose others in the table of trials", { class: "muted" }));
}

const MOVE_COLUMNS = ["stage", "round", "key", "low", "high", "best", "move", "next_low", "next_high", "reason"];

function shownMoves() {
  return at("all-moves").checked ? model.moves : model.moves.filter(isTold);
}

function showMoves() {
  const moves = shownMoves();
  const [head, body] = [at("moves").querySelector("thead"), at("moves").querySelector("tbody")];
  if (head.childElementCount === 0) head.replaceChildren(element("tr", MOVE_COLUMNS.map((name) => element("th", name.replace("_", " "), { scope: "col" }))));
  const version = `${moves.length} ${at("all-moves").checked}`;
  if (body.dataset.version === version) return;
  body.dataset.version = version;
  const rows = moves.slice(-500).map((move) => element("tr", MOVE_COLUMNS.map((name) => {
    const value = name === "move" ? move.move.replace("_", " ") : move[name];
    return element("td", apart(typeof value === "number" ? brief(value) : value));
  })));
  const none = element("tr", element("td", "No range was widened or held at an end so far.", { colspan: String(MOVE_COLUMNS.length) }));
  body.replaceChildren(...(rows.length > 0 ? rows : [none]));
}

function showGate() {
  const gate = model.about.gate;
  at("gate").hidden = !gate;
  if (!gate) return;
  const rows = gate.checks.map((check) => element("tr", [
    element("td", check.verdict, { class: check.verdict }), element("td", apart(check.name)), element("td", apart(check.measured)), element("td", apart(check.sentence)),
  ]));
  if (gate.probe) {
    const { low, high, best } = gate.probe;
    rows.push(element("tr", [
      element("td", "probe"), element("td", "learning rate"), element("td", `${brief(low)} … ${brief(high)}`),
      element("td", `the lowest loss after a few steps was reached with ${brief(best)}`),
    ]));
  }
  at("gate").querySelector("tbody").replaceChildren(...rows);
}

const CHECK_COLUMNS = ["verdict", "name", "measured", "sentence"];

function saveGate() {
  const { checks } = model.about.gate;
  download("checks.csv", "text/csv", asCsv([CHECK_COLUMNS, ...checks.map((check) => CHECK_COLUMNS.map((name) => check[name]))]));
}

/** The uses of the test set as rows of a table, and what the last that was answered made of each class. */
const tested = { uses: [], classes: [] };

/** How a network that was tested is named: its trial, the final training of one, or a file. */
function named(member) {
  if (!member.model) return String(member.trial);
  return member.trial > 0 ? `${member.trial}, final` : `model ${member.model}`;
}

/** Takes every use of the test set. What was stopped before it was told has no figures. */
function takeTested(ledger) {
  const uses = ledger?.uses ?? [];
  const answered = uses.filter((use) => use.test);
  const last = answered[answered.length - 1]?.test;
  const names = Object.keys(last ?? {}).filter((name) => !["classes", "confusion", "best_alone", "interval_95"].includes(name));
  tested.uses = [
    ["at", "trials, how often taken", ...names, "from (95 %)", "to (95 %)"],
    ...uses.map((use) => [
      use.at,
      use.members.filter((member) => member.weight > 0).map((member) => `${named(member)} (${member.weight})`).join(", "),
      ...names.map((name) => use.test?.[name] ?? null),
      ...(use.test?.interval_95 ?? [null, null]),
    ]),
  ];
  tested.classes = last?.classes ? [
    ["class \u2193 taken for \u2192", ...last.classes.map((one) => one.name), "precision", "recall"],
    ...last.classes.map((one, index) => [one.name, ...last.confusion[index], one.precision, one.recall]),
  ] : [];
  at("test").hidden = uses.length === 0;
  fillTable(at("uses"), tested.uses);
  fillTable(at("confusion"), tested.classes);
  at("save-confusion").hidden = tested.classes.length === 0;
}

/** Makes a table of rows, the first of which is its head. */
function fillTable(where, [head, ...rows]) {
  if (!head) {
    where.replaceChildren();
    return;
  }
  const cells = (row, name, more) => row.map((value) => element(name, apart(typeof value === "number" ? brief(value) : value), more));
  where.replaceChildren(
    element("thead", element("tr", cells(head, "th", { scope: "col" }))),
    element("tbody", rows.map((row) => element("tr", cells(row, "td", {})))),
  );
}

function showDefinition() {
  say(at("definition"), model.about.definition);
  at("description").replaceChildren(...model.about.description.map((line) => element("li", apart(line))));
  say(at("made"), `Recorded by finetooth ${model.about.finetooth}. Exact numbers are in trials.csv, epochs.csv and stages.csv beside the record.`);
}
