// A question that a widget puts before it shows something.
//   const quiz = ask(ui);   ui.body.append(quiz.room);
//   quiz.put(key, () => predict(…).field);   in the drawing: shown while the key stays the same
//   quiz.pass();                             no further question until the reader resets
// A null key puts none. `quiz.open` tells whether a question waits for its answer.
function ask(ui) {
  const room = h("div");
  let now = null, passed = false;
  ui.root.addEventListener("descent:reset", () => {
    [now, passed] = [null, false];
    room.replaceChildren();
  });
  return {
    room,
    get open() { return Boolean(room.firstChild) && !room.querySelector(".dw-answer"); },
    get passed() { return passed; },
    pass() { passed = true; },
    put(key, make) {
      if (key === now) return;
      now = key;
      room.replaceChildren(...(key === null || passed ? [] : [make()]));
    },
  };
}
