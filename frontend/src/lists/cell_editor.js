// Cells of lists that are edited in place. The input lies above the table, in the top layer, so a live patch of its row
// takes nothing that is typed away; its form comes from the server when the cell is opened.
import { ORIGINALS, SESSION_HEADER } from "../base/wire_names.js";

const CELL = "td[data-edit]", OWN = "a, button, input, select, textarea, label, summary, details";
const STATE = `[name=${ORIGINALS}]`;
const CONTROL = "input:not([type=hidden]), select, textarea";

let editor = null; // { key, field, body, form, control, before, isSaving }

const bodyOf = (cell) => cell.closest("[data-cell-url]");
const rowOf = (cell) => cell.closest("[data-key]");
const texts = (body) => JSON.parse(body.dataset.cellTexts);
const titleOf = (cell) => cell.closest("table").tHead.rows[0].cells[cell.cellIndex]?.textContent.trim() ?? "";
const mayEdit = (cell) => {
  const may = rowOf(cell)?.querySelector("[data-may]")?.dataset.may;
  return Boolean(bodyOf(cell)) && !rowOf(cell).inert && (may === undefined || may.split(" ").includes("update"));
};
const cellOf = ({ body, key, field }) =>
  body.querySelector(`:scope > [data-key="${CSS.escape(key)}"] > td[data-edit="${CSS.escape(field)}"]`);

/* Opening: the form of the field, around which nothing but its input is shown. */

const request = async (body, key, field) => {
  const url = `${body.dataset.cellUrl.replaceAll("%7Bid%7D", key)}?field=${encodeURIComponent(field)}`;
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok || response.redirected) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.querySelector("form.sm-form");
};

const place = () => {
  const cell = editor && cellOf(editor);
  if (!cell || !editor.form) return; // the row has left the list: what was typed stays where it is
  const { left, top, width, height } = cell.getBoundingClientRect(), { style } = editor.form;
  const room = document.documentElement.clientWidth - 16;
  style.minWidth = `${Math.min(Math.max(width, 160), room)}px`;
  style.minHeight = `${height}px`;
  style.left = `${Math.max(8, Math.min(left, room + 8 - editor.form.offsetWidth))}px`;
  style.top = `${top}px`;
};

