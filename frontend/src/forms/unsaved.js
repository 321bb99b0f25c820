// Unsaved changes of forms: a question before they are left, and drafts that outlive the page.
import { CONTROLS, isToggle } from "../base/controls.js";
import { attribute, has, isConnected, matching, reset } from "../base/elements.js";
import { arrangeInline, inlineRows } from "./inlines.js";
import "../page/locale.js"; // inputs are compared as they are shown
import { PREFIX, draftKeys, isOver, remove, stored } from "./drafts.js";
import { question } from "../base/question.js";
import { enhanceIn } from "../pickers/record_picker.js";
import { arrangeEditor, editorRows } from "./row_editor.js";
import { showFields } from "./shown_fields.js";
import { ORIGINALS, ROWS } from "../base/wire_names.js";

const FORM = "form[data-draft]", LIST = "_list"; // the query parameter with the words of the list
const MOST_DRAFTS = 20, MOST_CHARS = 100_000, KEPT_MS = 7 * 24 * 3600 * 1000, WRITE_AFTER_MS = 400;
const ROW_ID = "._id";
const NEVER = "[type=password], [type=file], [data-no-draft]";

const textsOf = (form) => JSON.parse(attribute(form, "data-texts"));
const idOf = (el) => attribute(el, "name") || `#${attribute(el, "id")}`;

// Inputs of the visitor, and hidden ones that a widget fills: those of the server have names with "_".
const inputsOf = (form) =>
  matching(form, `${CONTROLS}, input[type=hidden]`).filter((el) => !el.matches(NEVER) && idOf(el).length < 300 && !idOf(el).startsWith("_") && idOf(el) !== "#null"
    && !(el.type === "hidden" && matching(form, "input[type=checkbox]").some((box) => attribute(box, "name") === attribute(el, "name"))));

const stateOf = (el) =>
  isToggle(el) ? el.checked
    : el instanceof HTMLSelectElement ? [...el.selectedOptions].map((option) => option.value)
      : el.value;
const keyOf = (el) => (isToggle(el) ? `${idOf(el)}=${el.value}` : idOf(el));

const put = (el, state) => {
  if (isToggle(el)) el.checked = state === true;
  else if (el instanceof HTMLSelectElement) for (const option of el.options) option.selected = Array.isArray(state) && state.includes(option.value);
  else if (typeof state === "string") el.value = state;
};

/* What a form holds, against what it held when the page was made or saved. */

const initial = new WeakMap(), files = new WeakSet(), untouched = new WeakSet();

// Shapes: [key, state] of each input, and of each list or table of rows: the numbers of its rows.
const statesOf = (form) => [
  ...[...editorRows(form), ...inlineRows(form)].map(([path, rows]) => [`${ROWS}${path}`, rows]),
  ...inputsOf(form).map((el) => [keyOf(el), stateOf(el)]),
];

const snapshot = (form) => new Map(statesOf(form).map(([key, state]) => [key, JSON.stringify(state)]));

const changesOf = (form) => {
  const before = initial.get(form) ?? new Map();
  return statesOf(form).filter(([key, state]) => JSON.stringify(state) !== (before.get(key) ?? '""'));
};

const secretsOf = (form) => matching(form, NEVER).some((el) => el.value !== (el.defaultValue ?? ""));
const isChanged = (form) => changesOf(form).length > 0 || files.has(form) || secretsOf(form);

/* Drafts. Shapes: { at, base, ids, changes }; base is what the edit form remembers of the record and of its rows, ids
   has [name, id] of each row that is stored. */

const originalsOf = (form) => matching(form, `input[name$=${ORIGINALS}]`).map((el) => el.value).filter(Boolean).join();
const rowIdsOf = (form) => matching(form, `input[name$="${ROW_ID}"]`).map((el) => [attribute(el, "name"), el.value]);

// The beginnings of the names in rows that have become those of other records.
const movedRows = (form, ids) => {
  const then = new Map(ids), now = new Map(rowIdsOf(form));
  return [...new Set([...then.keys(), ...now.keys()])].filter((name) => then.get(name) !== now.get(name))
    .map((name) => name.slice(0, -ROW_ID.length + 1));
};

