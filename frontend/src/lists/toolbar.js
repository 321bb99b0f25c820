// The toolbar of a list: it applies what is typed and chosen, and its panels open and close.
import { is } from "../base/elements.js";
import { parameters } from "./filter_operators.js";
import { listOf, showList, wantedUrl } from "./list_pages.js";

const TYPING_MS = 250;
let timer;

const urlOf = (form) => {
  const url = new URL(form.getAttribute("action"), location);
  url.search = parameters(form);
  return url;
};

const apply = (form, replaces) => {
  clearTimeout(timer);
  const url = urlOf(form);
  if (url.pathname + url.search !== wantedUrl()) showList(listOf(form), url.href, { replaces, keeps: true });
};

const FORM = "[data-filters]";
const formOf = (target) => (listOf(target) && target.name !== undefined ? target.closest(FORM) : null);

document.addEventListener("input", ({ target }) => {
  const form = formOf(target);
  if (!form || !target.name || target.closest(".sm-picker") || is(target, "[data-go]")) return;
  clearTimeout(timer);
  // While words are typed the address changes, and the history does not grow.
  timer = setTimeout(apply, TYPING_MS, form, is(target, "[type=search], [type=text]"));
});

document.addEventListener("change", ({ target, isTrusted }) => {
  // A related record was chosen, or cleared; the browser's own event says only that the input was left.
  if (!isTrusted && target.records && formOf(target)) apply(target.closest(FORM), false);
});

document.addEventListener("submit", (event) => {
  const { target } = event;
  if (!is(target, FORM) || !listOf(target)) return;
  event.preventDefault();
  apply(target, false);
});

/* Panels close by Escape, and when something else is pressed. */

const close = (but) => {
  for (const tool of document.querySelectorAll(".sm-tool[open]")) if (tool !== but) tool.open = false;
};

document.addEventListener("pointerdown", ({ target }) => {
  const tool = target.closest?.(".sm-tool");
  if (target === tool) tool.open = false; // the backdrop of a sheet
  else if (!target.closest?.(".sm-picker-list")) close(tool);
});
document.addEventListener("click", ({ target }) => {
  if (target.closest?.(".sm-tool-export a")) close();
  if (target.closest?.("[data-close-tool]")) target.closest(".sm-tool").open = false;
});
document.addEventListener("focusin", ({ target }) => {
  const open = document.querySelector(".sm-tool[open]");
  if (open && !open.contains(target) && !target.closest?.(".sm-picker-list")) close(target.closest?.(".sm-tool"));
});
document.addEventListener("keydown", (event) => {
  const tool = document.activeElement?.closest(".sm-tool[open]");
  if (event.key !== "Escape" || !tool || event.defaultPrevented) return;
  tool.open = false;
  tool.querySelector("summary").focus();
});

/* The filters of a list of children are a form of their own: it leaves open questions out of the address. */

const named = (form) => [...form.elements].filter((input) => input.name);
document.addEventListener("submit", ({ target }) => {
  if (!is(target, "[data-child-filters]")) return;
  for (const input of named(target)) if (input.value === "") input.disabled = true;
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-child-filters]")) for (const input of named(form)) input.disabled = false;
});
