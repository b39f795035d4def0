// What a program printed, of one of the drawn trials: asked from the server, so that a file has none.

const output = { run: null, shown: null };

function startOutput() {
  at("output-trial").addEventListener("change", readOutput);
  at("output-again").addEventListener("click", readOutput);
}

/** Offers the drawn trials, and reads the first where another was shown. */
function showOutput() {
  at("output").hidden = output.run === null || !model.about.runs_program || model.chosen.length === 0;
  if (at("output").hidden) return;
  const select = at("output-trial");
  const known = JSON.stringify([output.run, model.chosen]);
  if (output.shown === known) return;
  output.shown = known;
  select.replaceChildren(...model.chosen.map((id) => element("option", String(id), { value: String(id) })));
  readOutput();
}

async function readOutput() {
  const trial = at("output-trial").value;
  const answer = await fetch(`runs/${output.run}/trials/${trial}/output`);
  if (trial !== at("output-trial").value) return;
  if (!answer.ok) {
    say(at("output-text"), "Nothing that is kept.");
    return;
  }
  const { stdout, stderr, is_cut: isCut } = await answer.json();
  const parts = [isCut ? "\u2026 (the end; finetooth logs tells all)\n" : "", stdout, stderr === "" ? "" : `\n\u2014 standard error \u2014\n${stderr}`];
  say(at("output-text"), parts.join(""));
}

