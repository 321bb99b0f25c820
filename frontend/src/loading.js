// Modules that many pages do without, loaded when the elements that they serve appear or are opened.
import { above, first, has, is, isConnected, submit } from "./base/elements.js";

const EDITED = "form[data-draft], form[data-check], [data-picker], [data-inline], [data-rows], [data-tabs]";
const CLOSED = "details:not([open]), dialog:not([open])";
const WAIT_MS = 4000; // then a form is sent as it is: the server needs no script

let loading = null, isReady = false;

const load = () =>
  (loading ??= import("./forms/editing.js").then(() => (isReady = true), () => {
    loading = null; // the connection is lost: another try follows
  }));

const isShown = (el) => above(el, CLOSED) === null;

const look = (node) => {
  if (isReady || node.nodeType !== Node.ELEMENT_NODE) return;
  if ([node, ...node.querySelectorAll(EDITED)].some((el) => is(el, EDITED) && isShown(el))) load();
};

look(document.documentElement);
new MutationObserver((changes) => {
  if (!isReady) for (const { addedNodes } of changes) addedNodes.forEach(look);
}).observe(document.documentElement, { childList: true, subtree: true });
document.addEventListener("toggle", ({ target }) => look(target), true);
document.addEventListener("focusin", ({ target }) => look(above(target, "dialog, form") ?? target));

/* What is pressed before they have loaded is done afterwards. */

const isEdited = (form) => is(form, EDITED) || first(form, EDITED) !== null;
let isRedone = false;

const hold = (event, el, redo) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  Promise.race([load(), new Promise((resolve) => setTimeout(resolve, WAIT_MS))]).then(() => {
    isRedone = true;
    if (isConnected(el)) redo();
    isRedone = false;
  });
};

// A button that adds a row sends the form only where no script has taken it over.
const send = (form, submitter) => (submitter && submitter.type !== "submit" ? submitter.click() : submit(form, submitter));

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (isReady || isRedone || !isEdited(form)) return;
  hold(event, form, () => send(form, submitter));
}, true);

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(":is([data-inline], [data-rows], [data-tabs]) button");
  if (isReady || isRedone || !button || button.type === "submit" || has(button, "data-close")) return;
  hold(event, button, () => button.click());
}, true);
