// The form of an event in a dialog of a list: for one row, or for those that are chosen.

import { open } from "./dialogs.js";
import { above } from "../base/elements.js";
import { releaseRows } from "../lists/row_selection.js";
import { picture } from "../page/page.js";
import { text as sentence } from "../base/texts.js";

let count = 0;

const make = (name, properties, ...inside) => {
  const el = Object.assign(document.createElement(name), properties);
  el.append(...inside);
  return el;
};

// The form in a page of ours, with the title of the page.
const formIn = (text) => {
  const page = new DOMParser().parseFromString(text, "text/html");
  const form = page.querySelector("#content form.sm-form[method=post]");
  return form && { form: document.importNode(form, true), title: page.querySelector("h1")?.textContent ?? "" };
};

const show = ({ form, title }, opener) => {
  const heading = make("h2", { id: `starmodel-event-${++count}`, textContent: title });
  const close = make("button", { type: "button", className: "uk-btn uk-btn-ghost uk-btn-icon uk-btn-sm" }, picture("close"));
  close.dataset.close = "";
  close.setAttribute("aria-label", sentence("close"));
  const body = make("div", { className: "sm-dialog-body" }, make("div", { className: "sm-dialog-head" }, heading, close), form);
  const box = make("dialog", { className: "uk-card sm-dialog" }, body);
  box.dataset.eventDialog = "";
  box.setAttribute("aria-labelledby", heading.id);
  document.body.append(box);
  const key = opener.closest("[data-key]")?.dataset.key;
  box.addEventListener("close", () => {
    box.remove();
    // The row may have been rendered again, with another menu.
    if (key !== undefined) document.querySelector(`[data-key="${CSS.escape(key)}"] summary`)?.focus();
  });
  open(box, opener);
  return box;
};

const request = async (url, options) => {
  const response = await fetch(url, { ...options, headers: { Accept: "text/html" } });
  return response.ok && !response.redirected ? formIn(await response.text()) : null;
};

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-event-form]");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const found = await request(link.href).catch(() => null);
  if (found) show(found, link);
  else location.href = link.href; // the page says what is wrong
});

// A button of the bar below a list whose event has inputs: the answer to it is the page with them.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-bulk-inputs]");
  if (!button) return;
  event.preventDefault();
  const { form } = button, data = new URLSearchParams(new FormData(form, button));
  const found = await request(form.getAttribute("action"), { method: "POST", body: data }).catch(() => null);
  if (!found) return form.requestSubmit(button);
  const box = show(found, button), list = above(form, ".sm-list");
  if (list.dataset.matching !== undefined) list.dispatchEvent(new CustomEvent("starmodel-matching", { bubbles: true, detail: { box, form, button } }));
  box.addEventListener("close", () => box.returnValue === "done" && releaseRows(form));
});
