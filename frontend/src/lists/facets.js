// Beside each choice of a filter, the number of records that it would leave; asked for when the filters open.
import { above } from "../base/elements.js";

let asked = ""; // the newest request
const CHOICES = "[data-filter]:has(select[data-value], .sm-several)";

// The question of the list itself, without its page.
const urlOf = (box) => {
  const url = new URL(box.dataset.facets, location), { search } = location;
  url.search = search;
  url.searchParams.set("_of", [...box.querySelectorAll(CHOICES)].map((group) => group.dataset.filter).join(","));
  for (const name of ["page", "per_page", "order", "columns", "group"]) url.searchParams.delete(name);
  return url.href;
};

const shown = (words, label, count, more) => words.replace("{label}", label).replace("{count}", `${count.toLocaleString()}${more ? "+" : ""}`);

const mark = (el, words, count, more) => {
  el.dataset.label ??= el.textContent;
  el.textContent = shown(words, el.dataset.label, count, more);
};

// Records have no list of their own: those with the most matches become one.
const addRecords = (several, name, values) => {
  for (const { value, title } of values) {
    const known = several.querySelector(`input[value="${CSS.escape(value)}"]`);
    if (known) {
      const label = known.nextElementSibling;
      label.dataset.label = title;
      continue;
    }
    const row = Object.assign(document.createElement("label"), { className: "sm-check" });
    const input = Object.assign(document.createElement("input"), { type: "checkbox", name: `_any.${name}`, value, className: "uk-checkbox" });
    row.append(input, Object.assign(document.createElement("span"), { textContent: title }));
    several.append(row);
  }
};

const show = (box, found) => {
  const words = box.dataset.words;
  for (const [name, { values, more }] of Object.entries(found)) {
    const group = box.querySelector(`[data-filter="${CSS.escape(name)}"]`), counts = new Map(values.map(({ value, count }) => [value, count]));
    const several = group?.querySelector(".sm-several");
    if (!group) continue;
    if (several && values.some(({ title }) => title)) addRecords(several, name, values);
    for (const option of group.querySelectorAll("select[data-value] option")) if (option.value) mark(option, words, counts.get(option.value) ?? 0, more);
    for (const input of several?.querySelectorAll("input") ?? []) mark(input.nextElementSibling, words, counts.get(input.value) ?? 0, more);
  }
};

const ask = async (box) => {
  const url = urlOf(box);
  if (url === asked) return;
  asked = url;
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok && url === asked) show(box, await response.json());
  } catch {
    asked = ""; // the filters work without numbers
  }
};

document.addEventListener("toggle", ({ target }) => {
  if (target.open && target.matches(".sm-views details")) target.querySelector("input:not([type=hidden])")?.focus();
  if (target.dataset?.tool === "filters" && target.open) for (const box of target.querySelectorAll("[data-facets]")) ask(box);
}, true);
document.addEventListener("starmodel-counted", () => {
  for (const box of document.querySelectorAll("[data-tool=filters][open] [data-facets]")) if (above(box, ".sm-list")) ask(box);
});
