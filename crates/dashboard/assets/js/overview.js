// Pictures of all trials together.

/** Lines that parallel coordinates draw; more are a wall, and slow. */
const MOST_LINES = 2000;

function addOverview() {
  addPicture({ id: "best", title: "Best so far", option: bestOption });
  addPicture({ id: "distribution", title: "Distribution of the metric", option: distributionOption });
}

function addTogether() {
  const keys = model.about.keys;
  addPicture({
    id: "parallel", title: "All keys together", option: parallelOption, wide: true, tall: true, lookedAt: watchBrushing,
    note: "Drag along an axis to keep the trials that cross it there; click the axis to let them go.",
  });
  const pick = (label, chosen) => {
    const options = keys.map((key, index) => element("option", plain(key.name), { value: String(index) }));
    const select = element("select", options, { "aria-label": label });
    select.value = String(chosen);
    return select;
  };
  const named = (name, other) => {
    const found = keys.findIndex((key) => key.name === name);
    return found >= 0 ? found : Math.min(other, keys.length - 1);
  };
  if (keys.length > 1) {
    const first = named("learning_rate", 0);
    const second = named("l2", first === 1 ? 0 : 1);
    const [across, up] = [pick("Key across", first), pick("Key upwards", second === first ? Number(first === 0) : second)];
    const map = addPicture({
      id: "map", title: "Two keys and the metric", tools: [across, "×", up],
      option: () => mapOption(Number(across.value), Number(up.value)),
    });
    for (const select of [across, up]) {
      select.addEventListener("change", () => {
        map.isStale = true;
        draw(map);
      });
    }
  }
  addPicture({ id: "importance", title: "What matters", option: importanceOption });
}

function addTimeline() {
  addPicture({ id: "timeline", title: "Workers over time", option: timelineOption, wide: true });
}

function bestOption() {
  if (model.best.length === 0) return "No trial has completed yet.";
  const data = model.best.map((best) => [best.epochs, best.value, best.trial]);
  const last = data[data.length - 1];
  const spent = Math.max(model.progress.epochs_spent, last[0]);
  const line = spent > last[0] ? [...data, [spent, last[1], last[2]]] : data;
  return {
    note: "The best completed trial, by the epochs that all trials together had been trained.",
    grid: { left: 74, right: 18, top: 16, bottom: 46 },
    tooltip: { trigger: "item", formatter: ({ data: [epochs, value, trial] }) => `trial ${trial}\n${model.about.metric} ${brief(value)}\nafter ${counted(epochs, "epoch")}` },
    xAxis: axis("value", "epochs spent", { scale: false }),
    yAxis: metricAxis(data.map(([, value]) => value)),
    series: [{
      type: "line", step: "end", data: line, color: colour(0), symbol: "circle", symbolSize: 7, lineStyle: { width: 2 },
      markLine: model.about.target === null ? undefined : {
        silent: true, symbol: "none", data: [{ yAxis: model.about.target }], label: { formatter: "target", color: colours.muted },
        lineStyle: { color: colours.muted, type: "dashed" },
      },
    }],
  };
}

function distributionOption() {
  const trials = scored();
  if (trials.length === 0) return "No trial has a metric yet.";
  const stages = byStage(trials.map((trial) => ({ trial })));
  const series = stages.map(([stage, found]) => {
    const values = found.map(({ trial }) => trial.metric).sort((one, other) => one - other);
    return {
      name: `${stageName(stage)} (${values.length})`, type: "line", step: "end", showSymbol: false, sampling: "lttb", color: colour(stage),
      lineStyle: { width: 2, type: ["solid", "dashed", "dotted"][stage % 3] },
      data: values.map((value, index) => [value, (index + 1) / values.length]),
    };
  });
  const values = trials.map((trial) => trial.metric);
  return {
    note: "Share of each stage's trials whose metric is at most so much.",
    grid: { left: 62, right: 18, top: 34, bottom: 46 },
    legend: legend(),
    tooltip: { trigger: "item" },
    xAxis: { ...metricAxis(values), nameGap: 28 },
    yAxis: axis("value", "share", { min: 0, max: 1, nameGap: 40, scale: false }),
    series,
  };
}

