// Rows of inputs, in one editor for each list or table of a form: added, removed and moved. Without this script, the
// buttons submit the form, and the server answers with the changed rows.
import { matching } from "../base/elements.js";
import { ROWS } from "../base/wire_names.js";

/* An editor is `<fieldset data-rows="tags" data-max-rows="200">` with a list `[data-row-list]` of rows `[data-row="3"]`,
   a `<template>` of a row with the key "new", and buttons `[data-row-do]`: add, remove, up, down. Names and ids of a row
   begin with the editor's path and the row's key: "tags.3". The order of the document is the order of the rows. */

const listOf = (editor) => editor.querySelector("[data-row-list]");
const rowsOf = (editor) => [...listOf(editor).children];
const FIELD = "input:not([type=hidden]), select, textarea";

const say = (editor, name, values = {}) => {
  const status = editor.querySelector(":scope > [role=status]");
  let text = editor.dataset[name] ?? "";
  for (const [key, value] of Object.entries(values)) text = text.replace(`{${key}}`, value);
  if (status) status.textContent = text;
};

const changed = (editor) =>
  editor.querySelector(`:scope > input[name^="${ROWS}"]`)?.dispatchEvent(new Event("change", { bubbles: true }));

const bound = (editor) => {
  const add = editor.querySelector(":scope > [data-row-do=add]");
  if (add) add.disabled = rowsOf(editor).length >= Number(editor.dataset.maxRows);
};

/* What a form shows at first comes back when it is reset. */

const firstRows = new WeakMap();
const remember = (editor) => firstRows.has(editor) || firstRows.set(editor, rowsOf(editor));

document.addEventListener("reset", ({ target }) => {
  for (const editor of target.querySelectorAll?.("[data-rows]") ?? []) {
    if (firstRows.has(editor)) listOf(editor).replaceChildren(...firstRows.get(editor));
    firstRows.delete(editor);
    bound(editor);
  }
});

/* A new row is the template's, with the next key in its names and ids. */

const rename = (node, from, to) => {
  for (const el of node.querySelectorAll("*")) {
    for (const { name, value } of [...el.attributes]) if (value.includes(from)) el.setAttribute(name, value.replaceAll(from, to));
    if (el instanceof HTMLTemplateElement) rename(el.content, from, to);
  }
};

const keys = new WeakMap(); // the last key that an editor gave, so that no removed row lends its own

export const addRow = (editor, wanted = null) => {
  const rows = rowsOf(editor), path = editor.dataset.rows;
  if (rows.length >= Number(editor.dataset.maxRows)) return null;
  remember(editor);
  const last = Math.max(keys.get(editor) ?? -1, ...rows.map((row) => Number(row.dataset.row))), key = wanted ?? last + 1;
  keys.set(editor, Math.max(key, last));
  const made = editor.querySelector(":scope > template").content.cloneNode(true);
  rename(made, `${path}.new`, `${path}.${key}`);
  const row = made.firstElementChild;
  row.dataset.row = key;
  listOf(editor).append(row);
  bound(editor);
  return row;
};

// Shapes: [path, keys of its rows in their order] of each editor.
export const editorRows = (form) =>
  matching(form, "[data-rows]").map((editor) => [editor.dataset.rows, rowsOf(editor).map((row) => Number(row.dataset.row))]);

// The rows of a draft again: rows that lack are added, all stand in its order, and others leave if they may.
export const arrangeEditor = (form, path, wanted, mayRemove) => {
  const editor = matching(form, "[data-rows]").find((each) => each.dataset.rows === path);
  if (!editor || !editor.querySelector(":scope > template")) return;
  remember(editor);
  const rows = new Map(rowsOf(editor).map((row) => [Number(row.dataset.row), row]));
  if (mayRemove) for (const [key, row] of rows) if (!wanted.includes(key)) row.remove();
  const found = wanted.map((key) => rows.get(key) ?? addRow(editor, key)).filter(Boolean);
  listOf(editor).append(...found);
  bound(editor);
};

const remove = (editor, row) => {
  remember(editor);
  const at = rowsOf(editor).indexOf(row);
  row.remove();
  bound(editor);
  say(editor, "saidRemoved");
  changed(editor);
  const rest = rowsOf(editor);
  (rest[at] ?? rest[at - 1])?.querySelector("[data-row-do=remove]")?.focus();
  if (!rest.length) editor.querySelector(":scope > [data-row-do=add]")?.focus();
};

const move = (editor, row, by) => {
  const rows = rowsOf(editor), at = rows.indexOf(row), to = at + by;
  if (to < 0 || to >= rows.length) return;
  remember(editor);
  // The other row moves, so that the focus stays.
  if (by > 0) row.before(rows[to]);
  else row.after(rows[to]);
  say(editor, "saidMoved", { n: to + 1, total: rows.length });
  changed(editor);
};

const act = (editor, row, what) => {
  if (what === "remove") return remove(editor, row);
  if (what !== "add") return move(editor, row, what === "up" ? -1 : 1);
  addRow(editor)?.querySelector(FIELD)?.focus();
  say(editor, "saidAdded");
  changed(editor);
};

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-row-do]"), editor = button?.closest("[data-rows]");
  if (!editor || button.disabled) return;
  event.preventDefault();
  act(editor, button.closest("[data-row]"), button.dataset.rowDo);
});

// Alt and an arrow move the row that has the focus.
document.addEventListener("keydown", (event) => {
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key], row = event.target.closest?.("[data-row]");
  const editor = row?.closest("[data-rows]");
  if (!by || !event.altKey || event.ctrlKey || event.metaKey || !editor || "fixed" in editor.dataset) return;
  event.preventDefault();
  move(editor, row, by);
});

/* Dragging, by mouse, pen or finger. */

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.("[data-row-handle]"), row = handle?.closest("[data-row]");
  const editor = row?.closest("[data-rows]");
  if (!editor || event.button) return;
  event.preventDefault();
  remember(editor);
  handle.setPointerCapture(event.pointerId);
  row.dataset.dragged = "";
  const before = rowsOf(editor).indexOf(row);
  const drag = ({ clientY }) => {
    const rows = rowsOf(editor), at = rows.indexOf(row);
    const middle = (other) => {
      const { top, height } = other.getBoundingClientRect();
      return top + height / 2;
    };
    const above = rows.slice(0, at).filter((other) => clientY < middle(other));
    const below = rows.slice(at + 1).filter((other) => clientY > middle(other));
    // The others move around the row, since an element that moves lets go of the pointer.
    if (above.length) row.after(...above);
    else if (below.length) row.before(...below);
  };
  const end = () => {
    delete row.dataset.dragged;
    handle.removeEventListener("pointermove", drag);
    const rows = rowsOf(editor), now = rows.indexOf(row);
    if (now === before) return;
    say(editor, "saidMoved", { n: now + 1, total: rows.length });
    changed(editor);
  };
  handle.addEventListener("pointermove", drag);
  handle.addEventListener("lostpointercapture", end, { once: true });
});
