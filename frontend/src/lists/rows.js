// One row of a list in place; what its user has opened, chosen and typed there stays, as for every patch.

const MARK_MS = 2000;

const written = new WeakMap(); // a row's HTML as the server wrote it

export const remember = (row, html = row.outerHTML) => written.set(row, html);

export const change = (body, old, row) => {
  const html = row.outerHTML, key = row.dataset.key;
  if (written.get(old) === html) return;
  const menus = [...old.querySelectorAll("details.sm-menu[open]")].map(reopen);
  const selector = `[id="${CSS.escape(body.id)}"] > [data-key="${CSS.escape(key)}"]`;
  const argsRaw = { selector, mode: "outer", elements: html };
  const detail = { type: "datastar-patch-elements", el: document.documentElement, argsRaw, live: true };
  document.dispatchEvent(new CustomEvent("datastar-fetch", { detail }));
  for (const restore of menus) restore();
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

const marks = new WeakMap();

export const mark = (row) => {
  clearTimeout(marks.get(row));
  row.dataset.changed = "";
  marks.set(row, setTimeout(() => delete row.dataset.changed, MARK_MS));
};
