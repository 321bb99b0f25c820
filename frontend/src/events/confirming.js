// Confirmation: `@ask("Delete this?", url) && …` goes on only after a yes; the url says what goes along.
import { action } from "datastar";
import { above, first, isConnected, submit } from "../base/elements.js";
import { returnFocus } from "./dialogs.js";
import { BULK_ASK } from "../base/wire_names.js";
import { text as sentence } from "../base/texts.js";

const ANSWER_WITHIN_MS = 4000;
const agreed = new WeakSet(), asking = new WeakSet();

const make = (name, properties = {}, ...inside) => {
  const el = Object.assign(document.createElement(name), properties);
  el.append(...inside);
  return el;
};

const obstacle = (show) => ({ text, url }) => {
  const line = make("p", { className: "sm-obstacle" }, text);
  if (url) line.append(" ", make("a", { href: url, textContent: show }));
  return line;
};

const WORDS = { cancel: sentence("cancel"), close: sentence("close"), show: sentence("show") };

const dialog = ({ question, notes = [], obstacles = [], words = WORDS }, yes, danger, opener) => {
  const title = make("p", { id: "starmodel-ask", className: "sm-ask-title", textContent: question });
  const list = make("ul", { className: "sm-items" }, ...notes.map((note) => make("li", { textContent: note })));
  const no = make("button", { className: "uk-btn uk-btn-default", value: "", textContent: obstacles.length ? words.close : words.cancel, autofocus: true });
  const agree = make("button", { className: `uk-btn ${danger ? "uk-btn-destructive" : "uk-btn-primary"}`, value: "yes", textContent: yes });
  const buttons = make("div", { className: "sm-buttons" }, no, ...(obstacles.length ? [] : [agree]));
  const about = make("div", { id: "starmodel-ask-about", className: "sm-ask-about" }, ...obstacles.map(obstacle(words.show)), ...(notes.length ? [list] : []));
  const form = make("form", { method: "dialog" }, title, ...(about.childElementCount ? [about] : []), buttons);
  const box = make("dialog", { className: "sm-ask" }, form);
  box.setAttribute("aria-labelledby", "starmodel-ask");
  if (about.childElementCount) box.setAttribute("aria-describedby", "starmodel-ask-about");
  document.body.append(box);
  box.showModal();
  return new Promise((answer) =>
    box.addEventListener("close", () => {
      box.remove();
      returnFocus(opener);
      answer(box.returnValue === "yes");
    }));
};

/* What would be deleted with it: without an answer in time the plain question stands. */

const about = async (text, request) => {
  if (!request) return { question: text };
  try {
    const response = await fetch(request.url, { ...request.options, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const answer = response.ok ? await response.json() : {};
    return answer.question ? answer : { question: text };
  } catch {
    return { question: text };
  }
};

const JSON_TYPE = { Accept: "application/json" };

const ofRecord = (url) => ({ url, options: { headers: JSON_TYPE } });

const ofChosen = (url, boxes) => ({
  url,
  options: {
    method: "POST", headers: { ...JSON_TYPE, "Content-Type": "application/json" },
    body: JSON.stringify({ event: "delete", id: [...boxes].map((box) => box.value), [BULK_ASK]: true }),
  },
});

action({
  name: "ask",
  apply({ el, evt }, text, url) {
    const sender = el instanceof HTMLFormElement ? first(el, "[type=submit]") : null;
    const button = evt?.submitter ?? sender ?? el;
    const chosen = above(el, ".sm-list")?.querySelectorAll("tbody .sm-pick input:checked") ?? [];
    text ??= chosen.length === 1 ? button.dataset.askOne : button.dataset.ask?.replace("{n}", chosen.length);
    if (!text || agreed.delete(el)) return true;
    if (asking.has(el)) return false;
    asking.add(el);
    const label = button.innerText.trim() || "Yes"; // now: a menu that has closed has no text
    const danger = button.matches(".sm-danger, .sm-quiet-danger, .uk-btn-destructive");
    const request = url ? ofRecord(url) : button.dataset.askUrl ? ofChosen(button.dataset.askUrl, chosen) : null;
    about(text, request).then((answer) => {
      asking.delete(el);
      if (!isConnected(el)) return;
      dialog(answer, label, danger, button).then((yes) => {
        if (!yes) return;
        agreed.add(el);
        if (evt?.type === "submit") submit(el, evt.submitter);
        else el.click();
      });
    });
    return false;
  },
});
