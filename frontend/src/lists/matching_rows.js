// An event for all records of a list, "all 500": it runs on the server by the list's filters, with its progress here.
import { above, is } from "../base/elements.js";
import { totalOf } from "./list_count.js";
import { toast } from "../page/page.js";
import { question } from "../base/question.js";
import { chooseAll, releaseRows } from "./row_selection.js";
import { BULK_MATCHING, SESSION_HEADER } from "../base/wire_names.js";

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

const run = async (list, form, button) => {
  const label = form.querySelector("[data-count]"), every = form.querySelector("[data-all]");
  const body = JSON.stringify({ event: button.value, [BULK_MATCHING]: wordsOf(list) });
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", button.innerText);
  const buttons = [...form.querySelectorAll("button")];
  for (const each of buttons) each.disabled = true;
  label.after(bar);
  let last = null;
  try {
    const session = document.getElementById("starmodel-toasts")?.dataset.session;
    const headers = { "Content-Type": "application/json", Accept: "application/json", ...(session && { [SESSION_HEADER]: session }) };
    const response = await fetch(every.dataset.all, { method: "POST", headers, body });
    if (!response.ok) return toast((await response.json()).detail);
    for await (const line of linesOf(response)) {
      last = line;
      bar.value = (line.done + line.refused) / Math.max(line.total, 1);
      label.textContent = label.dataset.running.replace("{done}", line.done + line.refused).replace("{total}", line.total);
    }
  } catch {
    last = null;
  } finally {
    bar.remove();
    for (const each of buttons) each.disabled = false;
  }
  if (!last?.text) return toast(every.dataset.lost);
  releaseRows(form);
  if (last.refused) refusals(last, every.dataset);
  else toast(last.text, "success");
};

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!is(form, "[data-bulk]") || above(form, ".sm-list").dataset.matching === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const list = above(form, ".sm-list"), { askAll, cancel } = form.querySelector("[data-all]").dataset, name = submitter.innerText;
  const text = askAll.replace("{event}", name).replace("{n}", Number(list.dataset.matching).toLocaleString());
  question(text, name, cancel).then((yes) => yes && run(list, form, submitter));
}, true);