const open = async (cell) => {
  if (editor || !mayEdit(cell)) return;
  const body = bodyOf(cell), key = rowOf(cell).dataset.key, field = cell.dataset.edit, title = titleOf(cell);
  const opened = (editor = { body, key, field, form: null });
  const found = await request(body, key, field).catch(() => null);
  if (editor !== opened) return;
  if (!found?.querySelector(CONTROL)) return (editor = null);
  const form = document.createElement("form"), problem = document.createElement("p");
  Object.assign(form, { className: "sm-cell-editor", method: "post", noValidate: true, popover: "manual" });
  form.setAttribute("action", found.getAttribute("action"));
  form.setAttribute("aria-label", texts(body).edit.replace("{field}", title));
  problem.className = "sm-problem";
  problem.setAttribute("role", "alert");
  const originals = found.querySelector(STATE), input = found.querySelector(".sm-field, .sm-group") ?? found.querySelector(CONTROL);
  form.append(document.importNode(originals, true), document.importNode(input, true), problem);
  for (const label of form.querySelectorAll(".uk-form-label, .sm-help")) label.classList.add("sm-hidden");
  document.body.append(form);
  Object.assign(editor, { form, problem, control: form.querySelector(CONTROL) });
  form.showPopover();
  place();
  editor.control.focus();
  editor.control.select?.();
  editor.before = written(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  hidePencil();
};

const written = (form) => {
  const data = new FormData(form);
  data.delete(ORIGINALS);
  return new URLSearchParams(data).toString();
};

/* Saving, and leaving. */

const close = (focus = true) => {
  const { form } = editor, cell = cellOf(editor);
  editor = null;
  form.remove();
  if (focus) cell?.focus({ preventScroll: true });
};

const newKey = () => [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("-");

const post = async (form) => {
  const tag = document.getElementById("starmodel-toasts")?.dataset.session;
  const response = await fetch(form.getAttribute("action"), {
    method: "POST", body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "application/json", "Idempotency-Key": newKey(), ...(tag ? { [SESSION_HEADER]: tag } : {}) },
  });
  return { ok: response.ok, status: response.status, data: await response.json().catch(() => ({})) };
};

const say = (text) => {
  editor.problem.textContent = text;
  if (text) editor.control.setAttribute("aria-invalid", "true");
  else editor.control.removeAttribute("aria-invalid");
};

// True when the value is stored.
const save = async (focus = true) => {
  const saving = editor;
  if (!saving?.form || saving.isSaving) return false;
  if (written(saving.form) === saving.before) return close(focus), true;
  saving.isSaving = true;
  saving.form.setAttribute("aria-busy", "true");
  say("");
  try {
    const { ok, status, data } = await post(saving.form);
    if (editor !== saving) return ok;
    if (ok) return close(focus), true;
    if (status === 409) await renew(saving);
    say(Object.values(data.errors ?? {})[0] ?? data.detail ?? texts(saving.body).away);
  } catch {
    if (editor === saving) say(texts(saving.body).away);
  } finally {
    saving.isSaving = false;
    saving.form.removeAttribute("aria-busy");
  }
  saving.control.focus();
  return false;
};

// After a conflict: to save again overwrites the value that the sentence names.
const renew = async ({ body, key, field, form }) => {
  const found = await request(body, key, field).catch(() => null), now = found?.querySelector(STATE);
  if (now) form.querySelector(STATE).value = now.value;
};

const neighbour = ({ body, key, field }, step) => {
  const cells = [...body.querySelectorAll(CELL)].filter((cell) => cell.checkVisibility() && mayEdit(cell));
  const next = cells[cells.findIndex((cell) => rowOf(cell).dataset.key === key && cell.dataset.edit === field) + step];
  return next && { body, key: rowOf(next).dataset.key, field: next.dataset.edit };
};

document.addEventListener("keydown", async (event) => {
  const { key, target } = event;
  if (editor?.form?.contains(target)) {
    if (key === "Escape") close();
    else if (key === "Enter" && !event.shiftKey && !event.isComposing) save();
    else if (key === "Tab") {
      const next = neighbour(editor, event.shiftKey ? -1 : 1);
      event.preventDefault();
      if ((await save()) && next) {
        const cell = cellOf(next);
        if (cell) open(cell);
      }
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  // F2 in a row begins with its first editable cell; Enter is that of a link or button there.
  const own = target.closest?.(CELL), row = target.closest?.("[data-cell-url] > [data-key]");
  const cell = own ?? (key === "F2" ? row?.querySelector(CELL) : null);
  if (!cell || !(key === "F2" || (key === "Enter" && target === own)) || !mayEdit(cell)) return;
  event.preventDefault();
  open(cell);
}, true);

/* Pointers: a double click, the pencil of the cell under a mouse, an item of the row's menu on a touch screen. */

let pointer = "";
document.addEventListener("pointerdown", ({ pointerType, target }) => {
  pointer = pointerType;
  if (editor?.form && !editor.form.contains(target)) save(false);
}, true);

// One click of a mouse chooses the cell, where it would open the record in other cells.
document.addEventListener("click", (event) => {
  const cell = event.target.closest?.(CELL);
  if (!cell || pointer !== "mouse" || event.target.closest(OWN) || !mayEdit(cell)) return;
  event.preventDefault();
  cell.focus({ preventScroll: true });
}, true);
document.addEventListener("dblclick", ({ target }) => {
  const cell = target.closest?.(CELL);
  if (!cell || target.closest(OWN)) return;
  getSelection()?.removeAllRanges();
  open(cell);
});

const pencil = document.createElement("button");
Object.assign(pencil, { type: "button", className: "sm-pencil", tabIndex: -1, hidden: true, textContent: "\u270e" });
let pointed = null;
const hidePencil = () => {
  pencil.hidden = true;
  pointed = null;
};
pencil.addEventListener("click", () => pointed && open(pointed));
document.addEventListener("pointerover", ({ target, pointerType }) => {
  if (pointerType !== "mouse" || target === pencil) return;
  const cell = target.closest?.(CELL);
  if (!cell || editor || !mayEdit(cell)) return pointed && hidePencil();
  if (cell === pointed) return;
  pointed = cell;
  if (!pencil.isConnected) document.body.append(pencil);
  const { left, top, height } = cell.getBoundingClientRect();
  pencil.setAttribute("aria-label", texts(bodyOf(cell)).edit.replace("{field}", titleOf(cell)));
  pencil.hidden = false;
  Object.assign(pencil.style, { left: `${left + 2}px`, top: `${top + (height - 24) / 2}px` });
});

document.addEventListener("toggle", ({ target: menu }) => {
  const row = menu.matches?.("details.sm-menu") && menu.open && menu.closest("[data-cell-url] > [data-key]");
  if (!row || pointer === "mouse") return;
  const cells = [...row.querySelectorAll(CELL)].filter((cell) => cell.checkVisibility() && mayEdit(cell));
  menu.querySelector(".sm-menu-items")?.prepend(...cells.map((cell) => {
    const item = Object.assign(document.createElement("button"), { type: "button", className: "sm-item" });
    item.textContent = texts(bodyOf(cell)).edit.replace("{field}", titleOf(cell));
    item.addEventListener("click", () => {
      menu.open = false;
      open(cell);
    });
    return item;
  }));
}, true);

addEventListener("scroll", () => {
  place();
  hidePencil();
}, { capture: true, passive: true });
addEventListener("resize", place);
