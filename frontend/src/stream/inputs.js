// Unsaved input: the one place that decides whether a value of the server may touch a control.
import { getPath, mergePaths } from "datastar";
import { pathOf } from "../base/bindings.js";
import { matching } from "../base/elements.js";
import { guarded, isChanged, isToggle, CONTROLS, TEXT } from "../base/controls.js";

// at and settled count input events: when the control was typed in last, and up to when the server has taken it over.
// base is the server's last value of its signal, held a newer one that waits; states below floor are outdated.
const records = new WeakMap();
const bound = new Set(); // typed-in controls that show a signal
let inputs = 0;

export const typedNow = () => inputs;
export const isTyped = (controls) => controls.some((el) => records.get(el)?.at > 0);

const recordOf = (el) => {
  if (!records.has(el)) records.set(el, { at: 0, settled: 0, base: undefined, floor: 0, own: 0, saved: false, held: null });
  return records.get(el);
};
const isUnsaved = ({ at, settled }) => at > settled;
const hasFocus = (el) => el === document.activeElement && el.matches(TEXT);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const typed = ({ target: el }) => {
  if (!el.matches?.(CONTROLS)) return;
  const path = pathOf(el), record = recordOf(el);
  if (path && !isUnsaved(record) && !record.held) record.base = getPath(path);
  record.at = ++inputs;
  record.saved = false;
  if (!path) return;
  bound.add(el);
  keepDigits(el, path);
  // What is as it was before is no change.
  if (!isToggle(el) && !el.multiple && !record.held && el.value === String(record.base ?? "")) record.settled = record.at;
};
for (const type of ["input", "change"]) document.addEventListener(type, typed, true);

/* A number that is empty, unfinished or longer than JavaScript can count stays the text that was typed. */

const MAX_DIGITS = 15;
const isExact = (text) =>
  text.trim() !== "" && Number.isFinite(+text)
  && text.replace(/e.*/i, "").replace(/[-+.]/g, "").replace(/^0+/, "").length <= MAX_DIGITS;

// Datastar reads a control as the type that its signal has, so the type comes first.
const keepDigits = (el, path) => {
  const before = getPath(path), isNumber = ["number", "range"].includes(el.type);
  if (isToggle(el) || el.multiple || Array.isArray(before) || !(isNumber || typeof before === "number")) return;
  const text = el.value, value = isExact(text) ? +text : text;
  if (typeof value === typeof before) return;
  const release = guarded(el);
  mergePaths([[path, value]]);
  release();
};

/* Elements: a control with unsaved input, or with the focus, is morphed but for what it shows. */

// What was typed after a request was sent is newer than its answer.
const isProtected = (el, request) => {
  const { at, settled } = records.get(el) ?? { at: 0, settled: -1 };
  return request ? at > request.at : hasFocus(el) || (at > settled && isChanged(el));
};

const untouched = new WeakSet(); // focused controls that follow their page when they are left

const isSameGroup = (el, other) => el.type === "radio" && el.name === other.name && el.form === other.form;

export const guardControls = (request) => {
  const ends = [];
  const controls = [...document.querySelectorAll(CONTROLS)], held = controls.filter((el) => isProtected(el, request));
  for (const el of held) if (!isChanged(el)) untouched.add(el);
  // To check one radio button unchecks the others of its group.
  const radios = held.filter((el) => el.type === "radio");
  for (const el of controls)
    if (held.includes(el) || radios.some((other) => isSameGroup(el, other))) ends.push(guarded(el));
  return () => ends.forEach((end) => end());
};

/* Signals: a value for such a control is applied, held until the control is left, or dropped. */

const settle = (record, value) => Object.assign(record, { settled: record.at, saved: false, held: null, base: value });

const put = (el, path, value) => {
  const record = recordOf(el);
  settle(record, value);
  mergePaths([[path, value]]);
};

// Shapes: from tells the version of a state, or the request that is answered; neither for other news.
const takes = (el, value, { version, request }) => {
  const record = recordOf(el), unsaved = isUnsaved(record);
  if (request && version === undefined) return !(record.at > request.at);
  if (version < record.floor) return false;
  const isNew = !same(value, record.base);
  if (unsaved && !record.saved && !isNew) return false;
  if ((!unsaved || record.saved || (isNew && version === record.own)) && !hasFocus(el)) return true;
  record.held = { value, version, isNew };
  record.base = value;
  return false;
};

const holders = () => {
  for (const el of bound) if (!el.isConnected) bound.delete(el);
  const focused = document.activeElement, all = new Set(bound);
  if (focused?.matches(TEXT)) all.add(focused);
  return [...all].map((el) => [el, pathOf(el)]).filter(([, path]) => path);
};

export const hasHolders = () => holders().length > 0;

// The patch without what no control takes.
export const admitted = (patch, from, prefix = "", held = holders()) => {
  if (!held.length) return patch;
  const made = Object.create(null);
  for (const [name, value] of Object.entries(patch)) {
    const path = prefix + name, here = held.filter(([, at]) => at === path);
    if (!here.length && value && typeof value === "object" && !Array.isArray(value)) {
      made[name] = admitted(value, from, `${path}.`, held);
    } else if (here.map(([el]) => takes(el, value, from)).every(Boolean)) {
      made[name] = value;
      for (const [el] of here) settle(recordOf(el), value);
    }
  }
  return made;
};

// Another server may count anew.
export const forgetVersions = () => {
  for (const [el] of holders()) Object.assign(recordOf(el), { floor: 0, own: 0 });
};

const release = (el, path) => {
  const { held } = recordOf(el);
  if (held && !hasFocus(el)) put(el, path, held.value);
};

// A request was accepted. Shapes: state is the entity's namespace, version the one that the event made.
export const accepted = (request, state, version = 0) => {
  for (const [el, path] of holders()) {
    const record = recordOf(el), carried = request.carries(path);
    if (carried) record.floor = Math.max(record.floor, version);
    if (record.at > request.at) continue;
    if (carried && !version) record.settled = record.at;
    else if (carried) record.saved = true;
    else if (state && path.startsWith(`${state}.`)) record.own = version;
    else continue;
    if (record.held && (carried ? record.held.version >= version : record.held.isNew && record.held.version === version))
      release(el, path);
  }
  for (const el of request.controls()) {
    const record = records.get(el);
    if (record && record.at <= request.at) record.settled = record.at;
  }
};

document.addEventListener("focusout", ({ target: el }) => {
  if (!el.matches?.(TEXT)) return;
  setTimeout(() => {
    if (!el.isConnected || hasFocus(el)) return;
    const path = pathOf(el), record = recordOf(el);
    if (path && record.held && (!isUnsaved(record) || record.saved)) release(el, path);
    if (!path && untouched.delete(el) && !isUnsaved(record) && "defaultValue" in el) el.value = el.defaultValue;
  });
});

document.addEventListener("reset", ({ target: form }) =>
  setTimeout(() => {
    for (const el of matching(form, CONTROLS)) Object.assign(recordOf(el), { at: 0, settled: 0, saved: false });
  }));
