// Pictures of the chosen trials, epoch by epoch: accuracy and loss of training and validation first.

/** Columns that are drawn on a logarithmic axis. */
const LOG_COLUMNS = ["learning_rate", "update_ratio"];

const COLUMN_TITLES = new Map(Object.entries({
  accuracy: "Accuracy", loss: "Loss", rmse: "Root mean squared error", mae: "Mean absolute error", r2: "R²",
  learning_rate: "Learning rate", update_ratio: "Update : weight ratio",
}));

/** The columns that were reported, those of training and validation together: `{ name, train, validation, only }`. */
function curveGroups() {
  const groups = new Map();
  model.about.columns.forEach((column, index) => {
    if (!model.reported.has(index) && column !== model.about.metric) return;
    const [, part, rest] = /^(?:(train|val|validation)_)?(.*)$/s.exec(column);
    const name = part ? rest : column;
    if (!groups.has(name)) groups.set(name, { name });
    groups.get(name)[part ? (part === "train" ? "train" : "validation") : "only"] = index;
  });
  const own = model.about.metric.replace(/^(train|val|validation)_/, "");
  const rank = ({ name }) => (name === own && name !== "loss" ? 0 : ["accuracy", "loss"].indexOf(name) + 1 || 3);
  return [...groups.values()].sort((one, other) => rank(one) - rank(other));
}

/** The pictures whose place is at the top, and those that come after the overview. */
function addCurves(groups) {
  for (const group of groups) {
    addPicture({
      id: `curve-${group.name}`,
      title: COLUMN_TITLES.get(group.name) ?? group.name,
      option: () => curveOption(group),
    });
  }
}

function curveOption(group) {
  const shown = [];
  model.chosen.forEach((id, place) => {
    const curve = model.curves.get(id);
    if (!curve) return;
    for (const [part, style] of [["only", "solid"], ["validation", "solid"], ["train", "dashed"]]) {
      const values = group[part] === undefined ? undefined : curve.values[group[part]];
      if (!values?.some((value, index) => value !== null && curve.epochs[index] > 0)) continue;
      shown.push({
        name: part === "only" ? `${id}` : `${id} ${part}`,
        type: "line",
        // The untrained network, epoch 0, would take most of the height.
        data: curve.epochs.map((epoch, index) => [epoch, values[index]]).filter(([epoch]) => epoch > 0),
        color: colour(place),
        lineStyle: { type: style, width: part === "train" ? 1.5 : 2.2 },
        symbol: part === "train" ? "emptyCircle" : "circle",
        showSymbol: curve.epochs.length <= 40,
        symbolSize: 5,
        sampling: "lttb",
        connectNulls: false,
      });
    }
  });
  if (shown.length === 0) {
    return model.chosen.length === 0 ? "No trial has begun yet." : "The chosen trials have reported nothing yet.";
  }
  const isLog = LOG_COLUMNS.includes(group.name)
    && shown.every((series) => series.data.every(([, value]) => value === null || value > 0));
  return {
    note: group.train === undefined ? "" : "Solid: validation. Dashed: training.",
    grid: { left: 62, right: 16, top: 34, bottom: 44 },
    legend: legend(),
    tooltip: { trigger: "axis", valueFormatter: brief },
    xAxis: axis("value", "epoch", { minInterval: 1 }),
    yAxis: axis(isLog ? "log" : "value", ""),
    series: shown,
  };
}
