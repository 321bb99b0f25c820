// Forms of generated pages: what is asked before, shown while, and said after they are sent.
import { action } from "datastar";
import { toast } from "./page.js";

/* Is it meant? `@ask("Delete this?") && …` goes on only after a yes. */

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
    const submit = el instanceof HTMLFormElement ? el.querySelector("[type=submit]") : null;
    const button = evt?.submitter ?? submit ?? el;
    const chosen = el.closest(".sm-list")?.querySelectorAll("tbody .sm-pick input:checked").length;
    text ??= chosen === 1 ? button.dataset.askOne : button.dataset.ask?.replace("{n}", chosen);
    if (!text || agreed.delete(el)) return true;
    const danger = button.matches(".sm-danger, .sm-quiet-danger, .uk-btn-destructive");
    dialog(text, button.innerText.trim() || "Yes", danger).then((yes) => {
      if (!yes) return;
      agreed.add(el);
      if (evt?.type === "submit") el.requestSubmit(evt.submitter);
      else el.click();
    });
    return false;
  },
});

/* Sending and its answer. */

const submitted = new WeakMap();
const values = (form) => {
  const data = new FormData(form);
  data.delete("_browser"); // what stores.js adds is nothing that was typed
  return new URLSearchParams(data).toString();
};
const sentences = (form) => form.querySelectorAll("small[id$='-problem']");
const inputOf = (sentence) => document.getElementById(sentence.id.slice(0, -"-problem".length));

const say = (sentence, text) => {
  if (sentence.textContent !== text) sentence.textContent = text;
  inputOf(sentence)?.setAttribute("aria-invalid", String(!!text));
};

const answered = (form) => {
  const { sent, status } = submitted.get(form) ?? {}, accepted = status?.startsWith("2");
  form.removeAttribute("aria-busy");
  for (const sentence of sentences(form)) say(sentence, accepted ? "" : sentence.textContent);
  if (!accepted) form.querySelector("[aria-invalid=true]")?.focus();
  // What was typed while the answer was on its way stays.
  else if ("reset" in form.dataset && values(form) === sent) form.reset();
  if (accepted && "bulk" in form.dataset) release(form);
};

document.addEventListener("datastar-fetch", ({ detail: { type, el, argsRaw } }) => {
  if (type === "error" || type === "retries-failed") toast("The server did not accept that. Please try again.");
  if (el instanceof HTMLButtonElement && !el.form?.dataset.bulk) {
    if (type === "started") el.dataset.busy = "";
    if (type === "finished") delete el.dataset.busy;
  }
  if (!(el instanceof HTMLFormElement)) return;
  if (type === "started") {
    submitted.set(el, { sent: values(el), status: "" });
    el.setAttribute("aria-busy", "true");
  } else if (type === "datastar-patch-signals" && argsRaw.status) {
    submitted.get(el).status = argsRaw.status;
  } else if (type === "finished") {
    answered(el);
  }
});

// The server's sentences stand beside the inputs; the browser's own bubbles would only say them again.
const ownSentences = ({ target }) => {
  const form = target.form ?? target.closest?.("form");
  if (form && "check" in form.dataset) form.noValidate = true;
};
document.addEventListener("focusin", ownSentences);
document.addEventListener("click", ownSentences, true);

/* While typing the server says what it would refuse, about inputs that were touched. */

const CHECK_AFTER_MS = 350;
const touched = new WeakMap();

const check = async (form) => {
  const state = touched.get(form), data = new FormData(form);
  state.abort?.abort();
  const { signal } = (state.abort = new AbortController());
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: new URLSearchParams(data), signal,
      headers: { Accept: "application/json", "StarModel-Check": "1" },
    });
    if (!answer.ok || form.getAttribute("aria-busy") === "true") return;
    const { errors } = await answer.json();
    for (const sentence of sentences(form)) {
      const name = sentence.id.slice(form.id.length + 1, -"-problem".length);
      if (state.names.has(name)) say(sentence, Object.hasOwn(errors, name) ? errors[name] : "");
    }
  } catch {
    // Nothing is lost: the form is checked again when it is sent.
  }
};

const touch = ({ target, type }) => {
  const form = target.form;
  if (!form || !("check" in form.dataset) || !target.name) return;
  const state = touched.get(form) ?? { names: new Set() };
  touched.set(form, state);
  // What is still being typed for the first time is not called wrong before it is left.
  const name = target.name.replace("[]", "").split(".")[0];
  if (type === "input" && !state.names.has(name)) return;
  state.names.add(name);
  clearTimeout(state.timer);
  state.timer = setTimeout(check, CHECK_AFTER_MS, form);
};
document.addEventListener("input", touch);
document.addEventListener("change", touch);

document.addEventListener("reset", ({ target }) => {
  clearTimeout(touched.get(target)?.timer);
  touched.delete(target);
  for (const sentence of sentences(target)) say(sentence, "");
});

/* Lists: filters apply at once, and rows are chosen together. */

document.addEventListener("change", ({ target }) => {
  if (target.form?.matches("[data-filters]") && target instanceof HTMLSelectElement) target.form.requestSubmit();
  const list = target.closest(".sm-list");
  if (!list) return;
  const boxes = [...list.querySelectorAll("tbody .sm-pick input")];
  if ("every" in target.dataset) for (const box of boxes) box.checked = target.checked;
  count(list, boxes);
});

const count = (list, boxes = [...list.querySelectorAll("tbody .sm-pick input")]) => {
  const rows = boxes.filter((box) => box.checked).map((box) => box.closest("[data-key]"));
  const chosen = rows.length, every = list.querySelector("[data-every]");
  if (every) {
    every.checked = chosen > 0 && chosen === boxes.length;
    every.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const told = list.querySelector("[data-count]");
  if (told) told.textContent = chosen ? `${chosen} chosen` : "Nothing chosen";
  for (const button of list.querySelectorAll("[data-bulk] button[name=event]"))
    button.hidden = !rows.every((row) => allows(row, button.value));
};

// Where rules ask each record, its menu lists the events that this visitor may run on it.
const allows = (row, event) => row.querySelector("[data-may]")?.dataset.may.split(" ").includes(event) ?? true;

const release = (form) => {
  const list = form.closest(".sm-list");
  for (const box of list.querySelectorAll("tbody .sm-pick input")) box.checked = false;
  count(list);
};

// On a phone they are folded until they are asked for.
document.addEventListener("click", ({ target }) => {
  const fold = target.closest("[data-fold]");
  if (fold) fold.setAttribute("aria-expanded", fold.form.toggleAttribute("data-open"));
});

// Open questions stay out of the address.
document.addEventListener("submit", ({ target }) => {
  if (!target.matches("[data-filters]")) return;
  target.closest(".sm-list").setAttribute("aria-busy", "true");
  for (const input of target.elements) if (input.name && input.value === "") input.disabled = true;
});
addEventListener("pageshow", () => {
  for (const list of document.querySelectorAll(".sm-list[aria-busy]")) list.removeAttribute("aria-busy");
  for (const input of document.querySelectorAll("[data-filters] :disabled")) input.disabled = false;
});
