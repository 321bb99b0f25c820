// Lists: filters apply when they are chosen, and rows are chosen together.
import { above, is, matching, set, submit, toggle } from "./elements.js";

/* With the arrow keys a choice passes all that stand before it, so there it applies by Enter or the button. */

const BROWSING = "[data-filters] select";
let byKey = null; // the filter that is being chosen from by key

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (!target.matches?.(BROWSING)) return;
  const { form } = target;
  if (key === "Enter" && is(form, "[data-pending]")) {
    event.preventDefault();
    submit(form);
  }
  if (!["Tab", "Shift", "Escape"].includes(key)) byKey = key === "Enter" ? null : target;
}, true);
document.addEventListener("pointerdown", () => (byKey = null), true);

document.addEventListener("change", ({ target, isTrusted }) => {
  if (target.matches(BROWSING)) {
    if (byKey === target) set(target.form, "data-pending", "");
    else submit(target.form);
  }
  // A related record was chosen, or cleared; the browser's own event says only that the input was left.
  if (!isTrusted && target.records && is(target.form, "[data-filters]")) submit(target.form);
  const list = target.closest(".sm-list");
  if (!list) return;
  const boxes = [...list.querySelectorAll("tbody .sm-pick input")];
  if ("every" in target.dataset) for (const box of boxes) box.checked = target.checked;
  count(list, boxes);
});

const count = (list, boxes = [...list.querySelectorAll("tbody .sm-pick input")]) => {
  const rows = boxes.filter((box) => box.checked).map((box) => box.closest("[data-key]"));
  const chosen = rows.length, every = list.querySelector("[data-every]");
  if (every) {
    every.checked = chosen > 0 && chosen === boxes.length;
    every.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const label = list.querySelector("[data-count]");
  if (label) label.textContent = chosen ? `${chosen} chosen` : "Nothing chosen";
  for (const button of list.querySelectorAll("[data-bulk] button[name=event]"))
    button.hidden = !rows.every((row) => allows(row, button.value));
};

// Where rules ask each record, its menu lists the events that this visitor may run on it.
const allows = (row, event) => row.querySelector("[data-may]")?.dataset.may.split(" ").includes(event) ?? true;

export const releaseRows = (form) => {
  const list = above(form, ".sm-list");
  for (const box of list.querySelectorAll("tbody .sm-pick input")) box.checked = false;
  count(list);
};

// On a phone they are folded until they are asked for.
document.addEventListener("click", ({ target }) => {
  const fold = target.closest("[data-fold]");
  if (fold) fold.setAttribute("aria-expanded", toggle(fold.form, "data-open"));
});

// Open questions stay out of the address.
document.addEventListener("submit", ({ target }) => {
  if (!is(target, "[data-filters]")) return;
  above(target, ".sm-list").setAttribute("aria-busy", "true");
  for (const input of matching(target, "[name]")) if (input.value === "") input.disabled = true;
});
addEventListener("pageshow", () => {
  for (const list of document.querySelectorAll(".sm-list[aria-busy]")) list.removeAttribute("aria-busy");
  for (const input of document.querySelectorAll("[data-filters] :disabled")) input.disabled = false;
});
