// Events that are not possible now: their buttons say why and do nothing, and follow the record live.

import { refuse } from "../base/elements.js";
import { toast } from "../page/page.js";

const REFUSED = "[data-act][aria-disabled=true], .sm-item[aria-disabled=true]";

// The element to hide: a button without inputs is a form of its own.
const placeOf = (button) => button.closest("form.sm-form-bare") ?? button;

/* The state of a record arrives as an attribute, or as the address of it where it depends on the visitor. */

const apply = (states) => {
  for (const button of document.querySelectorAll("[data-act]")) {
    const reason = states[button.dataset.act];
    if (reason === undefined) continue;
    placeOf(button).hidden = reason === null;
    refuse(button, reason);
  }
};

let asked = 0;

const ask = async (url) => {
  const number = ++asked;
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (response.ok && number === asked) apply(await response.json());
  } catch {
    // The buttons stay as they are; the server decides a click.
  }
};

new MutationObserver((changes) => {
  const { ready, readyAt } = changes.at(-1).target.dataset;
  if (ready) apply(JSON.parse(ready));
  else if (readyAt) ask(readyAt);
}).observe(document.documentElement, { subtree: true, attributeFilter: ["data-ready", "data-ready-at"] });

// A button that is focusable can be pressed: by the reason it answers.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.(REFUSED);
  if (!button) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  toast(button.title, "info");
}, true);
