// What the page knows of a sweep: the changes it was told, put together.

/** Most trials whose curves are drawn at once. */
const MOST_CHOSEN = 8;

const model = {};

function forget() {
  Object.assign(model, {
    about: null, standing: null, progress: null, importance: null, leftOut: null,
    trials: new Map(), curves: new Map(), reported: new Set(), best: [], rounds: [], moves: [],
    chosen: [], choseThemselves: false, brushed: null,
  });
}
forget();

/** Takes what changed. */
function take(update) {
  if (update.anew) {
    const { chosen, choseThemselves } = model;
    forget();
    if (choseThemselves) Object.assign(model, { chosen, choseThemselves });
  }
  if (update.about) model.about = update.about;
  if (update.importance) model.importance = update.importance;
  model.standing = update.standing;
  model.progress = update.progress;
  model.leftOut = update.left_out ?? null;
  for (const trial of update.trials) model.trials.set(trial.id, trial);
  for (const { trial, from, epochs, values } of update.curves) {
    values.forEach((column, index) => {
      if (!model.reported.has(index) && column.some((value) => value !== null)) model.reported.add(index);
    });
    const known = model.curves.get(trial);
    if (from === 0 || !known) {
      model.curves.set(trial, { epochs, values });
      continue;
    }
    known.epochs.length = from;
    known.epochs.push(...epochs);
    values.forEach((column, index) => {
      known.values[index].length = from;
      known.values[index].push(...column);
    });
  }
  model.best.push(...update.best);
  model.rounds.push(...update.rounds);
  model.moves.push(...update.moves);
  model.chosen = model.chosen.filter((id) => model.trials.has(id));
  if (!model.choseThemselves) chooseBest();
}

/** Larger is better. */
function score(trial) {
  if (trial.metric === null) return -Infinity;
  return model.about.goal === "maximize" ? trial.metric : -trial.metric;
}

/** The best three trials, until somebody chooses others. */
function chooseBest() {
  const first = model.progress.best;
  const best = [];
  for (const trial of model.trials.values()) {
    if (trial.state !== "completed" || trial.metric === null || trial.id === first) continue;
    const place = best.findIndex((other) => score(trial) > score(other));
    if (place >= 0) best.splice(place, 0, trial);
    else if (best.length < 2) best.push(trial);
    best.length = Math.min(best.length, 2);
  }
  const known = first !== null && model.trials.has(first) ? [first] : [];
  model.chosen = [...known, ...best.map((trial) => trial.id)];
  if (model.chosen.length === 0) model.chosen = [...model.trials.keys()].slice(-2);
}

/** Adds a trial to those that are drawn, or takes it away. */
function choose(id) {
  model.choseThemselves = true;
  if (model.chosen.includes(id)) model.chosen = model.chosen.filter((other) => other !== id);
  else model.chosen = [...model.chosen, id].slice(-MOST_CHOSEN);
}

/** Trials with a metric. */
function scored() {
  return [...model.trials.values()].filter((trial) => trial.metric !== null);
}

/** Value of the key at `index` as a number where it has an order, else as text; null where the trial lacks it. */
function valueOf(trial, index) {
  const value = trial.params[index] ?? null;
  if (value === null) return null;
  return model.about.keys[index].scale === "choice" ? plain(value) : value;
}
