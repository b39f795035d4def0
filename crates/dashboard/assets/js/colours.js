// Colours that are told apart without red and green, in light and in dark, and the choice between the two.

const LIGHT = {
  text: "#1d2430", muted: "#586172", line: "#d9dde4", card: "#ffffff",
  many: ["#0072b2", "#d55e00", "#009e73", "#b0538c", "#b07900", "#3a9ad9", "#6b5b00", "#4d4d4d"],
  // From low to high; even to the eye, and in grey.
  scale: ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"],
};
const DARK = {
  text: "#e7ebf1", muted: "#a2adbd", line: "#343d4b", card: "#1b212b",
  many: ["#5ab4f0", "#ff9a5c", "#35d0a2", "#eba3cf", "#f2c14e", "#a3d9ff", "#d8cf6a", "#c4c4c4"],
  scale: ["#7d5fc7", "#5c7fd0", "#3fa3b5", "#3dc090", "#92d957", "#fde725"],
};
/** A sign for each stage, besides its colour. */
const SYMBOLS = ["circle", "triangle", "diamond", "rect", "pin", "roundRect"];

let colours = LIGHT;

/** Takes the theme that was chosen here before, or the system's. */
function startTheme(changed) {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let wanted = null;
  try {
    wanted = window.localStorage.getItem("finetooth-theme");
  } catch {
    // A file opened from disk may have no storage.
  }
  const show = () => {
    const dark = wanted ? wanted === "dark" : system.matches;
    colours = dark ? DARK : LIGHT;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    say(at("theme"), dark ? "Light" : "Dark");
  };
  at("theme").addEventListener("click", () => {
    wanted = colours === DARK ? "light" : "dark";
    try {
      window.localStorage.setItem("finetooth-theme", wanted);
    } catch {
      // Then the choice lasts as long as the page.
    }
    show();
    changed();
  });
  system.addEventListener("change", () => {
    show();
    changed();
  });
  show();
}

/** The colour of the chosen trial at `index`, or of a stage. */
function colour(index) {
  return colours.many[index % colours.many.length];
}
