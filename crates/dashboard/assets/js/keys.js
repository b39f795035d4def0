// A picture for each searched key: its values against the metric, and below the ranges that each round drew from.

/** Rounds whose ranges are drawn: the last ones where there are more. */
const MOST_RANGES = 40;

/** Where a zero that was drawn apart stands on a logarithmic axis: left of the least value. */
function zeroPlace(low, high) {
  return low / (high / low) ** 0.08;
}

function addKeys() {
  model.about.keys.forEach((key, index) => {
    const where = element("details", [element("summary", "")]);
    addPicture({
      id: `key-${key.name}`,
      title: key.name,
      tall: true,
      option: () => keyOption(key, index),
      below: { where, fill: () => fillSentences(where, key) },
    });
  });
}

/** The stages that have trials, with those of them that have a metric and a value of the key. */
function byStage(points) {
  const stages = new Map();
  for (const point of points) {
    if (!stages.has(point.trial.stage)) stages.set(point.trial.stage, []);
    stages.get(point.trial.stage).push(point);
  }
  return [...stages.entries()].sort(([one], [other]) => one - other);
}

function stageName(index) {
  return model.about.stages[index] || `stage ${index + 1}`;
}

function keyOption(key, index) {
  const points = scored()
    .map((trial) => ({ trial, value: valueOf(trial, index) }))
    .filter((point) => point.value !== null);
  if (points.length === 0) return "No trial with this key has a metric yet.";
  const isChoice = key.scale === "choice";
  const ranges = isChoice ? [] : roundRanges(key);
  let [low, high] = extent(isChoice ? [] : points.map((point) => point.value).filter((value) => key.scale !== "log" || value > 0));
  for (const range of ranges) {
    low = Math.min(low, range.low > 0 || key.scale !== "log" ? range.low : low);
    high = Math.max(high, range.high);
  }
  if (!(low < high)) [low, high] = key.scale === "log" ? [low / 2, low * 2] : [low - 0.5, low + 0.5];
  if (key.scale === "linear") [low, high] = roundEnds(low, high);
  const interval = key.scale === "linear" ? (high - low) / 5 : undefined;
  const zero = key.zero && key.scale === "log" ? zeroPlace(low, high) : null;
  const place = (value) => (zero !== null && value === 0 ? zero : value);
  const stages = byStage(points);
  const values = isChoice ? (key.values ?? []).map(plain) : null;
  const horizontal = (gridIndex, more) => (isChoice
    ? axis("category", key.name, { data: values, gridIndex, axisLabel: { interval: 0, width: Math.max(20, 420 / values.length), overflow: "truncate" }, ...more })
    : axis(key.scale === "log" ? "log" : "value", gridIndex ? "" : key.name, {
      min: zero ?? low, max: high, interval, gridIndex, axisLabel: zero === null ? {} : zeroLabel(zero), ...more,
    }));
  const series = stages.map(([stage, found]) => ({
    name: stageName(stage),
    type: "scatter",
    data: found.map(({ trial, value }) => [place(value), trial.metric, trial.id]),
    color: colour(stage),
    symbol: SYMBOLS[stage % SYMBOLS.length],
    symbolSize: points.length > 3000 ? 4 : 8,
    itemStyle: { opacity: points.length > 300 ? 0.6 : 0.85 },
    large: points.length > 3000,
    largeThreshold: 3000,
    tooltip: { formatter: ({ data }) => `trial ${data[2]}\n${key.name} ${data[0] === zero ? 0 : brief(data[0])}\n${model.about.metric} ${brief(data[1])}` },
  }));
  const metric = metricAxis(points.map((point) => point.trial.metric));
  if (isChoice || ranges.length === 0) {
    return {
      grid: { left: 74, right: 18, top: 34, bottom: 46 }, legend: legend({ itemWidth: 11 }), tooltip: { trigger: "item" },
      xAxis: horizontal(0), yAxis: metric, series,
    };
  }
  return {
    note: "Below: the range that each round drew from, first round on top.",
    grid: [
      { left: 74, right: 18, top: 34, height: "52%" },
      { left: 74, right: 18, top: "76%", bottom: 14 },
    ],
    legend: legend({ itemWidth: 11, data: stages.map(([stage]) => stageName(stage)) }),
    tooltip: { trigger: "item" },
    xAxis: [horizontal(0), horizontal(1, { axisLabel: { show: false }, axisTick: { show: false }, minorTick: { show: false } })],
    yAxis: [metric, {
      type: "category", gridIndex: 1, inverse: true, data: ranges.map((range) => range.name), axisTick: { show: false },
      axisLine: { lineStyle: { color: colours.muted } }, axisLabel: { color: colours.muted, width: 66, overflow: "truncate", fontSize: 11 },
    }],
    series: [...series, rangeSeries(key, ranges)],
  };
}

/** The ranges of a key, one a round that drew new trials. */
function roundRanges(key) {
  const all = model.rounds.filter((round) => round.trials > 0).flatMap((round) => {
    const range = round.ranges.find((one) => one.key === key.name);
    return range ? [{ ...range, stage: round.stage, name: `${stageName(round.stage)} ${round.round}`, round: round.round }] : [];
  });
  return all.slice(-MOST_RANGES);
}

/** Bars from the low to the high end. */
function rangeSeries(key, ranges) {
  return {
    name: "ranges",
    type: "custom",
    xAxisIndex: 1,
    yAxisIndex: 1,
    data: ranges.map((range, place) => [range.low, range.high, place, range.stage]),
    encode: { x: [0, 1], y: 2 },
    renderItem: (_, api) => {
      const [left, y] = api.coord([api.value(0), api.value(2)]);
      const [right] = api.coord([api.value(1), api.value(2)]);
      const height = Math.max(2, Math.min(10, api.size([0, 1])[1] * 0.7));
      return {
        type: "rect",
        shape: { x: left, y: y - height / 2, width: Math.max(2, right - left), height },
        style: { fill: colour(api.value(3)) },
      };
    },
    tooltip: {
      formatter: ({ dataIndex }) => {
        const range = ranges[dataIndex];
        const move = model.moves.find((one) => one.key === key.name && one.round === range.round && one.stage === stageName(range.stage));
        const why = move && move.move !== "kept" ? `\n${folded(move.reason)}` : "";
        return `${range.name}: ${brief(range.low)} … ${brief(range.high)}${why}`;
      },
    },
  };
}

/** A sentence in lines that fit a tooltip. */
function folded(sentence) {
  return sentence.replace(/(.{1,60})(\s+|$)/g, "$1\n").trimEnd();
}

/** Each widening and pinning of the key in its own words. */
function fillSentences(where, key) {
  const told = model.moves.filter((move) => move.key === key.name && isTold(move));
  const n = `${told.length}`;
  where.hidden = told.length === 0;
  if (where.dataset.n === n) return;
  where.dataset.n = n;
  const list = told.map((move) => element("li", [`${move.stage} ${move.round}: `, apart(move.reason)]));
  where.replaceChildren(element("summary", `${counted(told.length, "time")} moved or held at an end: why`), element("ol", list));
}

/** Whether a move is more than a range kept or narrowed. */
function isTold(move) {
  return move.move !== "kept" && move.move !== "narrowed";
}
