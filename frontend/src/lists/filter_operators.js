// The operator of each filter: what the address of a list says of it, and which inputs fit.
const SEVERAL = /^(not_)?in$/, NO_VALUE = /empty$/;

const list = (values) => values.map((value) => (value && !/[,]|^"/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`)).join(",");

// The parameters of one filter, from the values of its inputs.
const parametersOf = (group, data) => {
  const { filter: field } = group.dataset, { value: op } = group.querySelector("[data-op]");
  const names = [...group.querySelectorAll("input[name], select[name]")].map((input) => input.name);
  const word = op === "eq" ? group.dataset.eq ?? field : `${field}__${op}`;
  const values = names.filter((name) => !name.startsWith("_")).map((name) => data.get(name) ?? "");
  if (NO_VALUE.test(op)) {
    const isEmpty = op === "empty";
    return [group.dataset.empty === "text" ? [`${field}__${isEmpty ? "in" : "not_in"}`, '""'] : [`${field}__isnull`, String(isEmpty)]];
  }
  if (SEVERAL.test(op)) {
    const chosen = data.getAll(`_any.${field}`);
    return chosen.length ? [[word, list(chosen)]] : [];
  }
  if (op === "range") return [["gte", values[0]], ["lte", values[1]]].filter(([, value]) => value).map(([end, value]) => [`${field}__${end}`, value]);
  const value = values.find(Boolean);
  return value ? [[word, value]] : [];
};

// All parameters of a list's form. Open questions, and what only forms without JavaScript need, are left out.
export const parameters = (form) => {
  const data = new FormData(form), found = [], groups = new Map();
  for (const group of form.querySelectorAll("[data-filter]:has([data-op])")) {
    const asked = parametersOf(group, data);
    for (const input of group.querySelectorAll("[name]")) groups.set(input.name, { group, asked });
  }
  const done = new Set();
  for (const [name, value] of data) {
    const of = groups.get(name);
    if (of && !done.has(of.group)) {
      done.add(of.group);
      found.push(...of.asked);
    } else if (!of && value !== "" && !name.startsWith("_")) found.push([name, value]);
  }
  return new URLSearchParams(found);
};
