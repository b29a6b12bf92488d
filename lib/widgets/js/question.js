// One question of the book: every option has its own answer; the last choice is remembered
// in this browser alone.
function render(context) {
  const { key, prompt, options, explain } = context.model.get("given");
  const place = "descent:answer:" + key;
  const say = (choice, correct) => {
    keep(place, choice < 0 ? null : JSON.stringify({ choice, correct }));
    context.model.set("state", { choice });
    context.model.save_changes();
    ui.root.dispatchEvent(new CustomEvent("descent:answer", { bubbles: true, detail: { key, choice, correct } }));
  };
  const asked = predict(prompt, options.map((o) => o.text), (choice) => {
    const { correct, feedback } = options[choice];
    say(choice, correct);
    return [correct, correct ? `${feedback} ${explain}` : feedback];
  });
  const reset = () => {
    asked.forget();
    say(-1, false);
  };
  const ui = frame(context, "question", prompt, reset);
  ui.root.dataset.key = key;
  ui.body.append(asked.field);
  const { choice } = JSON.parse(keep(place) || "{}");
  if (options[choice]) asked.choose(choice);
  ui.ready();
}

// Read, write or (null) remove a note of this browser; where there is none, do without.
function keep(place, text) {
  try {
    if (text === undefined) return localStorage.getItem(place);
    return text === null ? localStorage.removeItem(place) : localStorage.setItem(place, text);
  } catch {
    return null;
  }
}
