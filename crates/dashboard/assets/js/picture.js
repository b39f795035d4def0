// A picture: a figure with a caption, buttons to save it and a chart that is drawn when it comes into view.

const pictures = [];

/** Drawn pictures rest for this many times what drawing them took, so that a large sweep leaves the page usable. */
const REST = 8;

const inView = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const picture = pictures.find((one) => one.figure === entry.target);
    if (!picture) continue;
    picture.isInView = entry.isIntersecting;
    if (picture.isInView) draw(picture);
  }
}, { rootMargin: "200px" });

const resized = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const picture = pictures.find((one) => one.canvas === entry.target);
    picture?.chart?.resize();
  }
});

/**
 * Adds a picture. `option` makes what the library draws, or tells with a text why there is nothing to draw yet.
 * `lookedAt` is called with the chart when it is made.
 */
function addPicture({ id, title, option, note = "", wide = false, tall = false, tools = [], below = null, lookedAt = null }) {
  const canvas = element("div", [], { class: "canvas", role: "img", "aria-label": plain(title) });
  const told = element("p", note, { class: "muted note" });
  const picture = { id, title, option, note, canvas, told, isInView: false, isStale: true, drawnAt: 0, cost: 0, below, lookedAt };
  const save = (kind) => {
    const button = element("button", kind, { type: "button", class: "quiet", title: `Save as ${kind}` });
    button.addEventListener("click", () => savePicture(picture, kind));
    return button;
  };
  const caption = element("figcaption", [
    element("h2", apart(title)), ...tools, element("span", [save("SVG"), save("PNG")], { class: "tools" }),
  ]);
  const name = `picture${wide ? " wide" : ""}${tall ? " tall" : ""}`;
  picture.figure = element("figure", [caption, canvas, told, ...(below ? [below.where] : [])], { class: name, id: `picture-${id}` });
  pictures.push(picture);
  at("pictures").append(picture.figure);
  inView.observe(picture.figure);
  resized.observe(canvas);
  return picture;
}

/** Takes all pictures away. */
function clearPictures() {
  for (const picture of pictures.splice(0)) {
    inView.unobserve(picture.figure);
    resized.unobserve(picture.canvas);
    picture.chart?.dispose();
    picture.figure.remove();
  }
}

/** Draws what is in view and not up to date. Returns whether some picture still rests. */
function drawPictures() {
  let rests = false;
  for (const picture of pictures) {
    if (!picture.isStale || !picture.isInView) continue;
    if (performance.now() - picture.drawnAt < picture.cost * REST) rests = true;
    else draw(picture);
  }
  return rests;
}

/** Everything is to be drawn anew: something changed. */
function markStale() {
  for (const picture of pictures) picture.isStale = true;
}

function draw(picture) {
  if (!picture.isStale || !model.about) return;
  const began = performance.now();
  picture.isStale = false;
  const option = picture.option();
  picture.below?.fill();
  if (typeof option === "string") {
    say(picture.told, option);
    picture.chart?.dispose();
    picture.chart = null;
    return;
  }
  say(picture.told, option.note ?? picture.note);
  if (!picture.chart) {
    picture.chart = echarts.init(picture.canvas, null, { renderer: "canvas" });
    picture.canvas.chart = picture.chart;
    picture.lookedAt?.(picture.chart);
  }
  picture.chart.setOption(styled(option), { replaceMerge: ["series", "grid", "xAxis", "yAxis", "legend", "visualMap"] });
  picture.drawnAt = performance.now();
  picture.cost = picture.drawnAt - began;
}

/** What all pictures have in common. Tooltips are drawn, not written as markup: no name can become a part of the page. */
function styled({ note: _, tooltip = {}, ...option }) {
  return {
    animation: false,
    backgroundColor: "transparent",
    textStyle: { color: colours.text, fontFamily: "system-ui, 'DejaVu Sans', sans-serif" },
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: colours.card, borderColor: colours.line,
      textStyle: { color: colours.text, fontSize: 12 }, ...tooltip,
    },
    ...option,
  };
}

/** An axis; `kind` is value, log or category. */
function axis(kind, name, more = {}) {
  const { axisLabel = {}, ...others } = more;
  return {
    type: kind, name, nameLocation: "middle", nameGap: 28, scale: true,
    nameTextStyle: { color: colours.muted },
    axisLine: { show: true, lineStyle: { color: colours.muted } },
    axisTick: { show: true },
    splitLine: { show: kind !== "category", lineStyle: { color: colours.line } },
    minorTick: { show: kind === "log" },
    axisLabel: { color: colours.muted, hideOverlap: true, formatter: kind === "category" ? undefined : brief, ...axisLabel },
    ...others,
  };
}

/** An axis of the metric: logarithmic where losses span decades. */
function metricAxis(values, more = {}) {
  const name = model.about.metric;
  const finite = values.filter((value) => value > 0);
  const spans = finite.length > 1 && finite.length === values.length
    && Math.max(...extent(finite)) / Math.min(...extent(finite)) > 300;
  // A single value would stand in the middle of an axis as wide as itself.
  const [low, high] = extent(values);
  const room = Math.abs(low) / 20 || 0.05;
  const ends = low === high ? { min: low - room, max: high + room } : {};
  if (/accuracy$/.test(name) && ends.max > 1) ends.max = Math.max(1, high);
  return axis(spans ? "log" : "value", name, { nameGap: 44, ...ends, ...more });
}

/** Ends of a linear axis a little outside of `low` and `high`, at round numbers. */
function roundEnds(low, high) {
  const step = 10 ** Math.floor(Math.log10(high - low));
  const fine = (high - low) / step < 2 ? step / 5 : (high - low) / step < 5 ? step / 2 : step;
  const round = (value) => Number(value.toPrecision(12));
  return [round(Math.floor(low / fine + 1e-9) * fine), round(Math.ceil(high / fine - 1e-9) * fine)];
}

/** Labels of an axis on which a zero has a place of its own. */
function zeroLabel(zero) {
  return { showMinLabel: true, formatter: (value) => (Math.abs(value / zero - 1) < 1e-6 ? "0" : brief(value)) };
}

/** Least and greatest of many numbers. */
function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** A legend above the picture. */
function legend(more = {}) {
  return {
    type: "scroll", top: 0, left: 0, padding: 4, itemWidth: 18, itemHeight: 10, textStyle: { color: colours.text, fontSize: 12 },
    pageTextStyle: { color: colours.text }, pageIconColor: colours.text, pageIconInactiveColor: colours.line, ...more,
  };
}
