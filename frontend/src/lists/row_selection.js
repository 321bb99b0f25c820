// Rows of a list that are chosen together, also on several of its pages.
import { above, is } from "../base/elements.js";
import { SEVERAL_SUFFIX } from "../base/wire_names.js";

const BOX = "tbody .sm-pick input", NAME = `id${SEVERAL_SUFFIX}`;
const chosen = new Map(); // the ids of chosen rows, with the events that each allows; null for all
let from = null; // where a range begins

const boxesOf = (list) => [...list.querySelectorAll(BOX)];

// Where rules ask each record, its menu lists the events that this visitor may run on it.
const allowed = (box) => box.closest("[data-key]").querySelector("[data-may]")?.dataset.may.split(" ") ?? null;

const note = (box) => {
  if (box.checked) chosen.set(box.value, allowed(box));
  else chosen.delete(box.value);
};

// The ids of chosen rows that are not on this page are sent along.
const sendOthers = (list, boxes) => {
  const form = list.querySelector("[data-bulk]"), here = new Set(boxes.map((box) => box.value));
  if (!form) return;
  for (const input of form.querySelectorAll("[data-other]")) input.remove();
  for (const id of chosen.keys()) {
    if (here.has(id)) continue;
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: NAME, value: id });
    input.dataset.other = "";
    form.append(input);
  }
};

const count = (list) => {
  const boxes = boxesOf(list), here = boxes.filter((box) => box.checked).length;
  const every = list.querySelector("[data-every]"), label = list.querySelector("[data-count]");
  if (every) {
    every.checked = here > 0 && here === boxes.length;
    every.indeterminate = here > 0 && here < boxes.length;
  }
  if (!label) return;
  list.toggleAttribute("data-chosen", chosen.size > 0);
  const { chosen: words, allChosen, nothing } = label.dataset, { matching } = list.dataset;
  label.textContent = matching ? allChosen.replace("{total}", Number(matching).toLocaleString())
    : chosen.size ? words.replace("{count}", chosen.size) : nothing;
  for (const button of list.querySelectorAll("[data-bulk] button[name=event]"))
    button.hidden = !matching && [...chosen.values()].some((events) => events && !events.includes(button.value));
  sendOthers(list, boxes);
  list.dispatchEvent(new CustomEvent("starmodel-chosen", { bubbles: true }));
};

// All records of the list, on whatever page; a change of the choice or of the list ends it.
export const chooseAll = (list, total) => {
  list.dataset.matching = total;
  for (const box of boxesOf(list)) {
    box.checked = true;
    note(box);
  }
  count(list);
};

export const releaseRows = (form) => {
  const list = above(form, ".sm-list");
  chosen.clear();
  delete list.dataset.matching;
  for (const box of boxesOf(list)) box.checked = false;
  count(list);
};

// Rows that were chosen on another page, or before a live change, are chosen in the new ones.
export const restoreRows = (list) => {
  delete list.dataset.matching;
  for (const box of boxesOf(list)) if (chosen.has(box.value)) box.checked = true;
  if (chosen.size || list.hasAttribute("data-chosen")) count(list);
};

document.addEventListener("change", ({ target }) => {
  const list = above(target, ".sm-list");
  if (!list) return;
  if ("every" in target.dataset) {
    for (const box of boxesOf(list)) {
      box.checked = target.checked;
      note(box);
    }
  } else if (is(target, BOX)) note(target);
  else if (target.localName === "tbody") forgetRemoved(list);
  else return;
  if (target.localName !== "tbody") delete list.dataset.matching;
  count(list);
});

// A row that has left the list by a live change is chosen no longer.
const shown = new WeakMap();
const forgetRemoved = (list) => {
  const here = new Set(boxesOf(list).map((box) => box.value));
  for (const id of shown.get(list) ?? []) if (!here.has(id)) chosen.delete(id);
  shown.set(list, here);
};

/* With Shift, all rows between the last one that was chosen and this one. */

document.addEventListener("click", ({ target, shiftKey }) => {
  const box = target.closest?.(BOX), list = box && above(box, ".sm-list");
  if (!box) return;
  const boxes = boxesOf(list), [a, b] = [boxes.indexOf(from), boxes.indexOf(box)].sort((x, y) => x - y);
  if (shiftKey && a >= 0)
    for (const each of boxes.slice(a, b + 1)) {
      each.checked = box.checked;
      note(each);
    }
  from = box;
  shown.set(list, new Set(boxes.map((each) => each.value)));
});

document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-release]")) releaseRows(target);
});
