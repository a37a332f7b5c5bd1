// Moves cards, asks for what a transition needs, shows refusals in Jira's words, and refreshes the page
// when something was written.
"use strict";

document.documentElement.classList.add("js");
const body = document.body;
const root = body.dataset.root;
const notice = document.getElementById("notice");
let seen = body.dataset.changes;
let dragged = null;

function say(text) {
  notice.textContent = text;
  notice.hidden = false;
}

notice.addEventListener("click", () => { notice.hidden = true; });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") notice.hidden = true; });

async function post(path, values) {
  notice.hidden = true;
  try {
    const answer = await fetch(root + path, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ csrf: body.dataset.csrf, ...values }),
    });
    if (answer.status === 200) {
      const { screen } = await answer.json(); // the transition asks for fields first
      await ask(root + screen);
      return;
    }
    if (!answer.ok) {
      const refusal = await answer.json();
      say([...refusal.errorMessages, ...Object.values(refusal.errors)].join(" ") || `Refused (${answer.status})`);
    }
  } catch (error) {
    say("The sandbox does not answer. Is it still running?");
  }
  await refresh();
}

// ---------------------------------------------------------------- refreshing
async function refresh() {
  const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  const old = document.getElementById("live");
  if (!fresh || !old || dragged) return;
  keep(old, fresh, "details[data-lane]", "lane");
  keep(old, fresh, "details[data-keep]", "keep");
  const focused = document.activeElement;
  for (const form of old.querySelectorAll("form.write, form.upload")) {
    if (!isBegun(form) && !form.contains(focused)) continue; // what is being typed or chosen stays
    const action = form.getAttribute("action");
    [...fresh.querySelectorAll("form")].find((one) => one.getAttribute("action") === action)?.replaceWith(form);
  }
  const { scrollLeft: across = 0, scrollTop: down = 0 } = old.querySelector(".columns") ?? {};
  old.replaceWith(fresh);
  focused?.focus({ preventScroll: true });
  fresh.querySelector(".columns")?.scrollTo(across, down);
  seen = page.body.dataset.changes;
}

function isBegun(form) {
  return [...form.elements].some((one) =>
    one.files ? one.files.length > 0
    : one.options ? [...one.options].some((option) => option.defaultSelected && !option.selected)
    : one.type !== "hidden" && one.defaultValue !== undefined && one.value !== one.defaultValue);
}

function keep(old, fresh, selector, name) {
  const open = new Map([...old.querySelectorAll(selector)].map((one) => [one.dataset[name], one.open]));
  for (const one of fresh.querySelectorAll(selector)) {
    if (open.has(one.dataset[name])) one.open = open.get(one.dataset[name]);
  }
}

async function poll() {
  try {
    const answer = await fetch(root + "/changes.json");
    if (answer.status === 401) return location.reload();
    const { changes } = await answer.json();
    // an opened menu is not pulled away from under the pointer
    if (String(changes) !== seen && !dragged && !document.querySelector(".menu[open]")) await refresh();
  } catch (error) {
    // the sandbox restarts now and then; the next poll tells
  }
  setTimeout(poll, document.hidden ? 8000 : 1500);
}

if (document.getElementById("live")) setTimeout(poll, 1500);

// --------------------------------------------------- what a transition needs
const dialog = document.body.appendChild(document.createElement("dialog"));
dialog.setAttribute("aria-label", "Transition");

async function ask(url) {
  try {
    await show(await fetch(url, { headers: { Accept: "text/html" } }), url);
  } catch (error) {
    say("The sandbox does not answer. Is it still running?");
  }
}

async function show(answer, url) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = page.querySelector("main.form");
  if (!form) return location.assign(url); // signed out, or no longer possible: the page says which
  dialog.replaceChildren(...form.children);
  if (!dialog.open) dialog.showModal();
  const fields = ":is(input:not([type=hidden]), select, textarea)";
  (dialog.querySelector(`.wrong ${fields}`) ?? dialog.querySelector(fields))?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.matches("[data-dialog]")) {
    event.preventDefault();
    link.closest(".menu")?.removeAttribute("open");
    ask(link.href);
  } else if (link.matches("dialog .ends a")) {
    event.preventDefault();
    dialog.close();
  }
});

dialog.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const sent = new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch(form.action, { method: "POST", headers: { Accept: "text/html" }, body: sent });
    if (!answer.redirected) return await show(answer, form.action);
    dialog.close();
    await refresh();
  } catch (error) {
    say("The sandbox does not answer. Is it still running?");
  }
});

// ------------------------------------------------------------------- moving
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".moves")) return;
  event.preventDefault();
  const path = new URL(event.target.action).pathname.slice(root.length);
  event.target.closest(".menu")?.removeAttribute("open");
  post(path, { transition: event.submitter.value });
});

document.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.(".card");
  if (!card) return;
  dragged = card;
  card.classList.add("dragged");
  event.dataTransfer.setData("text/plain", card.dataset.key);
  event.dataTransfer.effectAllowed = "move";
  const possible = card.dataset.to.split(" ");
  for (const cell of card.closest(".row").children) {
    cell.classList.toggle("possible", possible.includes(cell.dataset.status));
  }
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
  for (const cell of document.querySelectorAll(".possible, .over")) cell.classList.remove("possible", "over");
});

document.addEventListener("dragover", (event) => {
  const cell = event.target.closest?.(".cell");
  if (!dragged) return;
  for (const other of document.querySelectorAll(".over")) if (other !== cell) other.classList.remove("over");
  if (!cell) return;
  event.preventDefault();
  cell.classList.add("over");
});

document.addEventListener("drop", (event) => {
  const cell = event.target.closest?.(".cell");
  if (!dragged || !cell) return;
  event.preventDefault();
  const { key, status } = dragged.dataset;
  dragged.classList.remove("dragged");
  dragged = null;
  for (const one of document.querySelectorAll(".possible, .over")) one.classList.remove("possible", "over");
  if (cell.dataset.status !== status) post(`/browse/${key}/move`, { status: cell.dataset.status });
});

// ------------------------------------------------------------- acting user
document.querySelector(".acting select")?.addEventListener("change", (event) => event.target.form.submit());
for (const one of document.querySelectorAll(".choose select")) one.addEventListener("change", () => one.form.submit());
