// The search of the shell, the palette of commands, and the list of keys. Loaded by keys.js.
import { returnFocus } from "../events/dialogs.js";
import { picture } from "../page/page.js";
import { commands, eventButtons, remember } from "./commands.js";
import { Options, el, keysOf } from "./options.js";

const shell = () => document.querySelector("[data-find]");
const url = () => shell().form.action;

let asked = null;
const texts = () =>
  (asked ??= fetch(`${url()}?texts=1`, { headers: { Accept: "application/json" } }).then((response) => response.json()).then((answer) => answer.texts, (error) => {
    asked = null;
    throw error;
  }));

/* The search in the side bar: results below it, Enter without a choice opens the page of results. */

const attached = new WeakSet();

export const attach = async (input) => {
  if (attached.has(input)) return;
  attached.add(input);
  const words = await texts().catch(() => null);
  if (!words) return void attached.delete(input);
  const list = el("div", { className: "sm-found-list" }), status = el("p", { className: "sm-found-status" }, { role: "status" });
  const box = el("div", { className: "sm-found-box", popover: "manual" }, {}, list, status);
  input.form.append(box);
  const options = new Options(input, list, status, { texts: words, url: url(), took: remember });
  const open = () => {
    if (!options.words) return close();
    const { left, bottom } = input.form.getBoundingClientRect();
    Object.assign(box.style, { left: `${left}px`, top: `${bottom + 4}px` });
    if (!box.matches(":popover-open")) box.showPopover();
  };
  const close = () => {
    if (box.matches(":popover-open")) box.hidePopover();
    options.mark(-1);
    input.setAttribute("aria-expanded", "false");
  };
  input.addEventListener("input", open);
  input.addEventListener("focus", open);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.matches(":popover-open")) return;
    event.preventDefault();
    close();
  });
  if (input.value) {
    options.typed();
    open();
  }
};

/* Dialogs. */

const dialog = (className, label, ...inside) => {
  const opener = document.activeElement, box = el("dialog", { className: `sm-palette ${className}` }, { "aria-label": label }, ...inside);
  document.body.append(box);
  box.addEventListener("close", () => {
    box.remove();
    returnFocus(opener);
  });
  box.addEventListener("click", ({ target }) => target === box && box.close());
  box.showModal();
  return box;
};

const isOpen = () => document.querySelector("dialog[open]") !== null;

export const openPalette = async () => {
  const words = await texts();
  if (isOpen()) return;
  const list = el("div", { className: "sm-found-list" }), status = el("p", { className: "sm-found-status" }, { role: "status" });
  const input = el("input", { type: "text", placeholder: words.commands, autocomplete: "off", maxLength: 200 }, { "aria-label": words.commands });
  const offered = commands(words); // before the dialog makes the page inert
  const box = dialog("", words.commands, el("label", {}, {}, picture("search"), input, keysOf("Esc")), list, status);
  const took = (item) => {
    remember(item);
    box.close();
  };
  new Options(input, list, status, { texts: words, url: url(), commands: offered, first: true, took }).show();
  input.focus();
};

export const openKeys = async () => {
  const words = await texts();
  if (isOpen()) return;
  const isMac = /Mac|iP/.test(navigator.platform);
  const events = eventButtons().filter((button) => button.hasAttribute("aria-keyshortcuts"));
  const groups = [
    [words.keys_page, [["/", words.key_search], [isMac ? "\u2318 K" : "Ctrl K", words.key_palette], ["?", words.key_keys]]],
    document.querySelector("#content .sm-table") && [words.keys_list, [["j \u2193", words.key_down], ["k \u2191", words.key_up], ["Enter", words.key_open],
      ...(document.querySelector("#content .sm-pick") ? [["x", words.key_select]] : []), ["e", words.key_edit]]],
    events.length && [words.keys_record, events.map((button) => [button.getAttribute("aria-keyshortcuts"), button.textContent.trim()])],
  ].filter(Boolean);
  const close = el("button", { type: "button", className: "uk-btn uk-btn-ghost uk-btn-icon uk-btn-sm", autofocus: true }, { "aria-label": words.close }, picture("close"));
  const parts = groups.map(([title, keys]) =>
    el("section", {}, {}, el("h3", { className: "sm-found-title", textContent: title }),
      el("dl", {}, {}, ...keys.map(([key, says]) => el("div", {}, {}, el("dt", {}, {}, ...key.split(" ").map(keysOf)), el("dd", { textContent: says }))))));
  const box = dialog("sm-keys", words.keys, el("div", { className: "sm-dialog-head" }, {}, el("h2", { textContent: words.keys }), close), ...parts);
  close.addEventListener("click", () => box.close());
};
