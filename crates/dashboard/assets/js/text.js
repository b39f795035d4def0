// Numbers and names as people read them; everything goes onto the page as text, never as markup.

/** A value as text: lists as JSON. */
function plain(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A number with four significant digits. */
function brief(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return plain(value);
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e12) return String(value);
  const text = value.toPrecision(4);
  const short = String(Number(text));
  return short.length > 9 || Math.abs(value) < 1e-4 ? Number(text).toExponential().replace("e+", "e") : short;
}

/** Seconds in two units. */
function duration(seconds) {
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} m`;
  return `${Math.floor(whole / 86400)} d ${two(Math.floor(whole / 3600) % 24)} h`;
}

/** The element with this id. */
function at(id) {
  return document.getElementById(id);
}

/** A new element that holds `content`: text, or elements. */
function element(name, content = [], attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...[content].flat().map((one) => (one instanceof Node ? one : plain(one))));
  return made;
}

/** `text`, set apart from the direction of what stands around it. */
function apart(text) {
  return element("bdi", plain(text));
}

/** Sets an element's text where it changed, so that nothing else is drawn anew. */
function say(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

/** `trial 12`, `3 trials`. */
function counted(n, noun) {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}
