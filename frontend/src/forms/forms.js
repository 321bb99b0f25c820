// Forms of generated pages: what is asked before, shown while, and said after they are sent.
import { close } from "../events/dialogs.js";
import { first, has, reset, set } from "../base/elements.js";
import { releaseRows } from "../lists/row_selection.js";
import { toast } from "../page/page.js";
import { say, sentences } from "./sentences.js";
import { BROWSER, NEXT } from "../base/wire_names.js";
import { text as sentence } from "../base/texts.js";

/* Sending and its answer. The modules of editing.js follow by events of the document: `starmodel-saved` before an
   answer may lead to another page, `starmodel-answered` when it is complete. */

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

const submitted = new WeakMap();
const pressed = new WeakMap(); // form → the button that sent it
const values = (form) => {
  const data = new FormData(form);
  data.delete(BROWSER); // what stores.js adds is nothing that was typed
  data.delete(NEXT);
  return new URLSearchParams(data).toString();
};
const answered = (form) => {
  const { sent, status, button } = submitted.get(form) ?? {}, accepted = status?.startsWith("2");
  set(form, "aria-busy", null);
  if (button) set(button, "data-busy", null);
  for (const sentence of sentences(form)) say(sentence, accepted ? "" : sentence.textContent);
  tell("starmodel-answered", { form, accepted });
  if (!accepted) {
    const refused = first(form, "[aria-invalid=true]");
    refused?.focus();
    // What was typed while the answer was on its way stays.
  } else if (has(form, "data-reset") && values(form) === sent) reset(form);
  if (accepted && has(form, "data-bulk")) releaseRows(form);
  if (accepted) close(form);
};

document.addEventListener("submit", ({ target, submitter }) => pressed.set(target, submitter ?? first(target, ".sm-form-end [type=submit]")), true);

document.addEventListener("datastar-fetch", ({ detail: { type, el, argsRaw } }) => {
  if (type === "error" || type === "retries-failed") toast(sentence("refused"));
  if (el instanceof HTMLButtonElement && !(el.form && has(el.form, "data-bulk"))) {
    if (type === "started") el.dataset.busy = "";
    if (type === "finished") delete el.dataset.busy;
  }
  if (!(el instanceof HTMLFormElement)) return;
  if (type === "started") {
    const button = pressed.get(el);
    submitted.set(el, { sent: values(el), status: "", button });
    set(el, "aria-busy", "true");
    if (button) set(button, "data-busy", "");
  } else if (type === "datastar-patch-signals" && argsRaw.status) {
    submitted.get(el).status = argsRaw.status;
    // Before the answer leads to another page.
    if (argsRaw.status.startsWith("2") && values(el) === submitted.get(el).sent) tell("starmodel-saved", { form: el });
  } else if (type === "finished") {
    answered(el);
  }
});
