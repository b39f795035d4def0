// Pictures and tables as files.

function download(name, kind, text) {
  offer(name, URL.createObjectURL(new Blob([text], { type: kind })));
}

function offer(name, address) {
  const link = element("a", [], { href: address, download: `${model.about.name}-${name}` });
  link.click();
  if (address.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A picture as SVG, drawn anew as such, or as PNG with twice the points of the screen. */
function savePicture(picture, kind) {
  if (!picture.chart) {
    picture.isStale = true;
    draw(picture);
  }
  if (!picture.chart) return;
  if (kind === "PNG") {
    offer(`${picture.id}.png`, picture.chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: colours.card }));
    return;
  }
  download(`${picture.id}.svg`, "image/svg+xml", pictureAsSvg(picture));
}

function pictureAsSvg(picture) {
  const { width, height } = picture.canvas.getBoundingClientRect();
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ ...styled(picture.option()), backgroundColor: colours.card });
  const text = chart.renderToSVGString();
  chart.dispose();
  return text;
}

/** Rows of cells as CSV (RFC 4180). */
function asCsv(rows) {
  const cell = (value) => {
    const text = plain(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
