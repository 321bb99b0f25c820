// Rows of children in the form of their parent: added, moved and numbered in the page, stored by the form.
import { above, matching } from "../base/elements.js";

const ROW = "tr[data-inline-row]", AT = "__row__";
const rowsOf = (table) => [...table.querySelectorAll(ROW)];
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

const atOf = (row) => Number(matching(row, "[name]")[0].name.split(".")[1]);
const nextAt = (inline) => Math.max(-1, ...rowsOf(inline).map(atOf)) + 1;

// The server's own row without values, so that only names and ids contain the placeholder.
const append = (inline, at) => {
  if (rowsOf(inline).length >= Number(inline.dataset.most)) return null;
  remember(inline);
  const made = document.createElement("template");
  made.innerHTML = inline.querySelector("template").innerHTML.replaceAll(AT, at);
  const row = made.content.firstElementChild;
  row.setAttribute("aria-label", row.getAttribute("aria-label") + ` ${rowsOf(inline).length + 1}`);
  bodyOf(inline).append(row);
  return row;
};

const add = (inline) => {
  const row = append(inline, nextAt(inline));
  if (!row) return;
  if (placeOf(row)) number(inline);
  row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
};

/* What a form shows at first comes back when it is reset. */

const firstRows = new WeakMap();
const remember = (inline) => firstRows.has(inline) || firstRows.set(inline, rowsOf(inline));

document.addEventListener("reset", ({ target }) => {
  for (const inline of matching(target, "[data-inline]")) {
    if (firstRows.has(inline)) bodyOf(inline).replaceChildren(...firstRows.get(inline));
    firstRows.delete(inline);
  }
});

// Shapes: [relation, numbers of its rows in their order] of each table.
export const inlineRows = (form) => matching(form, "[data-inline]").map((inline) => [inline.dataset.inline, rowsOf(inline).map(atOf)]);

// The rows of a draft again: rows that lack are added, and all stand in its order.
export const arrangeInline = (form, relation, numbers) => {
  const inline = matching(form, "[data-inline]").find((each) => each.dataset.inline === relation);
  if (!inline) return;
  remember(inline);
  const rows = new Map(rowsOf(inline).map((row) => [atOf(row), row])), canAdd = inline.querySelector("template");
  const found = numbers.map((at) => rows.get(at) ?? (canAdd && append(inline, at))).filter(Boolean);
  bodyOf(inline).append(...found);
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