/** Of many trials, the best and every so many-th of the others. */
function thinned(trials, most) {
  if (trials.length <= most) return trials;
  const sorted = [...trials].sort((one, other) => score(other) - score(one));
  const best = sorted.slice(0, most / 4);
  const others = sorted.slice(most / 4);
  const step = Math.ceil(others.length / (most - best.length));
  return [...best, ...others.filter((_, index) => index % step === 0)];
}

/** What the trials on the parallel coordinates are, in the order in which they are drawn. */
let parallelTrials = [];

function parallelOption() {
  const all = scored();
  if (all.length === 0) return "No trial has a metric yet.";
  // The best last, on top of the others.
  parallelTrials = thinned(all, MOST_LINES).sort((one, other) => score(one) - score(other));
  const axes = model.about.keys.map((key, index) => {
    const values = parallelTrials.map((trial) => valueOf(trial, index)).filter((value) => value !== null);
    if (key.scale === "choice") return { dim: index, name: key.name, type: "category", data: (key.values ?? []).map(plain) };
    const [low, high] = extent(key.scale === "log" ? values.filter((value) => value > 0) : values);
    const isLog = key.scale === "log" && low < high;
    const zero = isLog && key.zero ? zeroPlace(low, high) : null;
    return { dim: index, name: key.name, type: isLog ? "log" : "value", min: zero ?? (Number.isFinite(low) ? low : 0), max: Number.isFinite(high) ? high : 1, zero };
  });
  const data = parallelTrials.map((trial) => [
    ...axes.map((one, index) => {
      const value = valueOf(trial, index);
      return one.zero != null && value === 0 ? one.zero : (value ?? "-");
    }),
    trial.metric,
  ]);
  const [low, high] = middle(parallelTrials.map((trial) => trial.metric));
  const metric = { ...metricAxis(parallelTrials.map((trial) => trial.metric)) };
  const isNarrow = at("picture-parallel").clientWidth < 560;
  const thin = all.length > parallelTrials.length
    ? ` Drawn: ${parallelTrials.length.toLocaleString("en")} of ${counted(all.length, "trial")}, the best among them.` : "";
  return {
    note: `Drag along an axis to keep the trials that cross it there; click the axis to let them go.${thin}`,
    parallel: {
      ...(isNarrow
        ? { layout: "vertical", left: 14, right: 104, top: 20, bottom: 26 }
        : { layout: "horizontal", left: 60, right: 120, top: 42, bottom: 26 }),
      parallelAxisDefault: {
        nameTextStyle: { color: colours.text, fontSize: 12 }, nameTruncate: { maxWidth: 110 },
        axisLine: { lineStyle: { color: colours.muted } }, axisTick: { lineStyle: { color: colours.muted } },
        axisLabel: { color: colours.muted, formatter: (value) => (typeof value === "number" ? brief(value) : value), width: 80, overflow: "truncate" },
        areaSelectStyle: { width: 22, color: colour(0), borderColor: colour(0), opacity: 0.25 },
      },
    },
    parallelAxis: [
      ...axes.map(({ zero, ...one }) => (zero == null ? one : { ...one, axisLabel: zeroLabel(zero) })),
      { dim: axes.length, name: model.about.metric, type: metric.type, scale: true },
    ],
    visualMap: { ...colourScale(axes.length, low, high), show: !isNarrow },
    tooltip: {
      trigger: "item",
      formatter: ({ dataIndex }) => {
        const trial = parallelTrials[dataIndex];
        return trial ? `trial ${trial.id}\n${model.about.metric} ${brief(trial.metric)}` : "";
      },
    },
    series: [{
      type: "parallel", data, smooth: false, lineStyle: { width: parallelTrials.length > 300 ? 1 : 1.5, opacity: parallelTrials.length > 300 ? 0.35 : 0.65 },
      inactiveOpacity: 0.03, activeOpacity: 0.9, progressive: 1000, emphasis: { lineStyle: { width: 3, opacity: 1 } },
    }],
  };
}

