// Dialogs of the page: `data-dialog="id"` opens one, an accepted form closes the one around it.

import { above } from "../base/elements.js";
import { toast } from "../page/page.js";

// The toasts are part of the open dialog meanwhile: what is outside of a modal dialog can't be reached.
const toasts = () => document.getElementById("starmodel-toasts");

const openers = new WeakMap(); // dialog → the button that has opened it

export const open = (box, opener) => {
  if (!box || box.open) return;
  openers.set(box, opener);
  box.showModal();
  if (toasts()) box.append(toasts());
};

export const close = (el) => above(el, "dialog[data-event-dialog][open]")?.close("done");

// Where the opener has left the page or its menu has closed, the nearest one that can take the focus does.
export const returnFocus = (opener) => {
  if (document.activeElement && document.activeElement !== document.body) return;
  const summary = opener?.closest?.("details")?.querySelector("summary");
  (opener?.checkVisibility?.() ? opener : summary ?? document.getElementById("content"))?.focus();
};

document.addEventListener("close", ({ target: box }) => {
  if (!box.matches?.("dialog[data-event-dialog]")) return;
  const said = box.querySelector("#starmodel-toasts");
  if (said) document.body.append(said);
  returnFocus(openers.get(box) ?? document.querySelector(`[data-dialog="${CSS.escape(box.id)}"]`));
}, true);

document.addEventListener("click", ({ target }) => {
  const opener = target.closest("[data-dialog]");
  if (opener) open(document.getElementById(opener.dataset.dialog));
  if (target.closest("[data-close]")) target.closest("dialog")?.close();
  // A click on the backdrop is one on the dialog itself, which its content fills.
  if (target.matches("dialog[data-event-dialog]")) target.close();
});

/* A link to a form that is in a dialog, as those in the menus of lists are. */

const named = () => {
  try {
    return document.getElementById(decodeURIComponent(location.hash.slice(1)));
  } catch {
    return null; // a fragment that is no text
  }
};
const openNamed = () => {
  const el = named();
  if (el) open(above(el, "dialog[data-event-dialog]"));
};
addEventListener("hashchange", openNamed);
openNamed();

/* Copying a text; where the browser does not allow it, the text is shown to be copied by hand. */

const copy = (text) => navigator.clipboard?.writeText(text) ?? Promise.reject();

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  copy(button.dataset.copy).then(() => toast(button.dataset.copied, "success"), () => toast(button.dataset.copy, "info"));
});