const pageOf = (form) => {
  const query = new URLSearchParams(location.search);
  query.delete(LIST);
  return `${attribute(form, "id")}?${query}`.slice(0, 300);
};
const storageKey = (form) => `${PREFIX}${attribute(form, "data-draft")}:${pageOf(form)}`;

const read = (key) => {
  const draft = stored(() => JSON.parse(localStorage.getItem(key)));
  return draft && Number.isFinite(draft.at) && Array.isArray(draft.changes) ? draft : null;
};
const write = (form) => {
  clearTimeout(timers.get(form));
  if (isOver()) return;
  if (!attribute(form, "data-draft") || !isConnected(form)) return;
  const changes = changesOf(form), key = storageKey(form);
  if (!changes.length) return remove(key);
  const text = JSON.stringify({ at: Date.now(), base: originalsOf(form), ids: rowIdsOf(form), changes });
  if (text.length > MOST_CHARS) return remove(key);
  tidy();
  stored(() => localStorage.setItem(key, text));
};

// The oldest leave when there are many.
const tidy = () => {
  const found = draftKeys().map((key) => [key, read(key)?.at ?? 0]).sort(([, one], [, other]) => other - one);
  found.forEach(([key, at], number) => (number >= MOST_DRAFTS - 1 || Date.now() - at > KEPT_MS) && remove(key));
};

const timers = new WeakMap();

const dateText = (at) => {
  const when = new Date(at), isToday = when.toDateString() === new Date().toDateString();
  return when.toLocaleString([], { ...(isToday ? {} : { dateStyle: "medium" }), timeStyle: "short" });
};

const notices = new WeakMap();

const clear = (form) => {
  clearTimeout(timers.get(form));
  remove(storageKey(form));
  notices.get(form)?.remove();
};

const discard = (form) => {
  reset(form);
  for (const el of matching(form, "input[type=hidden]")) if (!attribute(el, "name")?.startsWith("_")) el.value = el.defaultValue;
  clear(form);
  showFields(form);
  matching(form, CONTROLS).find((el) => el.offsetParent)?.focus();
};

const announce = (form, draft, isOlder) => {
  const texts = textsOf(form), box = document.createElement("div"), words = document.createElement("p"), button = document.createElement("button");
  words.textContent = texts[isOlder ? "draft_older" : "draft"].replace("{time}", dateText(draft.at));
  words.setAttribute("role", "status");
  words.className = "sm-draft-text";
  Object.assign(button, { type: "button", className: "uk-btn uk-btn-ghost uk-btn-sm", textContent: texts.draft_discard });
  button.addEventListener("click", () => discard(form));
  box.className = "sm-draft";
  box.append(words, button);
  notices.set(form, box);
  form.before(box);
};

const arrange = (form, path, numbers, mayRemove) => {
  const rows = [...new Set(numbers)].filter((at) => Number.isInteger(at) && at >= 0 && at < 1_000_000);
  arrangeEditor(form, path, rows, mayRemove);
  arrangeInline(form, path, rows);
};

const restore = (form) => {
  const draft = attribute(form, "data-draft") && read(storageKey(form));
  if (!draft) return;
  if (Date.now() - draft.at > KEPT_MS) return remove(storageKey(form));
  const isOlder = draft.base !== originalsOf(form), prefix = `#${attribute(form, "id")}-`;
  const moved = isOlder && Array.isArray(draft.ids) ? movedRows(form, draft.ids) : [];
  const changes = draft.changes.filter(([key]) => !moved.some((row) => key.replace(prefix, "").startsWith(row)));
  // Rows come first, so that their inputs exist.
  for (const [key, state] of changes) if (key.startsWith(ROWS) && Array.isArray(state)) arrange(form, key.slice(ROWS.length), state, !isOlder);
  enhanceIn(form);
  const inputs = new Map(inputsOf(form).map((el) => [keyOf(el), el]));
  for (const [key, state] of changes) if (inputs.has(key)) put(inputs.get(key), state);
  if (!changesOf(form).length) return remove(storageKey(form)); // it was saved from elsewhere
  announce(form, draft, isOlder);
  for (const [key] of changes) inputs.get(key)?.dispatchEvent(new Event("change", { bubbles: true }));
  showFields(form);
};

