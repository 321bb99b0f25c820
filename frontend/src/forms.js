// Forms of generated pages: what is asked before, shown while, and said after they are sent.
import { action } from "datastar";
import { rememberRefusals, say, sentences } from "./checks.js";
import { above, first, has, reset, set, submit } from "./elements.js";
import { releaseRows } from "./filters.js";
import { toast } from "./page.js";
import "./away.js";
import { markTabs, reveal } from "./tabs.js";
import { saved } from "./unsaved.js";
import { BROWSER, NEXT } from "./wire_names.js";

/* Confirmation: `@ask("Delete this?") && …` goes on only after a yes. */

const agreed = new WeakSet();

const dialog = (text, yes, danger) => {
  const box = document.createElement("dialog");
  box.className = "sm-ask";
  box.setAttribute("aria-labelledby", "starmodel-ask");
  box.innerHTML = '<form method="dialog"><p id="starmodel-ask"></p><div class="sm-buttons">'
    + '<button class="uk-btn uk-btn-default" value="">Cancel</button>'
    + '<button class="uk-btn" value="yes"></button></div></form>';
  box.querySelector("p").textContent = text;
  const agree = box.querySelector("[value=yes]");
  agree.textContent = yes;
  agree.classList.add(danger ? "uk-btn-destructive" : "uk-btn-primary");
  document.body.append(box);
  box.showModal();
  return new Promise((answer) =>
    box.addEventListener("close", () => {
      box.remove();
      answer(box.returnValue === "yes");
    }));
};

action({
  name: "ask",
  apply({ el, evt }, text) {
    const sender = el instanceof HTMLFormElement ? first(el, "[type=submit]") : null;
    const button = evt?.submitter ?? sender ?? el;
    const chosen = above(el, ".sm-list")?.querySelectorAll("tbody .sm-pick input:checked").length;
    text ??= chosen === 1 ? button.dataset.askOne : button.dataset.ask?.replace("{n}", chosen);
    if (!text || agreed.delete(el)) return true;
    const danger = button.matches(".sm-danger, .sm-quiet-danger, .uk-btn-destructive");
    dialog(text, button.innerText.trim() || "Yes", danger).then((yes) => {
      if (!yes) return;
      agreed.add(el);
      if (evt?.type === "submit") submit(el, evt.submitter);
      else el.click();
    });
    return false;
  },
});

/* Sending and its answer. */

const submitted = new WeakMap();
const values = (form) => {
  const data = new FormData(form);
  data.delete(BROWSER); // what stores.js adds is nothing that was typed
  data.delete(NEXT);
  return new URLSearchParams(data).toString();
};
const answered = (form) => {
  const { sent, status } = submitted.get(form) ?? {}, accepted = status?.startsWith("2");
  set(form, "aria-busy", null);
  for (const sentence of sentences(form)) say(sentence, accepted ? "" : sentence.textContent);
  rememberRefusals(form);
  markTabs(form);
  if (accepted && values(form) === sent) saved(form);
  if (!accepted) {
    const refused = first(form, "[aria-invalid=true]");
    reveal(refused);
    refused?.focus();
    // What was typed while the answer was on its way stays.
  } else if (has(form, "data-reset") && values(form) === sent) reset(form);
  if (accepted && has(form, "data-bulk")) releaseRows(form);
};

document.addEventListener("datastar-fetch", ({ detail: { type, el, argsRaw } }) => {
  if (type === "error" || type === "retries-failed") toast("The server did not accept that. Please try again.");
  if (el instanceof HTMLButtonElement && !(el.form && has(el.form, "data-bulk"))) {
    if (type === "started") el.dataset.busy = "";
    if (type === "finished") delete el.dataset.busy;
  }
  if (!(el instanceof HTMLFormElement)) return;
  if (type === "started") {
    submitted.set(el, { sent: values(el), status: "" });
    set(el, "aria-busy", "true");
  } else if (type === "datastar-patch-signals" && argsRaw.status) {
    submitted.get(el).status = argsRaw.status;
  } else if (type === "finished") {
    answered(el);
  }
});
