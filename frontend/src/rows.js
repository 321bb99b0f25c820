// One row of a list in place: what its user has opened, chosen and typed there stays.

const MARK_MS = 2000;

const written = new WeakMap(); // a row's HTML as the server wrote it

export const remember = (row, html = row.outerHTML) => written.set(row, html);

export const change = (body, old, row) => {
  const html = row.outerHTML, key = row.dataset.key;
  if (written.get(old) === html) return;
  const restore = kept(old);
  const selector = `[id="${CSS.escape(body.id)}"] > [data-key="${CSS.escape(key)}"]`;
  const argsRaw = { selector, mode: "outer", elements: html };
  const detail = { type: "datastar-patch-elements", el: document.documentElement, argsRaw, live: true };
  document.dispatchEvent(new CustomEvent("datastar-fetch", { detail }));
  restore();
  const now = document.querySelector(selector);
  remember(now, html);
  mark(now);
};

// What a script has put into an open menu is not in the server's row: the menu is opened anew.
const reopen = (details) => {
  const items = () => [...details.querySelectorAll("a, button")], at = items().indexOf(document.activeElement);
  return () => {
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
    if (at >= 0) items()[at]?.focus({ preventScroll: true });
  };
};

const kept = (row) => {
  const back = [];
  for (const el of row.querySelectorAll("details, input, textarea, select")) {
    if (el instanceof HTMLDetailsElement) {
      if (el.open) back.push(reopen(el));
    } else if (el instanceof HTMLSelectElement) {
      const { value } = el;
      if (![...el.options].every((o) => o.selected === o.defaultSelected)) back.push(() => (el.value = value));
    } else if (el.type === "checkbox" || el.type === "radio") {
      const { checked } = el;
      if (checked !== el.defaultChecked) back.push(() => (el.checked = checked));
    } else if (el.type !== "file" && el.value !== el.defaultValue) {
      const { value } = el;
      back.push(() => el.value === value || (el.value = value));
    }
  }
  return () => back.forEach((put) => put());
};

const marks = new WeakMap();

export const mark = (row) => {
  clearTimeout(marks.get(row));
  row.dataset.changed = "";
  marks.set(row, setTimeout(() => delete row.dataset.changed, MARK_MS));
};