/** The scale of colours, without the worst twentieth, which would take most of it. */
function middle(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const cut = Math.floor(sorted.length / 20);
  const [low, high] = model.about.goal === "maximize"
    ? [sorted[cut], sorted[sorted.length - 1]] : [sorted[0], sorted[sorted.length - 1 - cut]];
  return low < high ? [low, high] : [low - 0.5, low + 0.5];
}

function colourScale(dimension, low, high) {
  return {
    type: "continuous", dimension, min: low, max: high, right: 4, top: "middle", itemHeight: 150, precision: 4,
    inRange: { color: model.about.goal === "maximize" ? colours.scale : [...colours.scale].reverse() },
    outOfRange: { color: [colours.scale[0]] },
    text: [brief(high), brief(low)], textStyle: { color: colours.muted }, seriesIndex: 0,
  };
}

/** Keeps the trials that brushing leaves, in the table too. */
function watchBrushing(chart) {
  const brushed = () => {
    const options = chart.getOption();
    const areas = options.parallelAxis.map((one) => chart.getModel().getComponent("parallelAxis", options.parallelAxis.indexOf(one)).activeIntervals);
    const isBrushed = areas.some((intervals) => intervals?.length > 0);
    const series = chart.getModel().getSeriesByIndex(0);
    const active = isBrushed ? series.getRawIndicesByActiveState("active") : null;
    model.brushed = active && new Set(active.map((index) => parallelTrials[index].id));
    showTable();
  };
  chart.on("axisareaselected", brushed);
}

/** Lets the brushed trials go. */
function clearBrushing() {
  const picture = pictures.find((one) => one.id === "parallel");
  model.brushed = null;
  if (picture?.chart) {
    picture.chart.dispose();
    picture.chart = null;
    picture.isStale = true;
    draw(picture);
  }
}

function mapOption(across, up) {
  const [one, other] = [model.about.keys[across], model.about.keys[up]];
  const points = scored()
    .map((trial) => ({ trial, x: valueOf(trial, across), y: valueOf(trial, up) }))
    .filter(({ x, y }) => x !== null && y !== null);
  if (points.length === 0) return "No trial with both keys has a metric yet.";
  const side = (key, of, more) => {
    if (key.scale === "choice") return { made: axis("category", key.name, { data: (key.values ?? []).map(plain), ...more }), place: (value) => value };
    const values = points.map(of).filter((value) => key.scale !== "log" || value > 0);
    let [low, high] = extent(values);
    if (!(low < high)) [low, high] = key.scale === "log" && low > 0 ? [low / 2, low * 2] : [(Number.isFinite(low) ? low : 1) - 0.5, (Number.isFinite(low) ? low : 1) + 0.5];
    const isLog = key.scale === "log" && low > 0;
    const zero = isLog && key.zero ? zeroPlace(low, high) : null;
    const made = axis(isLog ? "log" : "value", key.name, { min: zero ?? undefined, axisLabel: zero === null ? {} : zeroLabel(zero), ...more });
    return { made, place: (value) => (zero !== null && value === 0 ? zero : value) };
  };
  const [xs, ys] = [side(one, ({ x }) => x, {}), side(other, ({ y }) => y, { nameGap: 52 })];
  const [low, high] = middle(points.map(({ trial }) => trial.metric));
  points.sort((a, b) => score(a.trial) - score(b.trial));
  return {
    grid: { left: 80, right: 96, top: 16, bottom: 46 },
    tooltip: {
      trigger: "item",
      formatter: ({ dataIndex }) => {
        const { trial, x, y } = points[dataIndex];
        return `trial ${trial.id}\n${one.name} ${brief(x)}\n${other.name} ${brief(y)}\n${model.about.metric} ${brief(trial.metric)}`;
      },
    },
    xAxis: xs.made,
    yAxis: ys.made,
    visualMap: colourScale(2, low, high),
    series: [{
      type: "scatter", data: points.map(({ trial, x, y }) => [xs.place(x), ys.place(y), trial.metric]),
      symbolSize: points.length > 3000 ? 5 : 10, itemStyle: { opacity: 0.85, borderColor: colours.muted, borderWidth: points.length > 1000 ? 0 : 0.5 },
    }],
  };
}

