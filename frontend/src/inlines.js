// Rows of children in the form of their parent: added, moved and numbered in the page, stored by the form.
import { above, matching } from "./elements.js";

const ROW = "tr[data-inline-row]", AT = "__row__";
export const rowsOfInline = (inline) => [...inline.querySelectorAll(ROW)];
const rowsOf = rowsOfInline;
const bodyOf = (inline) => inline.querySelector("tbody");

// Without this module the button sends the form, which comes back with one more row.
const enhance = (button) => (button.type = "button");
document.querySelectorAll("[data-inline] .sm-add-row").forEach(enhance);

const placeOf = (row) => row.querySelector(".sm-position input");

const number = (inline) => {
  rowsOf(inline).forEach((row, place) => {
    const input = placeOf(row);
    if (input) input.value = String(place + 1);
  });
};

const changed = (row) => row.querySelector("input")?.dispatchEvent(new Event("change", { bubbles: true }));

const nextAt = (inline) => {
  const names = matching(inline, "[name]").map(({ name }) => Number(name.split(".")[1])).filter(Number.isInteger);
  return Math.max(-1, ...names) + 1;
};

/* What a form shows at first comes back when it is reset. */

const firstRows = new WeakMap();
const remember = (inline) => firstRows.has(inline) || firstRows.set(inline, rowsOf(inline));

document.addEventListener("reset", ({ target }) => {
  for (const inline of target.querySelectorAll?.("[data-inline]") ?? []) {
    if (firstRows.has(inline)) bodyOf(inline).replaceChildren(...firstRows.get(inline));
    firstRows.delete(inline);
  }
});

export const ROWS_CHANGED = "starmodel-rows";

export const addInlineRow = (inline, at) => {
  const body = bodyOf(inline), template = inline.querySelector("template");
  if (!template || rowsOf(inline).length >= Number(inline.dataset.most)) return null;
  remember(inline);
  const made = document.createElement("template");
  // The server's own row without values, so that only names and ids contain the placeholder.
  made.innerHTML = template.innerHTML.replaceAll(AT, at);
  const row = made.content.firstElementChild;
  row.setAttribute("aria-label", row.getAttribute("aria-label") + ` ${rowsOf(inline).length + 1}`);
  body.append(row);
  return row;
};

export const arrangeInline = (inline, rows) => {
  remember(inline);
  bodyOf(inline).replaceChildren(...rows);
};

const add = (inline) => {
  const row = addInlineRow(inline, nextAt(inline));
  if (!row) return;
  if (placeOf(row)) number(inline);
  inline.dispatchEvent(new CustomEvent(ROWS_CHANGED, { bubbles: true }));
  row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
};

const move = (row, step) => {
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  remember(above(row, "[data-inline]"));
  if (step < 0) other.before(row);
  else other.after(row);
  number(above(row, "[data-inline]"));
  changed(row);
};

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-inline] button");
  if (!button) return;
  if (button.matches(".sm-add-row")) {
    event.preventDefault();
    add(above(button, "[data-inline]"));
  } else if (button.dataset.move) {
    move(button.closest(ROW), Number(button.dataset.move));
    button.focus();
  }
});

/* Dragging does what the buttons do. */

let dragged = null;

document.addEventListener("dragstart", (event) => {
  const handle = event.target.closest?.("[data-inline] [data-drag]");
  if (!handle) return;
  dragged = handle.closest(ROW);
  remember(above(dragged, "[data-inline]"));
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setDragImage(dragged, 0, 0);
});
document.addEventListener("dragover", (event) => {
  const row = dragged && event.target.closest?.(ROW);
  if (!row || row.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  if (row === dragged) return;
  const { top, height } = row.getBoundingClientRect();
  if (event.clientY < top + height / 2) row.before(dragged);
  else row.after(dragged);
});
document.addEventListener("dragend", () => {
  if (!dragged) return;
  number(above(dragged, "[data-inline]"));
  changed(dragged);
  dragged = null;
});
