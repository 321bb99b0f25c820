// A notice in a form while the server can't be reached. Datastar repeats a request that was sent, with its key.
import { attribute, first, has } from "../base/elements.js";

const notices = new WeakMap();

const texts = (form) => JSON.parse(attribute(form, "data-texts"));

// Shapes: what is "away" while typing, "away_saving" while a request is repeated.
export const isAway = (form, what) => {
  if (!has(form, "data-texts")) return;
  const box = notices.get(form) ?? document.createElement("p");
  notices.set(form, box);
  box.className = "sm-away";
  box.setAttribute("role", "status");
  if (!box.isConnected) first(form, ".sm-form-end").before(box);
  if (box.textContent !== texts(form)[what]) box.textContent = texts(form)[what];
};

export const isBack = (form) => {
  notices.get(form)?.remove();
  notices.delete(form);
};

document.addEventListener("datastar-fetch", ({ detail: { type, el } }) => {
  if (!(el instanceof HTMLFormElement)) return;
  if (type === "retrying") isAway(el, "away_saving");
  else if (type !== "started") isBack(el);
});