function importanceOption() {
  if (!model.importance) return "Told from a dozen trials with a metric on.";
  const keys = [...model.importance.keys].sort((one, other) => one.share - other.share);
  return {
    note: `Share of each alone in the variance of the metric's ranks, by a random forest over ${counted(model.importance.trials, "trial")} (fANOVA); the rest is their interplay and noise. \u201cepochs\u201d: how long a trial was trained.`,
    grid: { left: 12, right: 60, top: 12, bottom: 40, containLabel: true },
    tooltip: { trigger: "item", formatter: ({ dataIndex }) => `${keys[dataIndex].key}: ${(keys[dataIndex].share * 100).toFixed(1)} % ± ${(keys[dataIndex].deviation * 100).toFixed(1)} %` },
    xAxis: axis("value", "share", { min: 0, scale: false, axisLabel: { formatter: (value) => `${Math.round(value * 100)} %` } }),
    yAxis: { ...axis("category", "", { data: keys.map((key) => key.key) }), axisLabel: { color: colours.text, width: 140, overflow: "truncate" } },
    series: [{
      type: "bar", data: keys.map((key) => ({ value: key.share, itemStyle: { color: key.key === "epochs" ? colours.muted : colour(0) } })),
      barMaxWidth: 22, label: { show: true, position: "right", color: colours.text, formatter: ({ value }) => `${(value * 100).toFixed(1)} %` },
    }],
  };
}

function timelineOption() {
  const states = ["completed", "running", "pruned", "diverged", "failed", "interrupted", "after the end"];
  const now = (Date.parse(model.progress.last) - Date.parse(model.progress.began)) / 1000;
  const bars = [];
  let workers = 0;
  for (const trial of model.trials.values()) {
    trial.attempts.forEach(([worker, start, end], index) => {
      const isLast = index === trial.attempts.length - 1;
      const state = states.indexOf(isLast ? trial.state : end === null ? "interrupted" : "completed");
      workers = Math.max(workers, worker + 1);
      bars.push([start, end ?? (trial.state === "running" && isLast ? now : start), worker, state, trial.id]);
    });
  }
  if (bars.length === 0) return "No trial has begun yet.";
  const palette = [colour(0), colour(2), colour(4), colour(1), colour(3), colour(7), colour(7)];
  const series = states.map((name, state) => ({
    name, type: "custom", color: palette[state], encode: { x: [0, 1], y: 2 },
    data: bars.filter((bar) => bar[3] === state),
    renderItem: (params, api) => {
      const [left, y] = api.coord([api.value(0), api.value(2)]);
      const [right] = api.coord([api.value(1), api.value(2)]);
      const height = Math.max(2, api.size([0, 1])[1] * 0.72);
      const { x, width } = params.coordSys;
      const from = Math.max(left, x);
      const to = Math.min(Math.max(right, left + 1), x + width);
      if (to < from) return null;
      return {
        type: "rect", shape: { x: from, y: y - height / 2, width: to - from, height },
        style: { fill: palette[state], stroke: colours.card, lineWidth: to - from > 4 ? 0.6 : 0 },
      };
    },
  })).filter((one) => one.data.length > 0);
  return {
    note: "Each bar is a trial on its worker. Ctrl and the wheel look closer.",
    grid: { left: 74, right: 18, top: 34, bottom: 46 },
    legend: legend({ data: series.map(({ name, color }) => ({ name, itemStyle: { color } })) }),
    tooltip: { trigger: "item", formatter: ({ data: [start, end, worker, state, id] }) => `trial ${id}: ${states[state]}\nworker ${worker + 1}, ${duration(end - start)}` },
    dataZoom: [{ type: "inside", xAxisIndex: 0, zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false, moveOnMouseMove: true, filterMode: "weakFilter" }],
    xAxis: axis("value", "time since the sweep began", { min: 0, max: "dataMax", axisLabel: { formatter: duration } }),
    yAxis: { ...axis("category", "", { data: Array.from({ length: workers }, (_, index) => `worker ${index + 1}`), inverse: true }) },
    series,
  };
}
