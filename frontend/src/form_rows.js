// Which rows a form has, in their order: rows of children, and those of editors of lists and mappings. Drafts keep them.
import { addInlineRow, arrangeInline, rowsOfInline } from "./inlines.js";
import { addRow, arrange, rowsOf } from "./row_editor.js";
import { matching } from "./elements.js";

const AT = /^\d{1,4}$/;

const inlineAt = (row) => row.querySelector("[name]")?.name.split(".")[1] ?? "";
const inlineId = (row) => row.querySelector("[name$='._id']")?.value ?? "";

const inlinesOf = (form) => matching(form, "[data-inline]").map((el) => [el.dataset.inline, el]);
const editorsOf = (form) => matching(form, "[data-rows]").map((el) => [el.dataset.rows, el]);

/* Shapes: by name of the relation or field, the rows as [part of input names, id of the stored child or ""]. */
export const layoutOf = (form) =>
  Object.fromEntries([
    ...inlinesOf(form).map(([name, el]) => [name, rowsOfInline(el).map((row) => [inlineAt(row), inlineId(row)])]),
    ...editorsOf(form).map(([name, el]) => [name, rowsOf(el).map((row) => [row.dataset.row, ""])]),
  ]);

const isLayout = (rows) => Array.isArray(rows) && rows.every((row) => Array.isArray(row) && AT.test(row[0]) && typeof row[1] === "string");

const restoreInline = (inline, rows) => {
  const ids = new Map(rowsOfInline(inline).map((row) => [inlineAt(row), inlineId(row)]));
  // Another child has a number since: what was typed belongs to none of the rows.
  if (rows.some(([at, id]) => (ids.get(at) ?? "") !== id)) return false;
  for (const [at] of rows) if (!ids.has(at)) addInlineRow(inline, at);
  const byAt = new Map(rowsOfInline(inline).map((row) => [inlineAt(row), row])), wanted = rows.map(([at]) => byAt.get(at)).filter(Boolean);
  arrangeInline(inline, [...wanted, ...[...byAt.values()].filter((row) => !wanted.includes(row))]);
  return true;
};

const restoreEditor = (editor, rows) => {
  const keys = new Set(rowsOf(editor).map((row) => row.dataset.row));
  for (const [key] of rows) if (!keys.has(key)) addRow(editor, Number(key));
  const byKey = new Map(rowsOf(editor).map((row) => [row.dataset.row, row]));
  arrange(editor, rows.map(([key]) => byKey.get(key)).filter(Boolean));
};

// Returns the names of relations whose stored rows are others than they were.
export const restoreLayout = (form, before, layout) => {
  const stale = [];
  for (const [name, rows] of Object.entries(layout ?? {})) {
    if (!isLayout(rows)) continue;
    const inline = inlinesOf(form).find(([own]) => own === name)?.[1], editor = editorsOf(form).find(([own]) => own === name)?.[1];
    if (inline && !restoreInline(inline, rows)) stale.push(name);
    else if (editor && JSON.stringify(rows) !== JSON.stringify(before[name])) restoreEditor(editor, rows);
  }
  return stale;
};
