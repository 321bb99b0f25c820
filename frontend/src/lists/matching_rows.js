// An event for all records of a list, "all 500": it runs on the server by the list's filters, with its progress here.
import { above, is } from "../base/elements.js";
import { totalOf } from "./list_count.js";
import { toast } from "../page/page.js";
import { question } from "../base/question.js";
import { chooseAll, releaseRows } from "./row_selection.js";
import { BULK_ASK, BULK_MATCHING, CONFIRMED, SESSION_HEADER, SEVERAL_SUFFIX } from "../base/wire_names.js";

const MOST = 10_000;

// Offered when something is chosen and there is more than this page has.
const offer = (list) => {
  const button = list.querySelector("[data-all]");
  if (!button) return;
  const counted = totalOf(list), shown = list.querySelectorAll("tbody > [data-key]").length;
  const total = counted && !counted.more && counted.total <= MOST ? counted.total : 0;
  button.hidden = total <= shown || !list.hasAttribute("data-chosen") || list.dataset.matching !== undefined;
  button.textContent = button.dataset.label.replace("{total}", total.toLocaleString());
};

document.addEventListener("starmodel-chosen", ({ target }) => offer(target));
document.addEventListener("starmodel-counted", () => document.querySelectorAll(".sm-list").forEach(offer));
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-all]"), list = button && above(button, ".sm-list");
  if (!list) return;
  chooseAll(list, totalOf(list).total);
  list.querySelector("[data-bulk] button[name=event]:not([hidden])")?.focus({ preventScroll: true });
});

/* One request for all of them; its lines tell how far it is. */

const wordsOf = (list) => list.querySelector(".sm-pages").dataset.count.split("?")[1] ?? "";

async function* linesOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = "";;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (text + value).split("\n");
    text = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

const refusals = ({ text, refused, reasons }, { close, more }) => {
  const box = Object.assign(document.createElement("dialog"), { className: "sm-ask" });
  box.setAttribute("aria-labelledby", "starmodel-refused");
  box.innerHTML = '<form method="dialog"><p id="starmodel-refused" class="sm-ask-title"></p><ul class="sm-items sm-refusals"></ul>'
    + '<div class="sm-buttons"><button class="uk-btn uk-btn-primary" autofocus></button></div></form>';
  box.querySelector("p").textContent = text;
  box.querySelector("button").textContent = close;
  for (const { title, url, reason } of reasons) {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("a"), { href: url, textContent: title }), ` \u2013 ${reason}`);
    box.querySelector("ul").append(item);
  }
  const rest = refused - reasons.length;
  if (rest > 0) box.querySelector("ul").append(Object.assign(document.createElement("li"), { textContent: more.replace("{count}", rest) }));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
};

const headers = () => {
  const session = document.getElementById("starmodel-toasts")?.dataset.session;
  const key = [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("-");
  return { Accept: "application/json", "Idempotency-Key": key, ...(session && { [SESSION_HEADER]: session }) };
};

const bodyOf = (list, button, inputs = []) => new URLSearchParams([...inputs, ["event", button.value], [BULK_MATCHING, wordsOf(list)]]);

// How many records there are for the event, and how many of them will refuse it.
const dryRun = async (list, form, button) => {
  const every = form.querySelector("[data-all]").dataset;
  const n = (number) => Number(number).toLocaleString();
  let { matching: total } = list.dataset, refused = 0;
  try {
    const response = await fetch(every.all, { method: "POST", headers: headers(), body: bodyOf(list, button, [[BULK_ASK, "1"]]) });
    if (response.ok) ({ total, refused } = await response.json());
  } catch {
    // The number on the page is what is known.
  }
  const text = every.askAll.replace("{event}", button.innerText.replace(/\u2026$/, "")).replace("{n}", n(total));
  return refused ? `${text} ${every.refuse.replace("{n}", n(refused))}` : text;
};

const run = async (list, form, button, inputs) => {
  const label = form.querySelector("[data-count]"), every = form.querySelector("[data-all]");
  const stop = new AbortController();
  const halt = Object.assign(document.createElement("button"), { type: "button", className: "uk-btn uk-btn-default uk-btn-sm", textContent: every.dataset.stop });
  halt.addEventListener("click", () => stop.abort());
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", button.innerText);
  const buttons = [...form.querySelectorAll("button")];
  for (const each of buttons) each.disabled = true;
  label.after(bar, halt);
  let last = null, failed = false;
  try {
    const response = await fetch(every.dataset.all, { method: "POST", headers: headers(), body: bodyOf(list, button, inputs), signal: stop.signal });
    if (!response.ok) {
      const { detail, errors } = await response.json();
      return toast(errors ? Object.values(errors).join(" ") : detail);
    }
    for await (const line of linesOf(response)) {
      last = line;
      bar.value = (line.done + line.refused) / Math.max(line.total, 1);
      label.textContent = label.dataset.running.replace("{done}", line.done + line.refused).replace("{total}", line.total);
    }
  } catch {
    failed = true;
  } finally {
    bar.remove();
    halt.remove();
    for (const each of buttons) each.disabled = false;
  }
  if (stop.signal.aborted) {
    const done = last ? last.done + last.refused : 0;
    releaseRows(form);
    return toast(every.dataset.stopped.replace("{done}", done).replace("{total}", last?.total ?? list.dataset.matching ?? ""));
  }
  if (failed || !last?.text) return toast(every.dataset.lost);
  releaseRows(form);
  if (last.refused) refusals(last, every.dataset);
  else toast(last.text, "success");
};

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!is(form, "[data-bulk]") || above(form, ".sm-list").dataset.matching === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const list = above(form, ".sm-list"), { cancel } = form.querySelector("[data-all]").dataset, name = submitter.innerText;
  dryRun(list, form, submitter).then((text) => question(text, name, cancel)).then((yes) => yes && run(list, form, submitter));
}, true);

/* An event with inputs: its dialog says how many records it is for, and its button runs it on all of them. */

document.addEventListener("starmodel-matching", ({ target: list, detail: { box, form, button } }) => {
  const text = document.createElement("p"), inputs = box.querySelector("form");
  text.setAttribute("role", "status");
  inputs.before(text);
  box.querySelector("h2").textContent = button.innerText.replace(/\u2026$/, "");
  dryRun(list, form, button).then((said) => (text.textContent = said));
  inputs.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const given = [...new FormData(inputs)].filter(([name]) => !["event", CONFIRMED, `id${SEVERAL_SUFFIX}`].includes(name));
    box.close();
    run(list, form, button, given);
  }, true);
});
