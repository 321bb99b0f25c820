// Form controls as they are shown: whether the visitor changed one, and how to keep what it shows.
import { set } from "./elements.js";

const own = (...types) => types.map((type) => `[type=${type}]`).join(", ");
const NO_VALUE = own("button", "submit", "reset", "image", "hidden", "file");

export const CONTROLS = `input:not(${NO_VALUE}), textarea, select, [contenteditable]:not([contenteditable=false])`;
export const TEXT = `input:not(${NO_VALUE}, ${own("checkbox", "radio", "range", "color")}), textarea, `
  + "[contenteditable]:not([contenteditable=false])";

export const isToggle = (el) => el.type === "checkbox" || el.type === "radio";
const isEditable = (el) => !("value" in el);

const isChosen = ({ options, multiple, selectedIndex }) => {
  const byDefault = [...options].filter((option) => option.defaultSelected);
  if (multiple) return [...options].some((option) => option.selected !== option.defaultSelected);
  return selectedIndex !== (byDefault.at(-1)?.index ?? (options.length ? 0 : -1));
};

// True when a control shows something else than the page's HTML says.
export const isChanged = (el) =>
  isEditable(el) || (el instanceof HTMLSelectElement ? isChosen(el)
    : isToggle(el) ? el.checked !== el.defaultChecked
      : el.value !== el.defaultValue);

/* Until the function that it returns is called, neither a patch nor a signal changes what the control shows. */

export const guarded = (el) =>
  isEditable(el) ? guardContent(el) : el instanceof HTMLSelectElement ? guardChoice(el) : guardValue(el);

const guardContent = (el) => {
  el.isEqualNode = () => true; // equal content is not morphed
  return () => delete el.isEqualNode;
};

const guardChoice = (el) => {
  const before = [...el.selectedOptions].map((option) => option.value);
  return () => {
    const options = [...el.options], wanted = options.filter((option) => before.includes(option.value));
    if (wanted.length === before.length) for (const option of options) option.selected = wanted.includes(option);
  };
};

const guardValue = (el) => {
  const name = isToggle(el) ? "checked" : "value";
  const { get } = Object.getOwnPropertyDescriptor(el.constructor.prototype, name);
  if (!isChanged(el)) pin(el);
  Object.defineProperty(el, name, { get, set() {}, configurable: true });
  return () => delete el[name];
};

// A control whose value was never set shows its attribute, and would follow it.
const pin = (el) => {
  if (isToggle(el)) return void (el.checked = el.checked);
  const { selectionStart, selectionEnd, selectionDirection } = el;
  el.value = el.value;
  if (selectionStart !== null && selectionStart !== undefined)
    el.setSelectionRange(selectionStart, selectionEnd, selectionDirection);
};

/* What was opened or closed in the browser stays so. */

const OPENABLE = "details, dialog";
const written = new WeakMap(); // element → whether the server's HTML has it open

const note = (el) => written.set(el, el.hasAttribute("open"));
for (const el of document.querySelectorAll(OPENABLE)) note(el);

export const guardOpen = () => {
  const guards = new Set();
  for (const el of document.querySelectorAll(OPENABLE)) {
    if (el.hasAttribute("open") === (written.get(el) ?? false)) continue;
    guards.add(el);
    el.setAttribute = (name, value) => name === "open" || set(el, name, value);
    el.removeAttribute = (name) => name === "open" || set(el, name, null);
  }
  return () => {
    for (const el of guards) {
      delete el.setAttribute;
      delete el.removeAttribute;
    }
    for (const el of document.querySelectorAll(OPENABLE)) if (!guards.has(el)) note(el);
  };
};
