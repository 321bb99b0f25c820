// Conditional fields: inputs that are displayed, and sent, only for some values of other inputs. The server decides the same.
import { attribute, has, matching } from "../base/elements.js";
import { FIELD } from "../base/wire_names.js";

const CONTROLS = "input, select, textarea, button";

// What an input holds, as the server's conditions compare it; undefined for a field without an input.
export const valueOf = (form, field) => {
  const named = matching(form, "input[name], select[name], textarea[name]").filter((el) => [field, `${FIELD}${field}`].includes(attribute(el, "name")));
  const toggles = named.filter((el) => el.type === "checkbox" || el.type === "radio"), chosen = toggles.find((el) => el.checked);
  if (chosen) return chosen.value;
  const other = named.find((el) => !toggles.includes(el));
  if (other) return other.value;
  return toggles.length ? "" : undefined;
};

const MET = {
  lt: (left, right) => left < right, lte: (left, right) => left <= right,
  gt: (left, right) => left > right, gte: (left, right) => left >= right,
};
const isSame = (held, value) =>
  value === null ? held === "" : typeof value === "number" ? held.trim() !== "" && Number(held) === value : held === value;

const compares = (held, op, value) => {
  if (op === "eq") return isSame(held, value);
  if (op === "ne") return !isSame(held, value);
  if (op === "in") return value.some((item) => isSame(held, item));
  if (held === "" || value === null || !Object.hasOwn(MET, op)) return false;
  return MET[op](typeof value === "number" ? Number(held) : held, value);
};

// Undefined when it depends on a field that has no input here.
const holds = (form, condition) => {
  if (typeof condition === "boolean") return condition;
  if (Array.isArray(condition)) {
    const [field, op, value] = condition, held = valueOf(form, field);
    return held === undefined ? undefined : compares(held, op, value);
  }
  if (condition.not !== undefined) {
    const inner = holds(form, condition.not);
    return inner === undefined ? undefined : !inner;
  }
  const parts = (condition.all ?? condition.any).map((part) => holds(form, part));
  if (parts.includes(undefined)) return undefined;
  return condition.all ? parts.every(Boolean) : parts.some(Boolean);
};

const disabled = new WeakSet(); // controls that are disabled here, and by nobody else

export const showFields = (form) => {
  for (const cell of matching(form, "[data-shown-if]")) {
    const isShown = holds(form, JSON.parse(attribute(cell, "data-shown-if"))) ?? true;
    if (cell.hidden === !isShown) continue;
    cell.hidden = !isShown;
    for (const control of matching(cell, CONTROLS)) {
      if (!isShown && !control.disabled) disabled.add(control);
      if (disabled.has(control)) control.disabled = !isShown;
    }
  }
};

const follow = ({ target }) => target.form && has(target.form, "data-draft") && showFields(target.form);
document.addEventListener("input", follow);
document.addEventListener("change", follow);
document.addEventListener("reset", ({ target }) => setTimeout(showFields, 0, target));
for (const form of document.querySelectorAll("form:has([data-shown-if])")) showFields(form);
