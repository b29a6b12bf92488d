// What the page does for its reader: colours, contents, copying, and a memory of what was read.
// The memory is this browser's localStorage, under keys that begin with "descent:"; nothing leaves.
"use strict";

const html = document.documentElement;
const here = html.dataset.page;
const root = new URL(html.dataset.content_root, location.href).href;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);

// --- Memory. Where the browser allows none (a private window, a strict setting), do without.

const memory = {
  get(key) {
    try {
      return localStorage.getItem(`descent:${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      if (value === null) localStorage.removeItem(`descent:${key}`);
      else localStorage.setItem(`descent:${key}`, value);
    } catch {
      // The page works all the same.
    }
  },
  all() {
    try {
      const kept = Object.entries(localStorage).filter(([key]) => key.startsWith("descent:"));
      return Object.fromEntries(kept);
    } catch {
      return {};
    }
  },
};

// --- Colours: automatic, light, dark, in turn.

function colours() {
  const button = one(".mode-button");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const words = { auto: "automatic", light: "light", dark: "dark" };
  const show = (mode) => {
    const dark = mode === "dark" || (mode === "auto" && system.matches);
    Object.assign(html.dataset, { mode, theme: dark ? "dark" : "light" });
    button.setAttribute("aria-label", `Colours: ${words[mode]}`);
    button.title = `Colours: ${words[mode]}`;
  };
  button.addEventListener("click", () => {
    const modes = Object.keys(words);
    const next = modes[(modes.indexOf(html.dataset.mode) + 1) % modes.length];
    memory.set("mode", next);
    show(next);
  });
  system.addEventListener("change", () => show(html.dataset.mode));
  addEventListener("beforeprint", () => (html.dataset.theme = "light"));
  addEventListener("afterprint", () => show(html.dataset.mode));
  show(html.dataset.mode);
}

// --- The contents as a drawer, where the screen is narrow.

function drawer() {
  const button = one(".menu-button");
  const contents = one(".contents");
  const open = (yes) => {
    contents.toggleAttribute("data-open", yes);
    button.setAttribute("aria-expanded", yes);
  };
  button.addEventListener("click", () => open(!contents.hasAttribute("data-open")));
  document.addEventListener("click", (event) => {
    if (!contents.contains(event.target) && !button.contains(event.target)) open(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !contents.hasAttribute("data-open")) return;
    open(false);
    button.focus();
  });
  const current = one(".contents li.current > a.current");
  current?.setAttribute("aria-current", "page");
  if (current) contents.scrollTop = current.offsetTop - contents.clientHeight / 2;
}

function searchKey() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const asked = (event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey));
    if (!asked) return;
    event.preventDefault();
    one(".find input").focus();
  });
}

// --- Code, wide things, print.

async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copying is not allowed here";
  }
  setTimeout(() => (button.textContent = before), 1600);
}

function codeButtons() {
  for (const block of all(".cell_input .highlight, article > section .highlight:not(.cell *)")) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "copy", textContent: "Copy" });
    button.addEventListener("click", () => copy(one("pre", block).textContent.trimEnd(), button));
    block.append(button);
  }
  const bibtex = one(".copy-bibtex");
  bibtex?.addEventListener("click", () => copy(one(".bibtex").textContent, bibtex));
  one(".print-button")?.addEventListener("click", () => print());
}

// What is wider than its place scrolls, by keyboard too.
function wideThings() {
  for (const table of all("article table:not(.katex table)")) {
    const box = document.createElement("div");
    box.className = "scroll";
    table.replaceWith(box);
    box.append(table);
  }
  const kinds = { pre: "Code", "div.math": "Formula", ".scroll": "Table", ".cell_output": "Figure" };
  const look = () => {
    for (const [selector, name] of Object.entries(kinds)) {
      for (const box of all(`article ${selector}`)) {
        if (box.scrollWidth <= box.clientWidth || box.hasAttribute("tabindex")) continue;
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", name);
      }
    }
  };
  new ResizeObserver(look).observe(one("article"));
}

// --- Where the reader is.

function headings() {
  return all(".on-page a").flatMap((link) => {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    return heading ? [{ link, heading }] : [];
  });
}

function follow() {
  const places = headings();
  let last = null;
  const look = () => {
    const passed = places.filter(({ heading }) => heading.getBoundingClientRect().top < 140);
    const now = passed.at(-1) || null;
    if (now?.link === last?.link) return;
    last?.link.removeAttribute("aria-current");
    now?.link.setAttribute("aria-current", "location");
    last = now;
    leaveMark(now);
  };
  addEventListener("scroll", () => requestAnimationFrame(look), { passive: true });
  if (one(".read-button")) leaveMark(null);
  look();
}

function leaveMark(place) {
  const title = one("article h1").firstChild.textContent.trim();
  const section = place ? place.link.textContent.trim() : "";
  const hash = place ? place.link.hash : "";
  if (one(".read-button")) memory.set("last", JSON.stringify({ page: here, hash, title, section }));
}

function resume() {
  const banner = one(".resume");
  const last = JSON.parse(memory.get("last") || "null");
  if (!banner || !last) return;
  const link = document.createElement("a");
  link.href = `${root}${last.page}.html${last.hash}`;
  link.textContent = last.section ? `${last.title}: ${last.section}` : last.title;
  one("p", banner).append("You were reading ", link, ".");
  banner.hidden = false;
}

// --- What has been read.

function pageOf(link) {
  const address = link.href.split("#")[0];
  return address.startsWith(root) ? address.slice(root.length).replace(/\.html$/, "") : "";
}

const isEntry = (link) => pageOf(link).startsWith("chapters/api/");

function ticks() {
  const links = all(".contents li a").filter((link) => !isEntry(link));
  const read = links.filter((link) => memory.get(`read:${pageOf(link)}`));
  for (const link of links) link.toggleAttribute("data-read", read.includes(link));
  const progress = one(".contents .progress");
  progress.hidden = read.length === 0;
  one(".progress-text").textContent = `${read.length} of ${links.length} pages read`;
  one("progress").value = read.length / Math.max(links.length, 1);
}

function readButton() {
  const button = one(".read-button");
  if (!button) return;
  const show = () => {
    const read = Boolean(memory.get(`read:${here}`));
    button.setAttribute("aria-pressed", read);
    one("span", button).textContent = read ? "You have read this page" : "Mark this page as read";
    ticks();
  };
  button.addEventListener("click", () => {
    const read = memory.get(`read:${here}`);
    memory.set(`read:${here}`, read ? null : new Date().toISOString().slice(0, 10));
    show();
  });
  show();
}

// --- Search: what each page found is about. Summaries cannot be fetched from a disk.

function describeResults() {
  const results = one("#search-results");
  if (!results) return;
  const descriptions = JSON.parse(one("#descriptions").textContent);
  const describe = () => {
    for (const link of all("li > a:only-child", results)) {
      const text = document.createElement("p");
      text.textContent = descriptions[pageOf(link)] || "";
      link.after(text);
      if (link.hash.startsWith("#term-")) link.append(": ", link.hash.slice(6).replaceAll("-", " "));
    }
  };
  new MutationObserver(describe).observe(results, { childList: true, subtree: true });
}

// --- Your notes in this browser: to a file, from a file, gone.

function notes() {
  const box = one(".yours");
  if (!box) return;
  const say = (text) => (one("output", box).textContent = text);
  const file = one("input[type=file]", box);
  one(".yours-save", box).addEventListener("click", () => {
    const text = JSON.stringify(memory.all(), null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "descent-notes.json";
    link.click();
    URL.revokeObjectURL(link.href);
    say("Saved.");
  });
  one(".yours-load", box).addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    try {
      const kept = Object.entries(JSON.parse(await file.files[0].text()));
      if (!kept.every(([key, value]) => key.startsWith("descent:") && typeof value === "string")) throw 0;
      for (const [key, value] of kept) if (/^descent:(last$|answer:)/.test(key)) JSON.parse(value);
      for (const [key, value] of kept) memory.set(key.slice("descent:".length), value);
      location.reload();
    } catch {
      say("This file holds no notes of this book.");
    }
  });
  one(".yours-forget", box).addEventListener("click", () => {
    if (!confirm("Forget what you have read and answered, in this browser?")) return;
    for (const key of Object.keys(memory.all())) memory.set(key.slice("descent:".length), null);
    location.reload();
  });
}

// --- The check of prerequisites: what its answers advise.

function advise() {
  const advice = one(".advice");
  if (!advice) return;
  const look = () => {
    const questions = all("[data-widget=question]");
    const answers = questions.map(({ dataset }) => JSON.parse(memory.get(`answer:${dataset.key}`) || "null"));
    const given = answers.filter(Boolean);
    const right = given.filter((answer) => answer.correct).length;
    if (!questions.length || given.length < questions.length) advice.textContent = "";
    else if (right >= questions.length - 1) advice.textContent = `${right} of ${questions.length}: you are ready for every page.`;
    else advice.textContent = `${right} of ${questions.length}: read what the answers point to first, or keep it open beside the page.`;
  };
  document.addEventListener("descent:answer", () => setTimeout(look));
  addEventListener("load", () => setTimeout(look, 300));
}

for (const part of [colours, drawer, searchKey, codeButtons, wideThings, describeResults, ticks, readButton, resume, follow, notes, advise]) part();