const begin = (form) => {
  if (initial.has(form)) return;
  initial.set(form, snapshot(form));
  // A page that shows what was refused has the newest values already.
  if (!matching(form, "[aria-invalid=true]").length) restore(form);
};

for (const form of document.querySelectorAll(FORM)) begin(form);

/* While typing. */

const formOf = (el) => el?.form && has(el.form, "data-draft") && attribute(el.form, "data-draft") ? el.form : null;

const changed = ({ target }) => {
  const form = formOf(target);
  if (!form) return;
  begin(form);
  untouched.delete(form);
  if (target.type === "file") files.add(form);
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(write, WRITE_AFTER_MS, form));
};
document.addEventListener("input", changed);
document.addEventListener("change", changed);

const guardedForms = () => [...document.querySelectorAll(FORM)].filter((form) => attribute(form, "data-draft"));

/* Leaving. A form that is being sent is left on purpose; one that was saved is unsaved once it is used again. */

const sent = new WeakSet();
let isLeaving = false;

document.addEventListener("starmodel-saved", ({ detail: { form } }) => {
  if (!has(form, "data-draft")) return;
  clear(form);
  files.delete(form);
  initial.set(form, snapshot(form));
  untouched.add(form); // also where it is emptied now
});

document.addEventListener("submit", (event) => event.defaultPrevented || sent.add(event.target));
document.addEventListener("datastar-fetch", ({ detail: { type, el } }) => {
  if (type === "started" && el instanceof HTMLFormElement) sent.add(el);
  if (type === "finished") sent.delete(el);
});

const unsaved = () => guardedForms().filter((form) => !sent.has(form) && !untouched.has(form) && isChanged(form));

addEventListener("beforeunload", (event) => {
  // Browsers ask only where the page was used since it was loaded; a restored draft is kept anyway.
  if (isLeaving || navigator.userActivation?.hasBeenActive === false || !unsaved().length) return;
  event.preventDefault();
  event.returnValue = "";
});
addEventListener("pagehide", () => unsaved().forEach(write));
addEventListener("pageshow", () => (isLeaving = false));

const isPlainClick = ({ button, metaKey, ctrlKey, shiftKey, altKey, defaultPrevented }) =>
  !(button || metaKey || ctrlKey || shiftKey || altKey || defaultPrevented);

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || !isPlainClick(event) || (link.target && link.target !== "_self") || link.hasAttribute("download")) return;
  const there = new URL(link.href, document.baseURI);
  if (!/^https?:$/.test(there.protocol) || (there.hash && there.href.split("#")[0] === location.href.split("#")[0])) return;
  const [form] = unsaved();
  if (!form) return;
  event.preventDefault();
  const texts = textsOf(form), isCancel = has(link, "data-cancel");
  question(...(isCancel ? [texts.discard, texts.discard_yes] : [texts.leave, texts.leave_yes]), texts.stay).then((yes) => {
    if (!yes) return;
    // "Cancel" means that nothing of this is wanted; another link may be a way there and back.
    if (isCancel) {
      clear(form);
      initial.set(form, snapshot(form));
      files.delete(form);
    }
    write(form);
    isLeaving = true;
    location.assign(there.href);
  });
});

/* What another user typed is not kept for the next one. */

const ownerOf = (form) => attribute(form, "data-draft");
const owners = guardedForms().map(ownerOf);
if (owners.length) {
  const [app] = owners[0].split(".");
  for (const key of draftKeys())
    if (key.startsWith(`${PREFIX}${app}.`) && !owners.some((owner) => key.startsWith(`${PREFIX}${owner}:`))) remove(key);
}
