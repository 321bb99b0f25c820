// A live part is compared with its newer rendering element by element: rows without an id trade their inputs.

const KEYLESS = ":is(input:not([type=hidden]), textarea, select, details):not([id])";
const warned = new Set();

const isRow = (el) => !el.id && [...el.parentElement.children].some((other) => other !== el && other.tagName === el.tagName);

const isInRow = (el, part) => {
  for (let at = el.parentElement; at && at !== part && !at.id; at = at.parentElement) if (isRow(at)) return true;
  return false;
};

// Tells the developer, once for each part of the page.
export const warnOfRowsWithoutKeys = (html) => {
  const id = /^\s*<[\w-]+[^>]*?\sid="([^"]+)"/.exec(html)?.[1], part = id && !warned.has(id) && document.getElementById(id);
  if (!part || ![...part.querySelectorAll(KEYLESS)].some((el) => isInRow(el, part))) return;
  warned.add(id);
  console.warn(`The live part "${id}" has rows with inputs but without ids. When rows come or go, what is typed may move to another row: give each row an id.`);
};
